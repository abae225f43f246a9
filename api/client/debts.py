"""What a workplace owes."""

from dataclasses import dataclass
from uuid import UUID

from api.client.knock import Door, Knocker
from api.debts.schemas import DebtDetails, DebtPage

MINE = Door[DebtPage]("GET", "/v1/debts", DebtPage)
SHOW = Door[DebtDetails]("GET", "/v1/debts/{debt}", DebtDetails)


@dataclass(frozen=True)
class Debts:
    """The debts of the workplace one acts for."""

    knock: Knocker

    async def mine(self) -> DebtPage:
        """All open debts of the workplace, as of today."""
        return await self.knock(MINE)

    async def show(self, *, debt: UUID) -> DebtDetails:
        """One debt, line by line."""
        return await self.knock(SHOW, debt=debt)
