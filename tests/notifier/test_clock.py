"""Clocks: however many, each slot once; none skipped in silence; stopped and taken over by slice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.db import Store
from api.kit import points
from api.kit.calendar import TEHRAN
from api.kit.slices import Slice
from api.occurrences import service as occurrences
from api.occurrences.models import Occurrence
from api.organisation.models import Holiday
from notifier.clock import Clock, Ran
from notifier.timetable import Job, Late, Verb
from tests.support import make

NOON = datetime(2026, 12, 2, 12, 0, tzinfo=TEHRAN)


class Work:
    """A job of so many slices, which keeps in the store what it did."""

    def __init__(
        self, slices: int = 3, *, late: Late = Late.RUN, at: time | None = time(8)
    ) -> None:
        self.slices = slices
        self.job = Job("work", self.verb, at, late)
        self.seen: list[tuple[date, int]] = []

    def verb(self, session: Session, *, slot: date, after: str | None, now: datetime) -> Slice:
        place = int(after or 0)
        self.seen.append((slot, place))
        # A row per slice: whoever does one twice meets the unique number.
        make.holiday(session, slot + timedelta(days=1000 * (place + 1)))
        return Slice(10, str(place + 1) if place + 1 < self.slices else None)


class Time:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self, _session: Session) -> datetime:
        return self.now


def _clock(store: Store, work: Work, now: Time) -> Clock:
    return Clock(store, [work.job], now=now, worker="w")


def rows(store: Store) -> list[Occurrence]:
    with store.reading() as session:
        return list(session.scalars(select(Occurrence).order_by(Occurrence.slot)))


@asynccontextmanager
async def started_yesterday(store: Store, work: Work, now: Time) -> AsyncIterator[Clock]:
    """A clock that has been there before: its first start is behind it."""
    now.now -= timedelta(days=1)
    clock = _clock(store, work, now)
    await clock.wake(work.job)
    now.now += timedelta(days=1)
    work.seen.clear()
    yield clock
    points.disarm()


async def test_the_slot_before_the_first_start_is_not_run_and_says_why(fresh_store: Store) -> None:
    work, now = Work(), Time()
    await _clock(fresh_store, work, now).wake(work.job)
    assert work.seen == []
    (row,) = rows(fresh_store)
    assert (row.slot, row.skipped_rule) == (NOON.replace(hour=8), "first_start")


async def test_a_slot_is_run_slice_by_slice_to_its_end(fresh_store: Store) -> None:
    work, now = Work(), Time()
    async with started_yesterday(fresh_store, work, now) as clock:
        await clock.wake(work.job)
        await clock.wake(work.job)
    assert work.seen == [(NOON.date(), 0), (NOON.date(), 1), (NOON.date(), 2)]
    row = rows(fresh_store)[-1]
    assert (row.done, row.finished_at) == (30, NOON)


async def test_after_three_days_each_missed_slot_runs_late_once(fresh_store: Store) -> None:
    work, now = Work(1), Time()
    async with started_yesterday(fresh_store, work, now) as clock:
        now.now += timedelta(days=3)
        await clock.wake(work.job)
    assert [slot.day for slot, _ in work.seen] == [2, 3, 4, 5]


async def test_overtaken_slots_are_recorded_with_the_name_of_the_rule(fresh_store: Store) -> None:
    work, now = Work(1, late=Late.OVERTAKEN, at=None), Time()
    async with started_yesterday(fresh_store, work, now) as clock:
        await clock.wake(work.job)
    assert len(work.seen) == 1
    kept = Counter(row.skipped_rule for row in rows(fresh_store))
    assert kept == {"first_start": 1, "overtaken": 24 * 60 - 1, None: 1}


async def test_twenty_clocks_at_once_run_each_slice_exactly_once(fresh_store: Store) -> None:
    work, now = Work(2), Time()
    async with started_yesterday(fresh_store, work, now):
        now.now += timedelta(days=2)
        clocks = [_clock(fresh_store, work, now) for _ in range(20)]
        for _ in range(3):
            await asyncio.gather(*(clock.wake(work.job) for clock in clocks))
    days = [NOON.date() + timedelta(days=n) for n in range(3)]
    assert sorted(work.seen) == sorted((day, place) for day in days for place in range(2))
    assert all(row.finished_at is not None for row in rows(fresh_store))


async def test_what_is_read_ahead_is_read_again_by_who_takes_a_slice_over(
    fresh_store: Store,
) -> None:
    work, now, read = Work(), Time(), []

    def ahead(session: Session, *, slot: date, after: str | None, now: datetime) -> Verb:
        read.append(after)
        return work.verb

    work.job = replace(work.job, ahead=ahead)
    async with started_yesterday(fresh_store, work, now) as clock:
        read.clear()
        points.arm("clock.slice.before", _die)
        await clock.wake(work.job)
        points.disarm()
        now.now += timedelta(seconds=61)
        await clock.wake(work.job)
    assert read == [None, None, "1", "2"]
    assert rows(fresh_store)[-1].done == 30


@pytest.mark.parametrize("point", ["clock.claim", "clock.slice"])
@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_death_at_any_point_is_taken_over_and_no_slice_is_done_twice(
    fresh_store: Store, point: str, side: str
) -> None:
    work, now = Work(), Time()
    async with started_yesterday(fresh_store, work, now) as clock:
        points.arm(f"{point}.{side}", _die)
        await clock.wake(work.job)
        points.disarm()
        await clock.wake(work.job)
        now.now += timedelta(seconds=61)
        await clock.wake(work.job)
    row = rows(fresh_store)[-1]
    assert row.done == 30
    assert row.finished_at is not None
    with fresh_store.reading() as session:
        assert len(session.scalars(select(Holiday.day)).all()) == 3


async def test_who_was_overtaken_stops_and_its_slice_is_undone(fresh_store: Store) -> None:
    work, now = Work(2), Time()
    other = _clock(fresh_store, work, now)

    async with started_yesterday(fresh_store, work, now) as clock:
        slot = NOON.replace(hour=8)
        with fresh_store.writing("test") as session:
            lease = occurrences.claim(session, job="work", slot=slot, worker="x", now=now.now)
        assert lease is not None
        now.now += timedelta(seconds=61)
        await other.wake(work.job)
        assert len(work.seen) == 2
        with pytest.raises(occurrences.LeaseLost):
            clock._slice(work.job, Ran(lease))
    with fresh_store.reading() as session:
        assert len(session.scalars(select(Holiday.day)).all()) == 2


async def test_told_to_stop_it_ends_its_slice_and_lets_another_go_on_at_once(
    fresh_store: Store,
) -> None:
    work, now = Work(), Time()
    async with started_yesterday(fresh_store, work, now) as clock:
        points.arm("clock.slice.after", clock.stop)
        await clock.wake(work.job)
        points.disarm()
        assert len(work.seen) == 1
        await _clock(fresh_store, work, now).wake(work.job)
    assert [place for _, place in work.seen] == [0, 1, 2]


async def test_a_job_that_fails_hinders_no_other_and_is_tried_again(
    fresh_store: Store, logged
) -> None:
    work, now = Work(1), Time()
    async with started_yesterday(fresh_store, work, now) as clock:
        points.arm("clock.slice.before", _die)
        await clock.wake(work.job)
        points.disarm()
        now.now += timedelta(seconds=61)
        await clock.wake(work.job)
    assert "job.fault" in [line["event"] for line in logged]
    assert rows(fresh_store)[-1].finished_at is not None


async def test_a_store_that_is_away_is_no_crash(fresh_store: Store, logged) -> None:
    def fall() -> None:
        raise OperationalError("away", {}, Exception("away"))

    work, now = Work(1), Time()
    async with started_yesterday(fresh_store, work, now) as clock:
        points.arm("clock.list.before", fall)
        await clock.wake(work.job)
        points.disarm()
        await clock.wake(work.job)
    assert "store.away" in [line["event"] for line in logged]
    assert len(work.seen) == 1


async def test_a_clock_wakes_at_its_start_and_stops_when_told(fresh_store: Store) -> None:
    work, now = Work(1), Time()
    async with started_yesterday(fresh_store, work, now):
        clock = _clock(fresh_store, work, now)
        running = asyncio.create_task(clock.run())
        async with asyncio.timeout(10):
            while not work.seen:  # noqa: ASYNC110 - the job has no event to wait for.
                await asyncio.sleep(0.02)
        clock.stop()
        async with asyncio.timeout(10):
            await running


def _die() -> None:
    raise RuntimeError("dead")
