"""The page: what was posted becomes neutral, and what is said is kept for the page to show."""

from typing import Protocol

from api.errors import Unavailable
from api.files.refusals import FileNotFound
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected
from bots.adapters.plain import PlainAdapter
from bots.store import Away
from bots.talk import File
from notifier.channels.mouths import Address, Capabilities

MESSENGER = "web"


class Ear(Protocol):
    """Where the page keeps what is said and sent."""

    async def hear(self, key: str, message: Message, reference: str) -> bool: ...

    async def brought(self, known_by: str) -> bytes | None: ...


class WebChannel:
    """A mouth that writes down; a reference is written down once, so that nothing is said twice."""

    can = Capabilities(
        length=100_000,
        buttons=True,
        contact=True,
        location=True,
        files=True,
        links=True,
        pins=True,
        papers=True,
        fetches=True,
        paced=False,
    )

    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        try:
            there = await self._ear.hear(to.chat_id, message, reference)
        except Away:
            return Rejected("memory_away", again=True)
        return Accepted() if there else Rejected("left", address_dead=True)

    async def ask(self, reference: str) -> Outcome | None:  # noqa: ARG002
        return None

    async def close(self) -> None:
        return None


class WebAdapter(PlainAdapter):
    """The page of one audience."""

    messenger = MESSENGER

    def __init__(self, audience: str, ear: Ear) -> None:
        super().__init__(audience, WebChannel(ear))
        self._ear = ear

    async def fetch(self, file: File) -> bytes:
        try:
            content = await self._ear.brought(file.reference)
        except Away:
            raise Unavailable("memory_away") from None
        if content is None:
            raise FileNotFound
        return content
