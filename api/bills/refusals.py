"""What bills say no to."""

from api.errors import NotFound


class BillNotFound(NotFound):
    """There is no such bill, or it is another's: one answer for both."""

    code = "bill_not_found"
