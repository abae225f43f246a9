"""The terminal: JSON in, JSON or plain text out. For `make chat` and for tests.

An update is `{"update_id": 1, "chat": "me", …}` with one of `text`, `tap`, `start`, `contact`
(`{"phone", "own"}`), `location` (`{"latitude", "longitude"}`), `file` (`{"name"}`); `group` and
`left` are flags.
"""

from collections.abc import Callable
from typing import Any

from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome
from bots.adapters import Raw
from bots.talk import Contact, File, Place, Sent
from notifier.channels.mouths import Address, Capabilities


def shown(message: Message) -> dict[str, Any]:
    """A message as JSON: its text, its buttons as [label, data], its links, what it wants."""
    buttons = [button for row in message.buttons for button in row]
    return {
        "text": message.text,
        "buttons": [[button.label, button.data] for button in buttons if not button.url],
        "links": [[button.label, button.url] for button in buttons if button.url],
        "wants": message.wants_label if message.wants else "",
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


class TerminalAdapter:
    """One bot on a terminal."""

    messenger = "terminal"

    def __init__(self, audience: str, hear: Callable[[str, Message], None]) -> None:
        self.audience = audience
        self.channel = TerminalChannel(hear)

    @property
    def name(self) -> str:
        return f"{self.messenger}:{self.audience}"

    def update_id(self, raw: Raw) -> int | None:
        number = raw.get("update_id")
        return number if isinstance(number, int) else None

    def chat_of(self, raw: Raw) -> str | None:
        chat = raw.get("chat")
        return chat if isinstance(chat, str) and chat else None

    def read(self, raw: Raw) -> Sent | None:
        try:
            return Sent(
                text=str(raw.get("text", "")),
                tap=str(raw.get("tap", "")),
                start=raw.get("start"),
                contact=Contact(**raw["contact"]) if "contact" in raw else None,
                place=Place(**raw["location"]) if "location" in raw else None,
                file=_file(raw["file"]) if "file" in raw else None,
                private=not raw.get("group", False),
                left=bool(raw.get("left", False)),
            )
        except (TypeError, AttributeError, KeyError):
            return Sent()

    async def acknowledge(self, sent: Sent) -> None:  # noqa: ARG002
        return None

    async def updates(self, offset: int | None, wait_seconds: float) -> list[Raw]:  # noqa: ARG002
        return []

    async def close(self) -> None:
        return None


def _file(raw: dict[str, Any]) -> File:
    name = str(raw["name"])
    return File(
        str(raw.get("reference", name)), name, int(raw.get("size", 0)), str(raw.get("type", ""))
    )
