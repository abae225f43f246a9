"""What was told to a person, and whether it was us."""

from dataclasses import dataclass
from uuid import UUID

from api.client.knock import Door, Knocker
from api.notices.schemas import Genuine, NoticeOut, NoticePage, WaitOut

MINE = Door[NoticePage]("GET", "/v1/notices", NoticePage)
OPENED = Door[NoticeOut]("GET", "/v1/notices/opened/{code}", NoticeOut)
CHECK = Door[Genuine]("POST", "/v1/notices/check", Genuine)
WAITS = Door[WaitOut]("POST", "/v1/notices/waits", WaitOut)


@dataclass(frozen=True)
class Notices:
    """The inbox, a notice, the check code, and the waits of messengers."""

    knock: Knocker

    async def mine(self, *, after: UUID | None = None) -> NoticePage:
        """One's notices, newest first."""
        return await self.knock(MINE, after=after)

    async def opened(self, *, code: str) -> NoticeOut:
        """The notice of a check code, for the person it went to."""
        return await self.knock(OPENED, code=code)

    async def check(self, *, code: str) -> Genuine:
        """Whether we sent the notice that carries this code."""
        return await self.knock(CHECK, code=code)

    async def waits(self, *, messenger: str, audience: str, seconds: float) -> WaitOut:
        """Tell that a messenger asked a bot to be silent for so long."""
        return await self.knock(WAITS, messenger=messenger, audience=audience, seconds=seconds)
