"""The adapters: what each channel sends becomes a neutral `Sent`; they alone know a channel."""

from typing import Any, Protocol

from bots.talk import File, Sent
from notifier.channels.mouths import Channel

Raw = dict[str, Any]


class NotNow(Exception):
    """The messenger did not give its updates; `wait_seconds` is when it is worth asking again."""

    def __init__(self, reason: str, wait_seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_seconds = wait_seconds


class Adapter(Protocol):
    """One bot on one messenger. Holds no state of any chat."""

    messenger: str
    audience: str

    @property
    def name(self) -> str:
        """`telegram:employers`: what its inbox and its rate are kept under."""
        ...

    @property
    def channel(self) -> Channel:
        """The mouth by which replies leave."""
        ...

    def update_id(self, raw: Raw) -> int | None:
        """The update's own number, None where it has none and cannot be an update."""
        ...

    def chat_of(self, raw: Raw) -> str | None:
        """The chat it belongs to, looked up without parsing; None where it concerns no chat."""
        ...

    def read(self, raw: Raw) -> Sent | None:
        """What was sent; None where there is nothing to answer. Never raises."""
        ...

    async def acknowledge(self, sent: Sent) -> None:
        """Tell the messenger that a tap has come; best effort, never raises."""
        ...

    async def fetch(self, file: File) -> bytes:
        """The bytes of a file that was sent; raises FileNotFound, BodyTooLarge, Unavailable."""
        ...

    async def updates(self, offset: int | None, wait_seconds: float) -> list[Raw]:
        """Ask for what came since `offset`; raises NotNow."""
        ...

    async def close(self) -> None:
        """Let the kept connections go."""
        ...
