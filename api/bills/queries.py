"""Questions about bills. Slices go by the order of ids: `after` is the last id of the slice before."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.bills.models import OPEN, UNANNOUNCED, Bill
from api.bills.rules import Purpose


def by_ids(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Bill]:
    """The bills of these ids, oldest first."""
    return session.scalars(_oldest_first(select(Bill).where(Bill.id.in_(ids)))).all()


def held(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Bill]:
    """The bills of these ids as they are now, held against others until the transaction ends."""
    return session.scalars(
        select(Bill)
        .where(Bill.id.in_(ids))
        # In the order of ids, as everybody who holds several: so that nobody waits in a ring.
        .order_by(Bill.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def one_of(session: Session, person_id: uuid.UUID, bill_id: uuid.UUID) -> Bill | None:
    """A bill, if it is this person's."""
    return session.scalar(select(Bill).where(Bill.id == bill_id, Bill.person_id == person_id))


def open_of(session: Session, person_id: uuid.UUID) -> Sequence[Bill]:
    """What a person has to pay, oldest first."""
    return session.scalars(
        _oldest_first(select(Bill).where(OPEN, Bill.person_id == person_id))
    ).all()


def open_of_payers(
    session: Session, *, purpose: Purpose, payers: Collection[uuid.UUID]
) -> Sequence[Bill]:
    """Open bills on these accounts, oldest first."""
    return session.scalars(
        _oldest_first(select(Bill).where(OPEN, Bill.payer_of.in_(payers), Bill.purpose == purpose))
    ).all()


def of_about(session: Session, abouts: Collection[str]) -> Sequence[Bill]:
    """All bills for these subjects (`contract:<uuid>`), open or not, oldest first."""
    return session.scalars(_oldest_first(select(Bill).where(Bill.about.in_(abouts)))).all()


def numbered(session: Session, bill_ids: Collection[str]) -> Sequence[Bill]:
    """All bills with these bill ids (13 digits), open or not, oldest first."""
    return session.scalars(_oldest_first(select(Bill).where(Bill.bill_id.in_(bill_ids)))).all()


def known_among(session: Session, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these bills that there are."""
    return set(session.scalars(select(Bill.id).where(Bill.id.in_(ids))))


def open_among(session: Session, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these bills that are open."""
    return set(session.scalars(select(Bill.id).where(OPEN, Bill.id.in_(ids))))


def unannounced(
    session: Session, *, purpose: Purpose, after: str | None, limit: int
) -> Sequence[Bill]:
    """A slice of open bills that nobody was told of."""
    wanted = select(Bill).where(UNANNOUNCED, Bill.purpose == purpose)
    return session.scalars(_slice(wanted, after, limit)).all()


def open_due_on(
    session: Session, *, purpose: Purpose, day: date, after: str | None, limit: int
) -> Sequence[Bill]:
    """A slice of open bills whose last day this is.

    One day: of several, each slice would sort all that are left.
    """
    wanted = select(Bill).where(OPEN, Bill.due_on == day, Bill.purpose == purpose)
    return session.scalars(_slice(wanted, after, limit)).all()


def open_until(
    session: Session, *, purpose: Purpose, period: str, after: str | None, limit: int
) -> Sequence[Bill]:
    """A slice of open bills of this month and those before it."""
    wanted = select(Bill).where(OPEN, Bill.period <= period, Bill.purpose == purpose)
    return session.scalars(_slice(wanted, after, limit)).all()


def _oldest_first(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(Bill.period, Bill.id)


def _slice(wanted: Select[Any], after: str | None, limit: int) -> Select[Any]:
    if after is not None:
        wanted = wanted.where(Bill.id > uuid.UUID(after))
    return wanted.order_by(Bill.id).limit(limit)
