"""What a clock runs after a restore: nothing while it is held, and the lost days in doubt."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy.orm import Session

from api.db import Store
from api.holds import service as holds
from api.kit.calendar import TEHRAN
from api.kit.slices import Slice
from api.occurrences import service as occurrences
from notifier import running
from notifier.clock import Clock
from notifier.settings import CannotStart
from notifier.timetable import Job, Late
from tests.support import make

NOON = datetime(2026, 12, 2, 12, 0, tzinfo=TEHRAN)
YESTERDAY = NOON - timedelta(days=1)


class Doubts:
    """A job that keeps, by slot, whether it was run in doubt."""

    def __init__(self, late: Late, at: time | None) -> None:
        self.job = Job("work", self.verb, at, late)
        self.seen: list[tuple[date, bool]] = []

    def verb(self, session: Session, *, slot: date, after: str | None, now: datetime) -> Slice:
        self.seen.append((slot, holds.repeats(session)))
        return Slice(1, None)


def lost(store: Store, work: Doubts) -> Clock:
    """A clock of a store that was backed up two days ago and lost yesterday at noon."""
    with store.writing("arranged") as session:
        before = NOON - timedelta(days=2)
        lease = occurrences.claim(
            session, job="work", slot=work.job.latest_slot(before), worker="w", now=before
        )
        assert lease is not None
        occurrences.finish(session, lease, now=before)
        occurrences.list_slots(session, job="work", slots=[lease.slot], now=before)
        holds.begin(session, taken_at=before, now=NOON)
    return Clock(store, [work.job], now=lambda _: NOON, worker="w")


def release(store: Store) -> None:
    with store.writing("arranged") as session:
        holds.lift(session, lost_at=YESTERDAY, now=NOON)


async def test_days_until_the_loss_are_in_doubt_and_later_ones_are_not(store: Store):
    work = Doubts(Late.RUN, time(8))
    clock = lost(store, work)
    await clock.wake(work.job)
    assert work.seen == []
    release(store)
    await clock.wake(work.job)
    assert work.seen == [(YESTERDAY.date(), True), (NOON.date(), False)]


async def test_first_run_of_what_looks_at_now_alone_is_in_doubt(store: Store):
    work = Doubts(Late.OVERTAKEN, None)
    clock = lost(store, work)
    release(store)
    await clock.wake(work.job)
    later = Clock(store, [work.job], now=lambda _: NOON + timedelta(minutes=1), worker="w")
    await later.wake(work.job)
    assert [doubted for _, doubted in work.seen] == [True, False]


async def test_day_run_by_name_is_in_doubt_whatever_its_hour(store: Store):
    work = Doubts(Late.RUN, time(23))
    clock = lost(store, work)
    release(store)
    await clock.run_slot(work.job, work.job.slot_on(YESTERDAY.date(), NOON), again=True)
    assert work.seen == [(YESTERDAY.date(), True)]


def test_nothing_is_run_by_name_while_the_store_is_held(store: Store):
    work = Doubts(Late.RUN, time(8))
    lost(store, work)
    with pytest.raises(CannotStart, match="held"):
        running.run(store, work.job, make.NOW.date())
