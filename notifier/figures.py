"""Figures that are looked up when somebody reads the page of them.

Of the store: how much is older than its state may be. Of each sender: whether it may speak.
"""

import time
from collections.abc import Mapping
from functools import partial

from prometheus_client import Gauge

from api import ages
from api.db import Store
from notifier.channels.breaker import Breaker, State
from notifier.crossing import AWAY, cross, now_of

_PAST = Gauge("states_past_age", "Rows older than their state may be, by state.", ["state"])
_BREAKERS = Gauge(
    "notifier_breaker", "1 for the state a sender's breaker is in.", ["sender", "state"]
)
_EVERY_SECONDS = 20.0
"""The store is not asked again for whoever reads the page sooner."""


class Figures:
    """The figures of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next = 0.0

    async def refresh(self) -> None:
        """Count anew, where the last count is old; a store that is away leaves it as it was."""
        if time.monotonic() < self._next:
            return
        try:
            counts = await cross(self._count)
        except AWAY:
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        for age in ages.AGES:
            _PAST.labels(age.state).set(counts.get(age.state, 0))

    def _count(self) -> Mapping[str, int]:
        with self._store.reading() as session:
            return ages.past(session, now=now_of(session))


def show(sender: str, breaker: Breaker) -> None:
    """Let the page tell the state of a breaker, whenever it is read."""
    for state in State:
        _BREAKERS.labels(sender, state).set_function(partial(_is_in, breaker, state))


def _is_in(breaker: Breaker, state: State) -> float:
    return float(breaker.state is state)
