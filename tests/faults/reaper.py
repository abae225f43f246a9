"""Keeps processes running, and ends them again and again by chance.

Each dies by SIGKILL at a moment between a fifth of a second and two seconds after it said that it
is ready (guarantees.md, "Random kills"), and another takes its place at once.
"""

import math
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.nursery import Death, Process
from tests.faults.world import World

LIFE = (0.2, 2.0)
"""How long a victim lives after it is ready, in seconds."""
START_SECONDS = 0.5
"""How long a start takes on a machine that does little besides; where it takes longer, so do lives."""
LONGER_AT_MOST = 4.0
START_AT_ONCE = 2
"""How many may be starting, so that a machine with two cores has time for those that work."""
AIMED_SECONDS = 5.0
STOP_SECONDS = 15.0
"""How long a process may take to stop (guarantees.md, G14)."""
NOT_YET = math.inf
MAY_NOT_START = 2
"""The code of a process that could not begin: its store is away."""


@dataclass
class Place:
    """One process that is always there; `changed` are its own settings."""

    room: str
    changed: Mapping[str, str] = field(default_factory=dict)
    first: str | None = None
    process: Process | None = None
    started_at: float = 0.0
    dies_at: float = NOT_YET
    asked_at: float | None = None
    aimed: Death | None = None

    @property
    def is_starting(self) -> bool:
        return self.process is not None and self.dies_at == NOT_YET

    @property
    def is_ready(self) -> bool:
        return self.process is not None and f'{self.room}.ready"' in self.process.said()


@dataclass
class Reaper:
    """`ended` are the ids of those it ended, `refused` counts those that could not begin.

    `gently`: they are asked to stop, as an operator does, and must do so in time and with code 0.
    """

    world: World
    places: Sequence[Place]
    chance: random.Random
    gently: bool = False
    ended: list[int] = field(default_factory=list)
    refused: int = 0
    _aimed: list[Death] = field(default_factory=list)

    def reap(self, times: int, between: Callable[[int], None] = lambda _: None) -> None:
        """End so many. `between` is called after each with how many there were.

        AssertionError when one of them ends by itself.
        """
        told = 0
        while told < times:
            for place in self.places:
                self._look_after(place)
            while told < min(times, len(self.ended)):
                told += 1
                between(told)
            time.sleep(0.02)
        self.end()

    def aim(self, death: Death) -> None:
        """Let the next one that starts die at a point, not by the clock."""
        self._aimed.append(death)

    def end(self) -> None:
        """End whoever still runs, in the same way; those count for nothing."""
        for place in self.places:
            if place.process is not None:
                if self.gently:
                    place.process.stop()
                else:
                    place.process.kill()
                self._forget(place)

    def _look_after(self, place: Place) -> None:
        if place.process is None:
            if sum(other.is_starting for other in self.places) < START_AT_ONCE:
                self._begin(place)
        elif place.is_starting:
            if place.is_ready:
                place.dies_at = self._moment(place)
            elif place.process.poll() is not None:
                self._bury(place, place.process)
        elif place.asked_at is not None:
            late = time.monotonic() - place.asked_at > STOP_SECONDS
            assert not late, f"does not stop: {place.process.said()}"
            if place.process.poll() is not None:
                self._bury(place, place.process)
        elif place.aimed is not None and place.process.poll() is not None:
            self._bury(place, place.process)
        elif time.monotonic() >= place.dies_at:
            self._end(place, place.process)

    def _begin(self, place: Place) -> None:
        place.aimed = self._aimed.pop() if self._aimed else None
        place.process = self.world.start(
            place.room, place.aimed, first=place.first, changed=place.changed
        )
        place.started_at, place.dies_at, place.asked_at = time.monotonic(), NOT_YET, None

    def _moment(self, place: Place) -> float:
        """Choose when one that is ready now dies; who was aimed gets time to reach its point."""
        now = time.monotonic()
        longer = min(max(1.0, (now - place.started_at) / START_SECONDS), LONGER_AT_MOST)
        return now + self.chance.uniform(*LIFE) * longer + (AIMED_SECONDS if place.aimed else 0)

    def _end(self, place: Place, process: Process) -> None:
        if self.gently:
            process.ask_to_stop()
            place.asked_at = time.monotonic()
        else:
            process.kill()
            self._bury(place, process)

    def _bury(self, place: Place, process: Process) -> None:
        if process.code == (0 if self.gently else -signal.SIGKILL):
            self.ended.append(process.pid)
        else:
            may_be = MAY_NOT_START if place.is_starting else None
            assert process.code == may_be, f"ended by itself: {process.code}, {process.said()}"
            self.refused += 1
        self._forget(place)

    def _forget(self, place: Place) -> None:
        assert place.process is not None
        said = place.process.all_said()
        assert "Traceback" not in said, said
        self.world.forget(place.process)
        place.process = None
