"""What one asked for, and how far it came."""

from dataclasses import dataclass

from api.client.knock import Door, Knocker
from api.requests.schemas import RequestDetails, RequestPage

MINE = Door[RequestPage]("GET", "/v1/requests", RequestPage)
SHOW = Door[RequestDetails]("GET", "/v1/requests/{number}", RequestDetails)


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
