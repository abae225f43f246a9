"""One channel's round: who speaks for it, how many letters go at once, what came of them."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import structlog

from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome
from api.notices.service import Letter, Pause, Told
from notifier.channels.breaker import Breaker, State
from notifier.channels.mouths import Channel

log = structlog.get_logger("notifier.rounds")

SMALLEST_CLAIM = 4
"""A round takes on so many at least, however slow the machine or the provider."""

# A letter that is ready finds a place within so long; what it says is true for a second.
_AHEAD_SECONDS = 0.1
# A call's time counts so much beside those before it.
_SHARE_OF_LAST = 1 / 16


@dataclass(frozen=True, slots=True)
class Mouth:
    """Who speaks for a sender, how often a second, and whether it may now."""

    channel: Channel
    per_second: float
    breaker: Breaker = field(default_factory=Breaker)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter and its words; None where it cannot be worded. `at` is the loop's own clock."""

    letter: Letter
    message: Message | None
    at: float


@dataclass(slots=True)
class Round:
    """One channel's round: whom it speaks for, how many letters at once, what came of them.

    `mouths` are in order: of a channel with several the first speaks while its other side does not
    fail.

    `is_idle` while nothing of it is due and it waits to be woken. `spoiled` outcomes are recorded
    one by one: together they could not be. `alarms` are the reasons already told since the last
    claim for which a provider refuses our account. `pace` is how many letters at once leave within
    their second here and now: where the machine or the provider is slow, fewer than `places`.
    `gate` lets as many call at once as there are `places`; `call_seconds` is what a call takes of
    late, None before the first.
    """

    name: str
    mouths: Mapping[str, Mouth]
    places: int
    on_the_way: set[asyncio.Task[None]] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False
    is_idle: bool = False
    spoiled: int = 0
    alarms: set[str] = field(default_factory=set)
    pace: int = field(init=False)
    slowed_at: float = 0.0
    gate: asyncio.Semaphore = field(init=False)
    call_seconds: float | None = None

    def __post_init__(self) -> None:
        self.pace = self.places
        self.gate = asyncio.Semaphore(self.places)

    @property
    def asks(self) -> Collection[str]:
        """The senders that can be asked about what they took."""
        return {name for name, mouth in self.mouths.items() if mouth.channel.can.asks}

    @property
    def pauses(self) -> Mapping[str, Pause]:
        """The senders that may not speak freely now."""
        return {
            name: Pause(mouth.breaker.seconds, mouth.breaker.is_outage)
            for name, mouth in self.mouths.items()
            if mouth.breaker.state is not State.CLOSED
        }

    def hear(self, waits: Mapping[str, float]) -> None:
        """Heed what somebody else was told."""
        for name, seconds in waits.items():
            self.mouths[name].breaker.hear(seconds)

    def learn(self, sender: str, entered: int, outcome: Outcome) -> None:
        """Let a call decide whether its sender may go on; an outage is told once, and its end."""
        breaker = self.mouths[sender].breaker
        was_outage = breaker.is_outage
        breaker.leave(entered, outcome)
        if breaker.is_outage and not was_outage:
            reason = "" if isinstance(outcome, Accepted) else outcome.reason
            log.error("channel.outage", channel=self.name, sender=sender, reason=reason)
        elif was_outage and not breaker.is_outage:
            log.warning("channel.recovered", channel=self.name, sender=sender)

    @property
    def room(self) -> int:
        """Letters that may be claimed: those on their way and those not recorded take a place."""
        return self.pace + self.ahead - len(self.on_the_way) - len(self.told)

    @property
    def ahead(self) -> int:
        """Letters that may be ready while all places are taken: as many as soon find one.

        So no place waits for the store; behind a provider that answers slowly there are none.
        """
        if self.call_seconds is None:
            return 0
        soon = int(self.pace * _AHEAD_SECONDS / max(self.call_seconds, 0.001))
        return min(self.pace, soon)

    def called(self, seconds: float) -> None:
        """Learn how long a call takes."""
        if self.call_seconds is None:
            self.call_seconds = seconds
        else:
            self.call_seconds += (seconds - self.call_seconds) * _SHARE_OF_LAST

    def slower(self, at: float) -> None:
        """Let half as many go at once: one of the attempts of that moment could not leave in time."""
        if at > self.slowed_at:
            self.slowed_at = at
            self.pace = min(self.places, max(SMALLEST_CLAIM, self.pace // 2))

    def quicker(self) -> None:
        """Let a few more go at once: all that were recorded now had left in time."""
        self.pace = min(self.places, self.pace + 1 + self.pace // 8)
