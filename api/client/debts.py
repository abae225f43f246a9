"""What a workplace owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.client.knock import Door, Knocker
from api.debts.schemas import DebtDetails, DebtIn, DebtPage, DebtsTaken

MINE = Door[DebtPage]("GET", "/v1/debts", DebtPage)
SHOW = Door[DebtDetails]("GET", "/v1/debts/{debt}", DebtDetails)
REGISTER = Door[DebtsTaken]("PUT", "/v1/debts", DebtsTaken)
CLOSE = Door[None]("POST", "/v1/debts/{number}/close")


@dataclass(frozen=True)
class Debts:
    """The debts of the workplace one acts for; and, for a machine, all of them."""

    knock: Knocker

    async def mine(self) -> DebtPage:
        """All open debts of the workplace, as of today."""
        return await self.knock(MINE)

    async def show(self, *, debt: UUID) -> DebtDetails:
        """One debt, line by line."""
        return await self.knock(SHOW, debt=debt)

    async def register(self, *, rows: Sequence[DebtIn]) -> DebtsTaken:
        """Put in at most a thousand debts; for a machine with the scope `debts`."""
        return await self.knock(REGISTER, rows=rows)

    async def close(self, *, number: str) -> None:
        """Say that nothing is owed any more; for a machine with the scope `debts`."""
        await self.knock(CLOSE, number=number)
