"""Who the core takes this chat for."""

from dataclasses import dataclass

from api.access.schemas import Me
from api.client.knock import Door, Knocker

ME = Door[Me]("GET", "/v1/access/me", Me)
UNLINK = Door[None]("POST", "/v1/access/unlink")


@dataclass(frozen=True)
class Access:
    """Who am I; unlink."""

    knock: Knocker

    async def me(self) -> Me:
        """Who the core takes this chat for, linked or not."""
        return await self.knock(ME)

    async def unlink(self) -> None:
        """End this chat's link and grants."""
        await self.knock(UNLINK)
