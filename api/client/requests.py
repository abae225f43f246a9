"""What one asked for, how far it came, and how satisfied one is with it."""

from dataclasses import dataclass

from api.client.knock import Door, Knocker
from api.requests.rules import Satisfaction
from api.requests.schemas import RequestDetails, RequestPage

MINE = Door[RequestPage]("GET", "/v1/requests", RequestPage)
SHOW = Door[RequestDetails]("GET", "/v1/requests/{number}", RequestDetails)
SATISFIED = Door[None]("POST", "/v1/requests/{number}/satisfaction")


@dataclass(frozen=True)
class Requests:
    """The requests of a person."""

    knock: Knocker

    async def mine(self) -> RequestPage:
        """All that the person asked for, newest first."""
        return await self.knock(MINE)

    async def show(self, *, number: str) -> RequestDetails:
        """One request and its way so far."""
        return await self.knock(SHOW, number=number)

    async def satisfied(self, *, number: str, satisfaction: Satisfaction) -> None:
        """Say how satisfied one is with what was delivered; the last answer counts."""
        await self.knock(SATISFIED, number=number, satisfaction=satisfaction)
