"""What contracts say no to."""

from api.errors import Conflict, NotFound


class ContractNotFound(NotFound):
    """There is no such contract, or it is another person's: one answer for both."""

    code = "contract_not_found"


class ContractClosed(Conflict):
    """The contract has lapsed or ended: there is nothing to remind of."""

    code = "contract_closed"


class ContractsOvertaken(Conflict):
    """Somebody else sent the same contracts at the same moment; send them again."""

    code = "contracts_overtaken"
