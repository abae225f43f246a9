"""What debts say no to."""

from api.errors import Conflict, NotFound


class DebtNotFound(NotFound):
    """There is no such debt, or it is another workshop's: one answer for both."""

    code = "debt_not_found"


class DebtsOvertaken(Conflict):
    """Somebody else sent the same debts at the same moment; send them again."""

    code = "debts_overtaken"
