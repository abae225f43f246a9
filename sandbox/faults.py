"""Faults on request: how the outside world misbehaves, for the next calls or until it is told to stop."""

import asyncio
import math
import time
from collections import deque
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web


class Service(StrEnum):
    TELEGRAM = "telegram"
    SMS = "sms"
    MAIL = "mail"
    BANK = "bank"


class Kind(StrEnum):
    SLOW = "slow"  # waits `ms` first
    ERROR = "error"  # answers `status` and does nothing
    FLOOD = "flood"  # answers 429 with `retry_after` and does nothing
    DROP_BEFORE = "drop_before"  # cuts the line and does nothing
    DROP_AFTER = "drop_after"  # accepts, then cuts the line: the caller cannot know
    DOUBLE = "double"  # hands updates (telegram) or delivery reports (sms) over twice
    LIMIT = "limit"  # telegram: a real flood limit, `per_chat` and `per_bot` calls a second


# Long polling asks all the time and would eat every counted fault; a mail has a door per recipient.
MUST_BE_NAMED = frozenset({"getUpdates", "rcpt"})
AT_THE_DOOR = (Kind.SLOW, Kind.ERROR, Kind.FLOOD, Kind.DROP_BEFORE, Kind.DROP_AFTER)


class UnknownFault(ValueError):
    """What was asked for is no fault of ours; the text says what is."""


@dataclass
class Fault:
    """One misbehaviour. `call` and `address` narrow it; `times` counts down, None stays until removed."""

    id: int
    service: Service
    kind: Kind
    call: str | None = None
    address: str | None = None
    times: int | None = None
    ms: int = 1000
    status: int = 502
    retry_after: int = 5
    per_chat: int = 1
    per_bot: int = 30

    def meets(self, call: str, address: str) -> bool:
        if self.call is None and call in MUST_BE_NAMED:
            return False
        return self.call in (None, call) and self.address in (None, address)


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._all: list[Fault] = []
        self._next = 1
        self._limits: dict[str, _Window] = {}

    def add(self, **asked: Any) -> Fault:
        """Put a fault in force. Raises UnknownFault when its words are not ours."""
        known = set(Fault.__dataclass_fields__) - {"id"}
        if stray := sorted(set(asked) - known):
            raise UnknownFault(
                f"unknown: {', '.join(stray)}; a fault knows {', '.join(sorted(known))}"
            )
        try:
            service, kind = Service(asked.pop("service", "")), Kind(asked.pop("kind", ""))
        except ValueError as error:
            raise UnknownFault(
                f"{error}; services: {', '.join(Service)}; kinds: {', '.join(Kind)}"
            ) from None
        for name, value in asked.items():
            wants = str if name in ("call", "address") else int
            if value is not None and type(value) is not wants:
                raise UnknownFault(f"{name} must be {wants.__name__}")
        fault = Fault(id=self._next, service=service, kind=kind, **asked)
        if fault.times is not None and fault.times < 1:
            raise UnknownFault("times must be at least 1, or left out: until switched off")
        self._next += 1
        self._all.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        left = [fault for fault in self._all if fault.id != fault_id]
        found, self._all = len(left) < len(self._all), left
        return found

    def clear(self) -> None:
        self._all.clear()
        self._limits.clear()

    def shown(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._all]

    def take(
        self, service: Service, *kinds: Kind, call: str = "", address: str = ""
    ) -> list[Fault]:
        """Answer the faults that meet this call and count them down."""
        met = []
        for fault in list(self._all):
            if fault.service is service and fault.kind in kinds and fault.meets(call, address):
                met.append(fault)
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._all.remove(fault)
        return met

    def seconds_to_wait(self, bot: str, chat: str) -> int:
        """Answer how long this bot must wait before it may write to this chat; 0 is now.

        Only while a `limit` fault is in force; a call that is told to wait does not count.
        """
        limits = self.take(Service.TELEGRAM, Kind.LIMIT)
        if not limits:
            return 0
        now = time.monotonic()
        windows = [
            (self._limits.setdefault(bot, _Window()), limits[-1].per_bot),
            (self._limits.setdefault(f"{bot}:{chat}", _Window()), limits[-1].per_chat),
        ]
        wait = max(window.wait(now, rate) for window, rate in windows)
        if wait > 0:
            return math.ceil(wait)
        for window, _ in windows:
            window.calls.append(now)
        return 0


class _Window:
    """The calls of the last second."""

    def __init__(self) -> None:
        self.calls: deque[float] = deque()

    def wait(self, now: float, rate: int) -> float:
        while self.calls and self.calls[0] <= now - 1:
            self.calls.popleft()
        return self.calls[0] + 1 - now if len(self.calls) >= rate else 0.0


def hang_up(request: web.Request) -> web.Response:
    """Cut the line of a request. What is answered goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def slowness(faults: list[Fault]) -> None:
    """Wait as long as the slow ones among them say."""
    for fault in faults:
        if fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.ms / 1000)


def first(faults: list[Fault], kind: Kind) -> Fault | None:
    return next((fault for fault in faults if fault.kind is kind), None)
