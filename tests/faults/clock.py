"""Clocks run two late slots of `debt-notices`, by small slices, and one of them dies at a point.

Each slot must end once, each debt be told once: in the tables, and on the phones of the desk.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select, update

from api.debts import service as debts
from api.debts.models import Debt
from api.kit import points
from api.notices.models import Notice
from api.occurrences import service as occurrences
from api.occurrences.models import Occurrence
from notifier.timetable import TIMETABLE
from tests.faults import country
from tests.faults.nursery import Death, Process
from tests.faults.tally import Tally
from tests.faults.world import Opener, World

HOLDERS = [country.holder(number, email=False) for number in range(1, 13)]
JOB = "debt-notices"
DAYS = 2
SLICE = 5
CLOCKS = 20
PAUSE = 1.5

STOPPING = "clock.release"
"""Reached only by a clock that is told to stop between two slices."""
POINTS = ("clock.claim", "clock.list", STOPPING, "clock.slice")
NTH: Mapping[str, int] = {"clock.claim": 2, "clock.list": 3, "clock.slice": 4}


def take_small_slices() -> None:
    """Let this process tell of a few debts at a time; called in it before its main."""
    defaults = debts.announce_ahead.__kwdefaults__
    assert defaults is not None
    defaults["limit"] = SLICE


def take_small_slices_slowly() -> None:
    """The same, with time enough between two slices for somebody to step in."""
    take_small_slices()
    points.arm("clock.slice.after", lambda: time.sleep(PAUSE))


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Let a clock die at a point and another go on."""
    world = open_world(dialect, HOLDERS)
    _owe(world)
    stops = death.point.startswith(STOPPING)
    slowly = take_small_slices_slowly if stops else take_small_slices
    clock = world.start("clock", death, first=_named(slowly))
    if stops:
        world.until(lambda: _begun(world), "a slice is done")
        clock.ask_to_stop()
    world.until(lambda: clock.poll() is not None, f"the clock reaches {death.point}")
    assert clock.code == -9, f"not killed but ended: {clock.said()}"
    lease_ends(world)
    clock = world.start("clock", first=_named(take_small_slices))
    world.until(lambda: _is_over(world), "both slots have ended")
    clock.stop()
    return _told(world)


def run_together(open_world: Opener, dialect: str) -> Tally:
    """Let twenty clocks run at once, one of them paused in its run, overtaken, and resumed."""
    world = open_world(dialect, HOLDERS)
    _owe(world)
    clocks = [world.start("clock", first=_named(take_small_slices_slowly))]
    world.until(lambda: _begun(world) and _has_listed(world), "a slice is done")
    # It rests between two slices: one that is stopped within a transaction would stop the store.
    os.kill(clocks[0].pid, signal.SIGSTOP)
    try:
        lease_ends(world)
        small = _named(take_small_slices)
        clocks += [world.start("clock", first=small) for _ in range(CLOCKS - 1)]
        world.until(lambda: _is_over(world), "both slots have ended")
    finally:
        os.kill(clocks[0].pid, signal.SIGCONT)
    # The one that was overtaken wakes to find that the slot is not its own.
    time.sleep(PAUSE)
    for clock in clocks:
        clock.ask_to_stop()
    for clock in clocks:
        clock.stop()
    return _told(world)


def _owe(world: World) -> None:
    """Let everybody owe, and nobody have kept the timetable for two days."""
    latest = TIMETABLE[JOB].latest_slot(country.now())
    with world.store.writing("arranged") as session:
        for number, who in enumerate(HOLDERS, 1):
            country.settle(session, number, who)
        occurrences.list_slots(
            session,
            job=JOB,
            slots=[latest - timedelta(days=DAYS)],
            now=country.now(),
            skipped_by="before_the_test",
        )


def _begun(world: World) -> bool:
    """Whether a slice of a slot is done, and the slot is not."""
    with world.store.reading() as session:
        found = session.scalar(
            select(Occurrence.worker).where(
                Occurrence.progress.is_not(None), Occurrence.finished_at.is_(None)
            )
        )
    return found is not None


def _has_listed(world: World) -> bool:
    """Whether a clock has accounted for the slots of every job."""
    with world.store.reading() as session:
        return set(session.scalars(select(Occurrence.job))) == set(TIMETABLE)


def lease_ends(world: World) -> None:
    """Let the lease of every slot in hand end, and no other time pass."""
    with world.store.writing("arranged") as session:
        session.execute(
            update(Occurrence)
            .where(Occurrence.claimed_until.is_not(None), Occurrence.finished_at.is_(None))
            # Not its slot: one that is run by hand may be due later today.
            .values(claimed_until=country.now() - timedelta(days=1))
        )


def _is_over(world: World) -> bool:
    with world.store.reading() as session:
        ended = session.scalar(
            select(func.count())
            .select_from(Occurrence)
            .where(Occurrence.job == JOB, Occurrence.finished_at.is_not(None))
        )
    return ended == DAYS + 1


def _told(world: World) -> Tally:
    """Deliver what was posted, and count what was told of each debt."""
    with world.store.reading() as session:
        told = Counter(session.scalars(select(Notice.about)))
        owed = {f"debt:{one}" for one in session.scalars(select(Debt.id))}
        slots = session.execute(
            select(Occurrence.done, Occurrence.skipped_rule)
            .where(Occurrence.job == JOB)
            .order_by(Occurrence.slot)
        ).all()
    # Two clocks may run the two slots side by side, so either has a part of the debts.
    assert [one.skipped_rule for one in slots[1:]] == [None] * DAYS
    assert sum(one.done for one in slots[1:]) >= len(HOLDERS)
    notifier: Process = world.start("notifier")
    world.until(lambda: len(_sms(world)) >= len(HOLDERS), "every phone is told")
    time.sleep(0.3)
    notifier.stop()
    heard = _sms(world)
    lost = len(owed - set(told)) + len(HOLDERS) - len(set(heard))
    return Tally(
        lost=lost,
        twice=told.total() - len(set(told)) + sum(times - 1 for times in Counter(heard).values()),
    )


def _sms(world: World) -> list[str]:
    return [
        line["address"]
        for line in world.lines()
        if line["service"] == "sms" and line["call"] == "send" and line["accepted"]
    ]


def _named(function: object) -> str:
    return f"{__name__}:{getattr(function, '__name__', '')}"
