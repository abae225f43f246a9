"""A job run as a clock runs it, slice by slice, and what it took."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from api.db import Store
from bench._stores import resident_mib
from notifier.clock import Clock, Ran
from notifier.timetable import TIMETABLE, Job


@dataclass(frozen=True, slots=True)
class Run:
    """What a run made, how long it took, without its pauses too, and what the process held.

    `cpu` are the seconds that this process worked for it: the store's server, if there is one, not.
    """

    made: int
    seconds: float
    working: float
    cpu: float
    memory_mib: int
    growth_mib: int


class _Watched(Clock):
    """A clock that notes how long its slices take and what the process holds after each."""

    def __init__(self, store: Store, beside: Callable[[], None]) -> None:
        super().__init__(store, [])
        self._beside = beside
        self.working = 0.0
        self.aside = 0.0
        self.cpu = 0.0
        self.held: list[float] = []

    def _slice(self, job: Job, ran: Ran) -> Ran:
        began, busy = time.perf_counter(), time.process_time()
        done = super()._slice(job, ran)
        ended = time.perf_counter()
        self.cpu += time.process_time() - busy
        self.held.append(resident_mib())
        self._beside()
        self.working += ended - began
        self.aside += time.perf_counter() - ended
        return done


def run_job(store: Store, name: str, day: date, beside: Callable[[], None] = lambda: None) -> Run:
    """Run a job for a day; `beside` is called after each slice, and its time left out."""
    job = TIMETABLE[name]
    clock = _Watched(store, beside)
    began = time.perf_counter()
    ran = asyncio.run(clock.run_slot(job, job.slot_on(day, datetime.now(UTC)), again=True))
    seconds = time.perf_counter() - began - clock.aside
    if ran is None:
        raise RuntimeError("somebody else runs the bench's own store")
    held = clock.held
    # What the first slices warm up is no growth.
    early = max(held[: max(len(held) // 10, 1)])
    growth = round(max(held) - early)
    return Run(ran.posted, seconds, clock.working, clock.cpu, round(max(held)), growth)
