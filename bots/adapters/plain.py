"""An update of our own making, as JSON: what the terminal and the page send.

It is `{"update_id": 1, "chat": "me", …}` with one of `text`, `tap`, `start`, `contact`
(`{"phone", "own"}`), `location` (`{"latitude", "longitude"}`), `file` (`{"name"}`, perhaps with
`reference`, `size` and `type`); `group` and `left` are flags.
"""

from typing import Any

from bots.adapters import Raw
from bots.fetching import nowhere
from bots.talk import Contact, File, Place, Sent
from notifier.channels.mouths import Channel


class PlainAdapter:
    """One bot of a channel of ours. Nobody is asked for updates: they are brought."""

    messenger = ""

    def __init__(self, audience: str, channel: Channel) -> None:
        self.audience = audience
        self.channel: Channel = channel

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

    async def fetch(self, file: File) -> bytes:
        return await nowhere(file)

    async def updates(self, offset: int | None, wait_seconds: float) -> list[Raw]:  # noqa: ARG002
        return []

    async def close(self) -> None:
        return None


def _file(raw: dict[str, Any]) -> File:
    name = str(raw["name"])
    return File(
        str(raw.get("reference", name)), name, int(raw.get("size", 0)), str(raw.get("type", ""))
    )
