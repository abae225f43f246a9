"""What a person has to pay."""

from dataclasses import dataclass
from uuid import UUID

from api.bills.schemas import BillDetails, BillPage
from api.client.knock import Door, Knocker

MINE = Door[BillPage]("GET", "/v1/bills", BillPage)
SHOW = Door[BillDetails]("GET", "/v1/bills/{bill}", BillDetails)


@dataclass(frozen=True)
class Bills:
    """The bills of the person one acts for."""

    knock: Knocker

    async def mine(self) -> BillPage:
        """All open bills, oldest first."""
        return await self.knock(MINE)

    async def show(self, *, bill: UUID) -> BillDetails:
        """One bill, line by line."""
        return await self.knock(SHOW, bill=bill)
