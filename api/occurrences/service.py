"""The verbs of occurrences: claim a slot, go on slice by slice, finish; nobody runs it beside you."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.occurrences.models import Occurrence

LEASE = timedelta(seconds=60)
"""Many times what a slice takes; renewed by each."""


class LeaseLost(Exception):
    """Somebody else has taken the slot over: stop, and write nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot that is ours to run. `progress` is where to go on, None at its beginning."""

    job: str
    slot: datetime
    token: uuid.UUID
    progress: str | None
    done: int


def now_of(session: Session) -> datetime:
    """Give the time by the store's own clock, the same for every machine that shares it.

    On SQLite there is one machine, and its clock is the store's.
    """
    if session.get_bind().dialect.name != "postgresql":
        return datetime.now(UTC)
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def claim(
    session: Session,
    *,
    job: str,
    slot: datetime,
    worker: str,
    now: datetime,
    lasts: timedelta = LEASE,
    again: bool = False,
) -> Lease | None:
    """Claim a slot; None when somebody is running it or it has ended.

    An unfinished one whose lease has run out is taken over where it stopped. `again` begins one
    that has ended anew: somebody asked for it by name.
    """
    _insert(session, [{"job": job, "slot": slot, "done": 0, "listed": False}])
    token = uuid.uuid4()
    if again:
        ended = update(Occurrence).where(
            Occurrence.job == job, Occurrence.slot == slot, Occurrence.finished_at.is_not(None)
        )
        session.execute(ended.values(finished_at=None, skipped_rule=None, progress=None, done=0))
    taken = session.execute(
        update(Occurrence)
        .where(
            Occurrence.job == job,
            Occurrence.slot == slot,
            Occurrence.finished_at.is_(None),
            or_(Occurrence.claimed_until.is_(None), Occurrence.claimed_until <= now),
        )
        .values(
            lease=token,
            claimed_until=now + lasts,
            worker=worker,
            started_at=func.coalesce(Occurrence.started_at, now),
        )
        .returning(Occurrence.progress, Occurrence.done)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return None
    return Lease(job, slot, token, taken.progress, taken.done)


def renew(session: Session, lease: Lease, *, now: datetime, lasts: timedelta = LEASE) -> None:
    """Hold the slot longer, before a slice of it is begun.

    Raises LeaseLost when it is somebody else's by now.
    """
    _fenced(session, lease, {"claimed_until": now + lasts})


def advance(
    session: Session,
    lease: Lease,
    *,
    after: str | None,
    done: int,
    now: datetime,
    lasts: timedelta = LEASE,
) -> Lease:
    """Keep how far the run came, in the transaction of its slice, and hold the slot longer.

    Raises LeaseLost when the slot is somebody else's by now: the slice is then undone.
    """
    _fenced(
        session,
        lease,
        {"progress": after, "done": lease.done + done, "claimed_until": now + lasts},
    )
    return Lease(lease.job, lease.slot, lease.token, after, lease.done + done)


def finish(session: Session, lease: Lease, *, now: datetime) -> None:
    """End a slot. Raises LeaseLost."""
    _fenced(session, lease, {"finished_at": now, "lease": None, "claimed_until": None})


def release(session: Session, lease: Lease, *, now: datetime) -> None:
    """Let another clock go on at once, when this one must stop. Raises LeaseLost."""
    _fenced(session, lease, {"lease": None, "claimed_until": now})


def last_listed(session: Session, job: str) -> datetime | None:
    """Give the latest slot that a clock has accounted for; None when none has ever been."""
    return session.scalar(
        select(func.max(Occurrence.slot)).where(Occurrence.job == job, Occurrence.listed)
    )


def accounted(session: Session, job: str) -> datetime | None:
    """Give the latest slot that was run to its end or recorded as skipped; None when none was."""
    return session.scalar(
        select(func.max(Occurrence.slot)).where(
            Occurrence.job == job, Occurrence.finished_at.is_not(None)
        )
    )


def ran_before(session: Session, job: str, slot: datetime) -> datetime | None:
    """Give the latest slot before this one that was run to its end; None when none was."""
    return session.scalar(
        select(func.max(Occurrence.slot)).where(
            Occurrence.job == job,
            Occurrence.slot < slot,
            Occurrence.finished_at.is_not(None),
            Occurrence.skipped_rule.is_(None),
        )
    )


def list_slots(
    session: Session,
    *,
    job: str,
    slots: Sequence[datetime],
    now: datetime,
    skipped_by: str | None = None,
) -> None:
    """Account for slots: to be run, or skipped by the rule of this name.

    A slot that somebody has run or is running keeps what it is.
    """
    rows = [
        {
            "job": job,
            "slot": slot,
            "done": 0,
            "listed": True,
            "finished_at": None if skipped_by is None else now,
            "skipped_rule": skipped_by,
        }
        for slot in slots
    ]
    _insert(session, rows, {"listed": True})


def due(session: Session, *, job: str, now: datetime) -> Sequence[datetime]:
    """Give the slots that nobody is running and that have not ended, oldest first.

    One that was begun by name before its time and left unfinished is among them.
    """
    return session.scalars(
        select(Occurrence.slot)
        .where(
            Occurrence.job == job,
            Occurrence.finished_at.is_(None),
            or_(Occurrence.claimed_until.is_(None), Occurrence.claimed_until <= now),
            or_(Occurrence.slot <= now, Occurrence.started_at.is_not(None)),
        )
        .order_by(Occurrence.slot)
    ).all()


def sweep(session: Session, *, job: str, before: datetime) -> int:
    """Forget the ended slots of a job that is due every minute; the latest one always stays."""
    latest = select(func.max(Occurrence.slot)).where(Occurrence.job == job).scalar_subquery()
    return len(
        session.scalars(
            delete(Occurrence)
            .where(
                Occurrence.job == job,
                Occurrence.slot < before,
                Occurrence.slot < latest,
                Occurrence.finished_at.is_not(None),
            )
            .returning(Occurrence.job)
            .execution_options(synchronize_session=False)
        ).all()
    )


def _fenced(session: Session, lease: Lease, values: dict[str, object]) -> None:
    held = session.scalars(
        update(Occurrence)
        .where(
            Occurrence.job == lease.job,
            Occurrence.slot == lease.slot,
            Occurrence.lease == lease.token,
            Occurrence.finished_at.is_(None),
        )
        .values(values)
        .returning(Occurrence.job)
        .execution_options(synchronize_session=False)
    ).all()
    if not held:
        raise LeaseLost


def _insert(
    session: Session, rows: Sequence[Mapping[str, object]], known: dict[str, object] | None = None
) -> None:
    """Insert slots; those that are known already get the values of `known` alone."""
    if not rows:
        return
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = kind.insert(Occurrence)
    if known is None:
        statement = statement.on_conflict_do_nothing()
    else:
        statement = statement.on_conflict_do_update(
            index_elements=[Occurrence.job, Occurrence.slot], set_=known
        )
    session.execute(statement, [dict(row) for row in rows])
