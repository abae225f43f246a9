"""The rules of a notice's journey: states, ranks, delays and hours; pure, no clock.

    notice      waiting → sent → delivered, or uncertain, failed, cancelled
    delivery    created → sending → sent → delivered
                          sending → temporary-failure → sending …
                          sending → permanent-failure | technical-failure | uncertain
                created, temporary-failure, uncertain → cancelled
                created, sending, temporary-failure → uncertain (a released store, in doubt)
    attempt     open → accepted | rejected | unknown

Sources: guarantees.md G6 and G7; design.md, "Notices" (5), (7), (8).
"""

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from api.kit.calendar import FRIDAY, TEHRAN
from api.kit.outcome import State


class NoticeStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Status(StrEnum):
    """A delivery's; technical-failure means that we gave up and the organisation must act."""

    CREATED = "created"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    TEMPORARY_FAILURE = "temporary-failure"
    PERMANENT_FAILURE = "permanent-failure"
    TECHNICAL_FAILURE = "technical-failure"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hours:
    """The part of the day, in Tehran, in which a class may speak; rest days hold it altogether."""

    begin: time
    end: time


# Reports outrank what we only suppose; among them the higher one holds, in whatever order they come.
_RANK = {
    Status.SENT: 1,
    Status.TEMPORARY_FAILURE: 2,
    Status.PERMANENT_FAILURE: 3,
    Status.DELIVERED: 4,
}

_LONGEST_DELAY = timedelta(hours=1)
_ASK_SOONEST, _ASK_LATEST = timedelta(seconds=5), timedelta(minutes=10)


def reported(status: Status, states: Iterable[State]) -> Status:
    """Tell a delivery's status once these reports are known.

    The highest rank holds: delivered > permanent-failure > temporary-failure > sent. Any report
    replaces `uncertain` and `technical-failure`; none replaces `cancelled`.
    """
    if status is Status.CANCELLED:
        return status
    return max((status, *map(Status, states)), key=_rank)


def of_parts(parts: Iterable[Collection[State]]) -> State | None:
    """Tell the state of a text that left in parts, from what was reported of each of them.

    It is delivered when every part is, and it fails with its worst part. None until that is known.
    """
    highest = [max(states, key=_rank, default=State.SENT) for states in parts]
    failing = {one for one in highest if one not in {State.SENT, State.DELIVERED}}
    if failing:
        return max(failing, key=_rank)
    return State.DELIVERED if highest and State.SENT not in highest else None


def told_of(deliveries: Iterable[tuple[Status, bool]]) -> NoticeStatus:
    """Tell a notice's status from its deliveries: each one's status, and whether it goes on.

    An uncertain one that does not go on has been followed by another channel.
    """
    known = list(deliveries)
    statuses = {status for status, _ in known}
    going_on = {status for status, goes_on in known if goes_on}
    if Status.DELIVERED in statuses:
        return NoticeStatus.DELIVERED
    if Status.SENT in statuses:
        return NoticeStatus.SENT
    if going_on & {Status.CREATED, Status.SENDING, Status.TEMPORARY_FAILURE}:
        return NoticeStatus.WAITING
    if Status.UNCERTAIN in going_on:
        return NoticeStatus.UNCERTAIN
    if Status.CANCELLED in statuses:
        return NoticeStatus.CANCELLED
    return NoticeStatus.FAILED


def retry_delay(first: timedelta, tries: int, seed: int) -> timedelta:
    """Tell how long to wait after this many failed tries: threefold each time, an hour at most.

    Jitter of a half either way, from the seed, keeps a thousand that failed together from coming
    back together.
    """
    grown: timedelta = min(first * 3 ** min(max(tries - 1, 0), 12), _LONGEST_DELAY)
    return grown * random.Random(f"{seed}:{tries}").uniform(0.5, 1.5)


def ask_delay(uncertain_for: timedelta) -> timedelta:
    """Tell how long to wait before asking again about what is unknown: the wait doubles."""
    return min(max(uncertain_for, _ASK_SOONEST), _ASK_LATEST)


def _rank(state: str) -> int:
    return _RANK.get(Status(state), 0)


def shares(places: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Divide places among the lanes that wait, by weight, in their order; each gets one if it can."""
    total = sum(weights.values())
    given: dict[int, int] = {}
    left = places
    for lane in sorted(weights):
        given[lane] = min(left, max(1, places * weights[lane] // total))
        left -= given[lane]
    return given


def may_speak_from(
    now: datetime, hours: Hours | None, is_holiday: Callable[[date], bool]
) -> datetime:
    """Tell the first instant from `now` on at which a class with these hours may speak.

    Outside its hours, on Fridays and on holidays it is held, never skipped.
    """
    if hours is None:
        return now
    there = now.astimezone(TEHRAN)
    day, clock = there.date(), there.time()
    if clock >= hours.end:
        day, clock = day + timedelta(days=1), time.min
    while day.weekday() == FRIDAY or is_holiday(day):
        day, clock = day + timedelta(days=1), time.min
    if clock < hours.begin:
        return datetime.combine(day, hours.begin, tzinfo=TEHRAN)
    return now
