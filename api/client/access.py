"""Who the core takes this chat for."""

from dataclasses import dataclass

from api.access.schemas import Me, SigninOut
from api.client.knock import Door, Knocker

ME = Door[Me]("GET", "/v1/access/me", Me)
UNLINK = Door[None]("POST", "/v1/access/unlink")
SIGNIN = Door[SigninOut]("POST", "/v1/access/signin", SigninOut)


@dataclass(frozen=True)
class Access:
    """Who am I; unlink; sign in to the pages."""

    knock: Knocker

    async def me(self) -> Me:
        """Who the core takes this chat for, linked or not."""
        return await self.knock(ME)

    async def unlink(self) -> None:
        """End this chat's link and grants."""
        await self.knock(UNLINK)

    async def signin(self) -> SigninOut:
        """An address that signs this chat's person in to the pages, once and for a quarter of an hour."""
        return await self.knock(SIGNIN)
