"""Questions about debts."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.debts.models import UNANNOUNCED, Debt
from api.debts.rules import State


def of_workshop(session: Session, workshop_id: uuid.UUID) -> Sequence[Debt]:
    """What a workshop owes still: the nearest last day to object first."""
    return session.scalars(
        select(Debt)
        .where(Debt.workshop_id == workshop_id, Debt.state == State.OPEN)
        .order_by(Debt.objection_until, Debt.number)
    ).all()


def one_of_workshop(session: Session, workshop_id: uuid.UUID, debt_id: uuid.UUID) -> Debt | None:
    """A debt, if it is this workshop's."""
    return session.scalar(select(Debt).where(Debt.id == debt_id, Debt.workshop_id == workshop_id))


def by_number(session: Session, number: str) -> Debt | None:
    """The debt of a number, held against others until the transaction ends."""
    return session.scalar(select(Debt).where(Debt.number == number).with_for_update())


def by_numbers(session: Session, numbers: Collection[str]) -> dict[str, Debt]:
    """The debts of these numbers, held against others until the transaction ends."""
    found = session.scalars(
        # In the order of ids, as everybody who holds several: so that nobody waits in a ring.
        select(Debt).where(Debt.number.in_(numbers)).order_by(Debt.id).with_for_update()
    )
    return {debt.number: debt for debt in found}


def open_among(session: Session, debt_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these debts that are owed still."""
    return set(
        session.scalars(select(Debt.id).where(Debt.id.in_(debt_ids), Debt.state == State.OPEN))
    )


def unannounced(session: Session, *, after: str | None, limit: int) -> Sequence[Debt]:
    """Open debts whose version nobody was told of, in the order of ids."""
    return session.scalars(_slice(select(Debt).where(UNANNOUNCED), after, limit)).all()


def with_objection_on(
    session: Session, days: Collection[date], *, after: str | None, limit: int
) -> Sequence[Debt]:
    """Open debts whose last day to object is one of these, in the order of ids."""
    wanted = select(Debt).where(Debt.state == State.OPEN, Debt.objection_until.in_(days))
    return session.scalars(_slice(wanted, after, limit)).all()


def _slice(wanted: Select[Debt], after: str | None, limit: int) -> Select[Debt]:
    if after is not None:
        wanted = wanted.where(Debt.id > uuid.UUID(after))
    return wanted.order_by(Debt.id).limit(limit)
