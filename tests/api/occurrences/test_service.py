"""A slot of a job is run once, by one clock at a time, and goes on where another stopped."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db import Store
from api.occurrences import service as occurrences
from api.occurrences.models import Occurrence
from tests.support import make

SLOT = make.NOW.replace(hour=4, minute=30)
LATER = make.NOW + timedelta(seconds=61)


def _claim(session: Session, now=make.NOW, *, again: bool = False) -> occurrences.Lease | None:
    return occurrences.claim(session, job="job", slot=SLOT, worker="w", now=now, again=again)


def test_a_slot_is_claimed_by_one_alone(session: Session) -> None:
    assert _claim(session) is not None
    assert _claim(session) is None


def test_an_unfinished_slot_is_taken_over_where_it_stopped(session: Session) -> None:
    first = _claim(session)
    assert first is not None
    occurrences.advance(session, first, after="k7", done=5_000, now=make.NOW)
    second = _claim(session, LATER)
    assert second is not None
    assert (second.progress, second.done) == ("k7", 5_000)
    with pytest.raises(occurrences.LeaseLost):
        occurrences.advance(session, first, after="k8", done=1, now=LATER)
    with pytest.raises(occurrences.LeaseLost):
        occurrences.finish(session, first, now=LATER)
    occurrences.finish(session, second, now=LATER)
    assert _claim(session, LATER + timedelta(days=1)) is None


def test_each_slice_holds_the_slot_longer(session: Session) -> None:
    lease = _claim(session)
    assert lease is not None
    occurrences.advance(session, lease, after="k", done=1, now=make.NOW + timedelta(seconds=50))
    assert _claim(session, LATER) is None


def test_a_released_slot_is_free_at_once(session: Session) -> None:
    lease = _claim(session)
    assert lease is not None
    occurrences.release(session, lease, now=make.NOW)
    assert _claim(session) is not None


def test_a_slot_that_has_ended_runs_again_only_when_asked_by_name(session: Session) -> None:
    lease = _claim(session)
    assert lease is not None
    lease = occurrences.advance(session, lease, after="k", done=3, now=make.NOW)
    assert _claim(session, again=True) is None
    occurrences.finish(session, lease, now=make.NOW)
    again = _claim(session, again=True)
    assert again is not None
    assert (again.progress, again.done) == (None, 0)


def test_listed_slots_are_due_until_they_end_or_are_skipped(session: Session) -> None:
    days = [SLOT - timedelta(days=back) for back in (3, 2, 1, 0)]
    occurrences.list_slots(
        session, job="job", slots=days[:1], now=make.NOW, skipped_by="first_start"
    )
    occurrences.list_slots(session, job="job", slots=days[1:], now=make.NOW)
    assert occurrences.last_listed(session, "job") == SLOT
    assert list(occurrences.due(session, job="job", now=make.NOW)) == days[1:]
    lease = occurrences.claim(session, job="job", slot=days[1], worker="w", now=make.NOW)
    assert lease is not None
    assert list(occurrences.due(session, job="job", now=make.NOW)) == days[2:]
    occurrences.finish(session, lease, now=make.NOW)
    assert list(occurrences.due(session, job="job", now=LATER)) == days[2:]
    skipped = session.scalars(select(Occurrence).where(Occurrence.skipped_rule.is_not(None))).one()
    assert (skipped.slot, skipped.skipped_rule) == (days[0], "first_start")


def test_a_slot_run_by_name_hides_no_earlier_one(session: Session) -> None:
    assert occurrences.claim(session, job="job", slot=SLOT, worker="hand", now=make.NOW)
    assert occurrences.last_listed(session, "job") is None


def test_a_slot_that_was_run_by_name_keeps_what_it_is_when_it_is_listed(session: Session) -> None:
    lease = _claim(session)
    assert lease is not None
    occurrences.finish(session, lease, now=make.NOW)
    occurrences.list_slots(session, job="job", slots=[SLOT], now=LATER, skipped_by="overtaken")
    row = session.scalars(select(Occurrence)).one()
    assert (row.listed, row.finished_at, row.skipped_rule) == (True, make.NOW, None)


def test_old_minutes_are_forgotten_but_the_latest(session: Session) -> None:
    minutes = [make.NOW - timedelta(minutes=back) for back in range(5)]
    occurrences.list_slots(session, job="sweep", slots=minutes, now=make.NOW, skipped_by="x")
    assert occurrences.sweep(session, job="sweep", before=make.NOW + timedelta(days=1)) == 4
    assert occurrences.last_listed(session, "sweep") == make.NOW


def test_the_stores_own_clock_tells_the_time(session: Session) -> None:
    now = occurrences.now_of(session)
    assert now.utcoffset() == timedelta(0)


def test_twenty_clocks_at_once_run_each_slot_exactly_once(fresh_store: Store) -> None:
    slots = [SLOT - timedelta(days=back) for back in range(4)]
    ran: list[object] = []
    together = threading.Barrier(20)

    def clock(name: str) -> None:
        together.wait()
        for slot in slots:
            with fresh_store.writing("test") as session:
                lease = occurrences.claim(session, job="job", slot=slot, worker=name, now=make.NOW)
            if lease is not None:
                with fresh_store.writing("test") as session:
                    occurrences.finish(session, lease, now=make.NOW)
                ran.append(slot)

    clocks = [threading.Thread(target=clock, args=(f"c{n}",)) for n in range(20)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()
    assert Counter(ran) == dict.fromkeys(slots, 1)
