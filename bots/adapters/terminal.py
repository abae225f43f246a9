"""The terminal: JSON in, JSON or plain text out. For `make chat` and for tests."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.access.rules import FILE_BYTES
from api.files.refusals import FileNotFound
from api.kit.message import Message, Wants
from api.kit.outcome import Accepted, Outcome
from bots.adapters.plain import PlainAdapter
from bots.talk import File
from notifier.channels.mouths import Address, Capabilities


def shown(message: Message) -> dict[str, Any]:
    """A message as JSON: its text, its buttons as [label, data], its links, its papers, what it wants."""
    buttons = [button for row in message.buttons for button in row]
    return {
        "text": message.text,
        "buttons": [[button.label, button.data] for button in buttons if not button.url],
        "links": [[button.label, button.url] for button in buttons if button.url],
        "papers": [[paper.name, len(paper.content)] for paper in message.papers],
        # A file has no button of its own: it is sent where everything is.
        "wants": message.wants_label if message.wants in {Wants.CONTACT, Wants.LOCATION} else "",
    }


class TerminalChannel:
    """A mouth that hands each message to a function, and is always heard."""

    can = Capabilities(
        length=100_000,
        buttons=True,
        contact=True,
        location=True,
        files=True,
        links=True,
        pins=True,
        papers=True,
        largest=2**30,
    )

    def __init__(self, hear: Callable[[str, Message], None]) -> None:
        self._hear = hear

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:  # noqa: ARG002
        self._hear(to.chat_id, message)
        return Accepted()

    async def ask(self, reference: str) -> Outcome | None:  # noqa: ARG002
        return None

    async def close(self) -> None:
        return None


class TerminalAdapter(PlainAdapter):
    """One bot on a terminal."""

    messenger = "terminal"

    def __init__(self, audience: str, hear: Callable[[str, Message], None]) -> None:
        super().__init__(audience, TerminalChannel(hear))

    async def fetch(self, file: File) -> bytes:
        """A file is known by its path."""
        try:
            return await asyncio.to_thread(_read, file.reference)
        except OSError:
            raise FileNotFound from None


def _read(path: str) -> bytes:
    with Path(path).expanduser().open("rb") as file:
        # One byte more tells that it is too long.
        return file.read(FILE_BYTES + 1)
