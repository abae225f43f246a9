"""How long anything may wait in the bots' memory: an alarm in the log, and a figure."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Gauge
from sqlalchemy import Column, ColumnElement, Connection, func, select

from bots.store import Store
from bots.tables import holds, inbox, replies

_PAST = Gauge("bots_past_age", "Rows of the memory older than their state may be.", ["state"])
_logger = structlog.get_logger("bots.ages")


@dataclass(frozen=True, slots=True)
class Age:
    """A state and its greatest age in seconds; `swept_by` ends it by itself, `do` is for a person."""

    state: str
    where: ColumnElement[bool]
    since: Column[float]
    most: float
    swept_by: str
    do: str


AGES: Sequence[Age] = (
    Age(
        "inbox.waiting",
        inbox.c.done_at.is_(None),
        inbox.c.received_at,
        600.0,
        "bots: a turn, under a lease that another takes over",
        "are enough bots running? `turn.broken`, `chat.broken` in their log",
    ),
    Age(
        "reply.waiting",
        replies.c.done_at.is_(None),
        replies.c.created_at,
        7_200.0,
        "bots: after an hour it is not said any more",
        "is a bot process running for every bot?",
    ),
    Age(
        "memory.held",
        holds.c.released_at.is_(None),
        holds.c.held_at,
        0.0,
        "nothing: a person releases it",
        "`python -m bots release`",
    ),
)


def past(connection: Connection, now: float) -> Mapping[str, int]:
    """Count what is older than its state may be, by state."""
    counts = {}
    for age in AGES:
        late = select(func.count()).where(age.where, age.since < now - age.most)
        if count := connection.scalar(late):
            counts[age.state] = count
    return counts


async def look(store: Store) -> None:
    """Set the figures, and say in the log what is past its age."""
    counts = await store.read(lambda connection: past(connection, time.time()))
    for age in AGES:
        _PAST.labels(age.state).set(counts.get(age.state, 0))
    for state, count in counts.items():
        _logger.error("state.past_its_age", state=state, count=count)
