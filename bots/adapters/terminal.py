"""The terminal: JSON in, JSON or plain text out. For `make chat` and for tests."""

from collections.abc import Callable
from typing import Any

from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome
from bots.adapters.plain import PlainAdapter
from notifier.channels.mouths import Address, Capabilities


def shown(message: Message) -> dict[str, Any]:
    """A message as JSON: its text, its buttons as [label, data], its links, its papers, what it wants."""
    buttons = [button for row in message.buttons for button in row]
    return {
        "text": message.text,
        "buttons": [[button.label, button.data] for button in buttons if not button.url],
        "links": [[button.label, button.url] for button in buttons if button.url],
        "papers": [[paper.name, len(paper.content)] for paper in message.papers],
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
