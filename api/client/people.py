"""One's own family, as it is registered."""

from dataclasses import dataclass

from api.client.knock import Door, Knocker
from api.people.schemas import Family

FAMILY = Door[Family]("GET", "/v1/people/family", Family)


@dataclass(frozen=True)
class People:
    """Who depends on me."""

    knock: Knocker

    async def family(self) -> Family:
        """My registered dependants."""
        return await self.knock(FAMILY)
