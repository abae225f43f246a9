"""Who the core takes this chat for, and for whom else it may act."""

from dataclasses import dataclass
from uuid import UUID

from api.access.schemas import Me, SigninOut, Trusted
from api.client.knock import Door, Knocker

ME = Door[Me]("GET", "/v1/access/me", Me)
UNLINK = Door[None]("POST", "/v1/access/unlink")
EVERYWHERE = Door[None]("POST", "/v1/access/unlink-everywhere")
TRUSTED = Door[Trusted]("GET", "/v1/access/trusted", Trusted)
END_PERSON = Door[None]("POST", "/v1/access/persons/{grant}/end")
END_PERSONS = Door[None]("POST", "/v1/access/persons/end")
SIGNIN = Door[SigninOut]("POST", "/v1/access/signin", SigninOut)


@dataclass(frozen=True)
class Access:
    """Who am I; unlink; who may act for me; sign in to the pages."""

    knock: Knocker

    async def me(self) -> Me:
        """Who the core takes this chat for, linked or not."""
        return await self.knock(ME)

    async def unlink(self) -> None:
        """End this chat's link and grants."""
        await self.knock(UNLINK)

    async def unlink_everywhere(self) -> None:
        """End every link of this chat's person, and what chats of others may do for them."""
        await self.knock(EVERYWHERE)

    async def trusted(self) -> Trusted:
        """The chats of others that may act for this chat's person."""
        return await self.knock(TRUSTED)

    async def end_person(self, *, grant: UUID) -> None:
        """End a right to act for another person, this chat's or one its person gave."""
        await self.knock(END_PERSON, grant=grant)

    async def end_persons(self) -> None:
        """Let no chat of another act for whoever this chat is, linked or known by its number."""
        await self.knock(END_PERSONS)

    async def signin(self) -> SigninOut:
        """An address that signs this chat's person in to the pages, once and for a quarter of an hour."""
        return await self.knock(SIGNIN)
