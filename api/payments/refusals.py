"""What payments say no to."""

from api.errors import Conflict, NotFound


class NothingToPay(Conflict):
    """Paid already."""

    code = "already_paid"


class BillBeingChecked(Conflict):
    """Money for it is on its way and being confirmed: it is not to be paid again."""

    code = "bill_being_checked"


class BillClosed(Conflict):
    """It is not to be paid any more."""

    code = "bill_closed"


class PayingUnavailable(Conflict):
    """No payment gateway is set up here; bill id and payment id can be used at a bank."""

    code = "paying_unavailable"


class PaymentNotFound(NotFound):
    """There is no such payment, or it is another's: one answer for both."""

    code = "payment_not_found"


class CreditNotFound(NotFound):
    """There is no such credit, or it is another's: one answer for both."""

    code = "credit_not_found"


class CreditRefunded(Conflict):
    """It was given back already."""

    code = "credit_refunded"


class RefundNotAsked(Conflict):
    """Nobody asked for this credit back."""

    code = "refund_not_asked"


class PaymentAnswered(Conflict):
    """The gateway has said what became of it, or is still within its time: it is not ended by hand."""

    code = "payment_answered"


class ReferenceTaken(Conflict):
    """Another payment has this number."""

    code = "reference_taken"
