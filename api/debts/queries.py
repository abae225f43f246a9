"""Questions about debts."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, Table, TextClause, select, update
from sqlalchemy.orm import Session

from api import sets
from api.debts.models import UNANNOUNCED, Debt
from api.debts.rules import State

_DEBTS = cast("Table", Debt.__table__)
_JUDGED = select(
    *(
        _DEBTS.c[name]
        for name in (
            "id",
            "number",
            "workshop_id",
            "period_from",
            "period_to",
            "principal",
            "list_fine",
            "paid",
            "kind",
            "step",
            "due_on",
            "objection_until",
            "version",
            "changed_at",
        )
    )
)
_STAMPS = select(_DEBTS.c.id, _DEBTS.c.version, _DEBTS.c.changed_at)
"""What is another as soon as anything of a debt is: of every change the instant is kept."""
_OPEN = _DEBTS.c.state == State.OPEN
_Condition = ColumnElement[bool] | TextClause


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


def unannounced(
    session: Session, *, after: str | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """What a notice is made of, of open debts whose version nobody was told of, in order of ids.

    Plain rows: a quarter of a million objects would cost more than the rules.
    """
    return session.execute(_slice(_JUDGED.where(UNANNOUNCED), after, limit)).all()


def unannounced_among(
    session: Session, ids: Collection[uuid.UUID]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The same of those of these debts that are open and untold."""
    return session.execute(_among(session, _JUDGED, ids, UNANNOUNCED)).all()


def hold_unannounced(
    session: Session, ids: Collection[uuid.UUID]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Hold those of these debts that are open and untold against others; gives their stamps."""
    return _hold(session, ids, UNANNOUNCED)


def keep_announced(session: Session, ids: Collection[uuid.UUID]) -> None:
    """Note that the contacts of these debts, which are held, were told of them as they are."""
    if not ids:
        return
    session.execute(
        update(_DEBTS)
        .where(sets.among(session, _DEBTS.c.id, ids))
        .values(announced_version=_DEBTS.c.version)
    )


def with_objection_on(
    session: Session, days: Collection[date], *, after: str | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The same of open debts whose last day to object is one of these."""
    wanted = _JUDGED.where(_DEBTS.c.state == State.OPEN, _DEBTS.c.objection_until.in_(days))
    return session.execute(_slice(wanted, after, limit)).all()


def open_rows_among(
    session: Session, ids: Collection[uuid.UUID]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The same of those of these debts that are open."""
    return session.execute(_among(session, _JUDGED, ids, _OPEN)).all()


def hold_open(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Hold those of these debts that are open against others; gives their stamps."""
    return _hold(session, ids, _OPEN)


def _slice(
    wanted: Select[*tuple[Any, ...]], after: str | None, limit: int
) -> Select[*tuple[Any, ...]]:
    if after is not None:
        wanted = wanted.where(_DEBTS.c.id > uuid.UUID(after))
    return wanted.order_by(_DEBTS.c.id).limit(limit)


def _hold(
    session: Session, ids: Collection[uuid.UUID], still: _Condition
) -> Sequence[Row[*tuple[Any, ...]]]:
    if not ids:
        return []
    # In the order of ids, as everybody who holds several: so that nobody waits in a ring.
    stamps = _among(session, _STAMPS, ids, still).with_for_update(of=_DEBTS, key_share=True)
    return session.execute(stamps).all()


def _among(
    session: Session,
    wanted: Select[*tuple[Any, ...]],
    ids: Collection[uuid.UUID],
    still: _Condition,
) -> Select[*tuple[Any, ...]]:
    return wanted.where(sets.among(session, _DEBTS.c.id, ids), still).order_by(_DEBTS.c.id)
