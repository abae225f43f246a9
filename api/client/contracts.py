"""Contracts of those who pay for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.client.knock import Door, Knocker
from api.contracts.schemas import ContractIn, ContractPage, ContractsTaken

MINE = Door[ContractPage]("GET", "/v1/contracts", ContractPage)
REMIND = Door[None]("POST", "/v1/contracts/{contract}/reminder")
REGISTER = Door[ContractsTaken]("PUT", "/v1/contracts", ContractsTaken)


@dataclass(frozen=True)
class Contracts:
    """The contracts of the person one speaks for; and, for a machine, all of them."""

    knock: Knocker

    async def mine(self) -> ContractPage:
        """All contracts of the person, those in force first."""
        return await self.knock(MINE)

    async def remind(self, *, contract: UUID, day: int | None) -> None:
        """Be reminded of what is unpaid on this day of every month (1 to 29); None for no day."""
        await self.knock(REMIND, contract=contract, day=day)

    async def register(self, *, rows: Sequence[ContractIn]) -> ContractsTaken:
        """Put in at most a thousand contracts; for a machine with the scope `contracts`."""
        return await self.knock(REGISTER, rows=rows)
