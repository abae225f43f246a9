"""What both centres have in common: what they took, how they answer, and receipts until they are taken.

The libraries speak SMPP; what a centre decides is said here, once for both.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

OK, NEVER_ANSWERED = 0, -1
ENQUIRE_LINK, UNBIND = "enquire_link", "unbind"
_AGAIN_SECONDS = 0.05
_WINDOW = 20


@dataclass(frozen=True)
class Taken:
    """One submit_sm. `header` is that before its text, as hexadecimals; `name` what it was called."""

    to: str
    line: str
    coding: int
    header: str
    text: str
    name: str
    wants_receipt: bool = True


@dataclass(frozen=True)
class Delivery:
    """What is to be brought to the other side."""

    sender: str
    line: str
    octets: bytes
    esm_class: int = 0
    coding: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Centre(ABC):
    """One centre. `statuses` are answers to the next messages; then all are taken and answered so.

    With NEVER_ANSWERED a message is taken, and nobody says so.

    `reports`: of each message taken it brings a receipt until somebody takes that; `stat` is its
    word, or that of a number.
    """

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    refused: list[Taken] = field(default_factory=list)
    statuses: deque[int] = field(default_factory=deque)
    bind_statuses: deque[int] = field(default_factory=deque)
    binds: list[dict[str, Any]] = field(default_factory=list)
    enquiries: int = 0
    reports: bool = False
    stats: dict[str, str] = field(default_factory=dict)
    receipts: int = 0
    """Receipts that were taken."""

    def __post_init__(self) -> None:
        self._pending: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self._bringing: list[asyncio.Task[None]] = []
        self._on_the_way = 0

    @abstractmethod
    async def start(self) -> None:
        """Listen on `port`."""

    @abstractmethod
    async def stop(self) -> None:
        """Let everybody go."""

    @abstractmethod
    async def bring(self, delivery: Delivery) -> int | None:
        """Bring something over the newest bind; gives the status it was answered with, None for none."""

    @abstractmethod
    def is_bound(self) -> bool:
        """Whether somebody is there to whom something can be brought."""

    def brings_receipts(self) -> None:
        """Begin to bring receipts, of all that is taken from now on."""
        self.reports = True
        self._bringing = [asyncio.create_task(self._bring_pending()) for _ in range(_WINDOW)]

    @property
    def waiting(self) -> int:
        """Receipts that nobody has taken yet."""
        return len(self._pending) + self._on_the_way

    def decide(self, message: Taken) -> int:
        """Say what becomes of a message: the status it is answered with."""
        status = self.statuses.popleft() if self.statuses else OK
        if status not in {OK, NEVER_ANSWERED}:
            self.refused.append(message)
            return status
        self.taken.append(message)
        if self.reports and message.wants_receipt:
            stat = self.stats.get(message.to, "DELIVRD")
            text = (
                f"id:{message.name} sub:001 dlvrd:001 submit date:2612021000 "
                f"done date:261202100017 stat:{stat} err:00A text:"
            )
            self._pending.append(Delivery(message.to, message.line, text.encode(), esm_class=0x04))
            self._news.set()
        return status

    async def _bring_pending(self) -> None:
        while True:
            if not self._pending or not self.is_bound():
                self._news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), _AGAIN_SECONDS)
                continue
            delivery = self._pending.popleft()
            self._on_the_way += 1
            status = await self.bring(delivery)
            self._on_the_way -= 1
            if status == OK:
                self.receipts += 1
            else:
                self._pending.append(delivery)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _end_bringing(self) -> None:
        for task in self._bringing:
            task.cancel()
        await asyncio.gather(*self._bringing, return_exceptions=True)
