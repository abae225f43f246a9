"""The timetable: which job, when, and which verb of the core it is.

A job has a name that a person types. Its slot is the instant at which it is due; the verb is told
the slot's day in Tehran, so that a run that is late or repeated does what it would have done then.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from api import ages
from api.access import service as access
from api.audit import anchoring, sealing
from api.booklets import service as booklets
from api.contracts import service as contracts
from api.debts import service as debts
from api.files import service as files
from api.identity import service as identity
from api.inbound import service as inbound
from api.kit.calendar import TEHRAN, today
from api.kit.slices import Slice
from api.notices import service as notices
from api.notices.previewing import Preview
from api.occurrences import service as occurrences
from api.payments import service as payments
from api.retention import service as retention

log = structlog.get_logger("notifier.timetable")


class Verb(Protocol):
    """A job's verb: one slice, in the caller's transaction."""

    def __call__(
        self, session: Session, *, slot: date, after: str | None, now: datetime
    ) -> Slice: ...


class Ahead(Protocol):
    """Makes a slice ready without writing."""

    def __call__(
        self, session: Session, *, slot: date, after: str | None, now: datetime
    ) -> Verb: ...


Look = Callable[[Session, date, datetime], Preview]
"""Says what a run for a day would do; writes nothing."""


class Late(StrEnum):
    """What becomes of slots that were missed."""

    RUN = "run"
    """Each is run late, once."""
    OVERTAKEN = "overtaken"
    """The latest is run; it does what the earlier ones would have done."""


@dataclass(frozen=True, slots=True)
class Job:
    """A line of the timetable. `at` is Tehran's time of a daily job, None for one of every minute.

    `ahead` reads and judges a slice before the store is asked for the turn to write, and gives the
    verb that writes it, to be called in `verb`'s place.
    """

    name: str
    verb: Verb
    at: time | None
    late: Late
    preview: Look | None = None
    ahead: Ahead | None = None
    makes: tuple[str, str] = ("notices", "posted")
    """What a run counts, and what became of it."""

    def slots_between(self, after: datetime, until: datetime) -> list[datetime]:
        """Give the slots later than one instant and not later than another, oldest first."""
        return [slot for slot in self._slots_from(after, until) if after < slot <= until]

    def latest_slot(self, now: datetime) -> datetime:
        """Give the slot that was due last."""
        back = timedelta(minutes=1) if self.at is None else timedelta(days=1)
        return self.slots_between(now - back, now)[-1]

    def slot_on(self, day: date, now: datetime) -> datetime:
        """Give the slot of a day; of every minute's job the minute of now, moved to that day."""
        if self.at is None:
            there = now.astimezone(TEHRAN)
            return _minute(datetime.combine(day, there.time(), tzinfo=TEHRAN))
        return datetime.combine(day, self.at, tzinfo=TEHRAN)

    def _slots_from(self, after: datetime, until: datetime) -> Iterator[datetime]:
        if self.at is None:
            slot = _minute(after)
            while slot <= until:
                yield slot
                slot += timedelta(minutes=1)
            return
        # By days of Tehran, not by 24 hours: the zone had daylight saving and may have it again.
        day = today(after)
        while day <= today(until):
            yield datetime.combine(day, self.at, tzinfo=TEHRAN)
            day += timedelta(days=1)


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


SWEEP = "sweep"
SEAL = "seal"
_MINUTES_LAST = timedelta(days=2)


def sweep(session: Session, *, slot: date, after: str | None, now: datetime) -> Slice:  # noqa: ARG001 - a sweep looks at now alone.
    """Let every feature forget what is past its time and mend what crossed; say what waits too long."""
    arrived = inbound.sweep(session, now=now)
    done = (
        arrived.forgotten
        + access.sweep(session, now=now)
        + booklets.sweep(session, now=now)
        + files.sweep(session, now=now)
        + identity.sweep(session, now=now)
        + notices.sweep(session, now=now)
        + notices.match_late(session, now=now)
        + payments.sweep(session, now=now)
        + sum(
            occurrences.sweep(session, job=job, before=now - _MINUTES_LAST) for job in (SEAL, SWEEP)
        )
    )
    if arrived.incomplete:
        log.warning("inbound.incomplete", count=arrived.incomplete)
    if arrived.not_taken:
        log.error("inbound.given_up", count=arrived.not_taken)
    for channel, count in notices.overdue(session, now=now).items():
        log.warning("deliveries.overdue", channel=channel, count=count)
    for state, count in ages.past(session, now=now).items():
        log.error("state.past_its_age", state=state, count=count)
    return Slice(done, None)


def _of_debts(job: str) -> Look:
    return lambda session, slot, now: debts.preview(session, job=job, slot=slot, now=now)


def _of_contracts(job: str) -> Look:
    return lambda session, slot, now: contracts.preview(session, job=job, slot=slot, now=now)


_BILLS = ("bills", "issued")

TIMETABLE: Mapping[str, Job] = MappingProxyType(
    {
        job.name: job
        for job in (
            # A contract lapses before the day's bills are made.
            Job(
                "contract-lapses",
                contracts.lapse,
                time(0, 30),
                Late.RUN,
                _of_contracts("contract-lapses"),
            ),
            Job(
                "bills",
                contracts.bill,
                time(5),
                Late.RUN,
                _of_contracts("bills"),
                contracts.bill_ahead,
                _BILLS,
            ),
            Job(
                "debt-notices",
                debts.announce,
                time(8),
                Late.RUN,
                _of_debts("debt-notices"),
                debts.announce_ahead,
            ),
            Job(
                "bill-notices",
                contracts.announce,
                time(8, 30),
                Late.RUN,
                _of_contracts("bill-notices"),
            ),
            Job(
                "debt-reminders",
                debts.remind,
                time(9),
                Late.RUN,
                _of_debts("debt-reminders"),
                debts.remind_ahead,
            ),
            Job(
                "bill-reminders",
                contracts.remind,
                time(9, 30),
                Late.RUN,
                _of_contracts("bill-reminders"),
            ),
            Job(
                "anchor",
                anchoring.anchor,
                time(0, 10),
                Late.OVERTAKEN,
                makes=("anchors", "written"),
            ),
            Job(
                "retention",
                retention.purge,
                time(2, 30),
                Late.OVERTAKEN,
                makes=("rows", "forgotten"),
            ),
            Job(SEAL, sealing.seal, None, Late.OVERTAKEN, makes=("entries", "sealed")),
            Job(SWEEP, sweep, None, Late.OVERTAKEN),
        )
    }
)
