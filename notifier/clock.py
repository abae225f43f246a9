"""The clock: APScheduler wakes, the occurrence row decides.

Any number of clocks may run. At start and every minute each lists all slots since the last that was
accounted for, and runs those that are due, oldest first, slice by slice. What a slice did and how
far the run came are one transaction, fenced by the lease: who has lost it stops.
"""

import asyncio
import gc
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from api.db import Store
from api.holds import service as holds
from api.kit.calendar import TEHRAN, today
from api.kit.slices import PAUSE_SECONDS
from api.occurrences import service as occurrences
from api.occurrences.service import Lease, LeaseLost
from notifier import crossing
from notifier.crossing import AWAY, Now, cross
from notifier.timetable import Job, Late, Verb

log = structlog.get_logger("notifier.clock")

FIRST_START = "first_start"
"""The rule of the slot before the first start: it was due when nobody was there to run it."""


def collect_rarely() -> None:
    """Let this process look for cycles of garbage less often from now on.

    A slice makes tens of thousands of rows at once and hardly a cycle among them: to look after
    every seven hundredth took a sixth of the time of a month's bills (`python -m bench bills`).
    """
    gc.set_threshold(50_000, 20, 50)


@dataclass(frozen=True, slots=True)
class Ran:
    """How far a run came: its slot and the rows handled, and the notices that this clock posted.

    `by_hand`: somebody asked for it by name.
    """

    lease: Lease
    posted: int = 0
    is_over: bool = False
    by_hand: bool = False


class Clock:
    """Runs the timetable until told to stop."""

    def __init__(
        self,
        store: Store,
        jobs: Iterable[Job],
        *,
        now: Now = crossing.now_of,
        worker: str | None = None,
    ) -> None:
        self._store = store
        self._jobs = list(jobs)
        self._now = now
        self._worker = worker or f"{socket.gethostname()[:60]}:{os.getpid()}"
        self._stopping = asyncio.Event()
        self._busy: dict[str, asyncio.Lock] = {job.name: asyncio.Lock() for job in self._jobs}

    async def run(self) -> None:
        """Wake at start and at each minute until `stop`; the slice in hand is finished first."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        for job in self._jobs:
            scheduler.add_job(
                self.wake, "cron", second=0, args=[job], max_instances=1, coalesce=True,
                misfire_grace_time=None,
            )  # fmt: skip
        scheduler.start()
        try:
            await asyncio.gather(*(self.wake(job) for job in self._jobs))
            await self._stopping.wait()
        finally:
            scheduler.shutdown(wait=False)
            for lock in self._busy.values():
                async with lock:
                    pass

    def stop(self) -> None:
        """Begin no new slice."""
        self._stopping.set()

    async def wake(self, job: Job) -> None:
        """Account for the slots of a job and run what is due; a store that is away is no crash."""
        if self._busy[job.name].locked():
            return
        async with self._busy[job.name]:
            try:
                for slot in await cross(self._list, job):
                    if self._stopping.is_set():
                        return
                    await self.run_slot(job, slot)
            except AWAY as error:
                log.warning("store.away", job=job.name, reason=type(error).__name__)
            except LeaseLost:
                log.warning("job.lease_lost", job=job.name)
            except Exception:
                # A job's fault is its own: its lease lapses and the next minute tries again.
                log.exception("job.fault", job=job.name)

    async def run_slot(self, job: Job, slot: datetime, *, again: bool = False) -> Ran | None:
        """Run one slot to its end; None when somebody else runs it or it has ended.

        `again` runs one that has ended once more. Raises LeaseLost when it was taken over.
        """
        lease = await cross(self._claim, job, slot, again=again)
        if lease is None:
            return None
        log.info("job.begun", job=job.name, slot=slot.isoformat(), done=lease.done)
        ran = Ran(lease, by_hand=again)
        while not ran.is_over:
            if self._stopping.is_set():
                with suppress(LeaseLost):
                    await cross(self._release, ran.lease)
                return ran
            ran = await cross(self._slice, job, ran)
            if not ran.is_over:
                # SQLite lets one write at a time: those who wait have their turn between slices.
                await asyncio.sleep(PAUSE_SECONDS)
        log.info(
            "job.finished",
            job=job.name,
            slot=slot.isoformat(),
            done=ran.lease.done,
            count=ran.posted,
        )
        return ran

    def _list(self, job: Job) -> list[datetime]:
        if self._is_held():
            return []
        with self._store.writing("clock.list") as session:
            now = self._now(session)
            last = occurrences.last_listed(session, job.name)
            if last is None:
                passed, slots, rule = [job.latest_slot(now)], [], FIRST_START
            else:
                passed, slots, rule = [], job.slots_between(last, now), str(job.late)
            if job.late is Late.OVERTAKEN:
                passed, slots = [*passed, *slots[:-1]], slots[-1:]
            occurrences.list_slots(session, job=job.name, slots=passed, now=now, skipped_by=rule)
            occurrences.list_slots(session, job=job.name, slots=slots, now=now)
            return list(occurrences.due(session, job=job.name, now=now))

    def _is_held(self) -> bool:
        with self._store.reading() as session:
            held = holds.is_held(session)
        if held:
            log.warning("store.held")
        return held

    def _claim(self, job: Job, slot: datetime, *, again: bool) -> Lease | None:
        with self._store.writing("clock.claim") as session:
            if holds.is_held(session):
                return None
            return occurrences.claim(
                session,
                job=job.name,
                slot=slot,
                worker=self._worker,
                now=self._now(session),
                again=again,
            )

    def _slice(self, job: Job, ran: Ran) -> Ran:
        slot, after = today(ran.lease.slot), ran.lease.progress
        verb: Verb = job.verb
        if job.ahead is not None:
            with self._store.reading() as session:
                verb = job.ahead(session, slot=slot, after=after, now=self._now(session))
        with self._store.writing("clock.slice") as session:
            now = self._now(session)
            occurrences.renew(session, ran.lease, now=now)
            since: datetime | None = ran.lease.slot
            if job.late is Late.OVERTAKEN:
                # A latest slot does what the earlier ones would have done.
                since = occurrences.ran_before(session, job.name, ran.lease.slot)
            elif ran.by_hand:
                # Whoever runs a day by name may have done so before its hour.
                since = datetime.combine(slot, time.min, tzinfo=TEHRAN)
            holds.recall(session, since=since or ran.lease.slot)
            part = verb(session, slot=slot, after=after, now=now)
            lease = occurrences.advance(
                session, ran.lease, after=part.after, done=part.done, now=self._now(session)
            )
            is_over = part.after is None
            if is_over:
                occurrences.finish(session, lease, now=now)
            return replace(ran, lease=lease, posted=ran.posted + part.posted, is_over=is_over)

    def _release(self, lease: Lease) -> None:
        with self._store.writing("clock.release") as session:
            occurrences.release(session, lease, now=self._now(session))
