"""The verbs of debts: taking them in, closing them, and showing them to those who owe."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from api import events
from api.debts import queries, rules
from api.debts.events import DebtsClosed, DebtsRevised
from api.debts.models import Debt
from api.debts.refusals import DebtNotFound
from api.debts.rules import DebtRow, State, about
from api.debts.schemas import DebtDetails, DebtOut, DebtPage, LineOut
from api.debts.sums import rates_of, sum_of
from api.debts.telling import announce, announce_ahead, preview, remind, remind_ahead
from api.employers import queries as employers
from api.kit.identifiers import mask_workshop
from api.kit.money import Rials
from api.kit.slices import RefusedRow, Registered

__all__ = [
    "announce",
    "announce_ahead",
    "close",
    "mine",
    "preview",
    "register",
    "remind",
    "remind_ahead",
    "show",
    "still_owed",
]


def register(session: Session, *, rows: Sequence[DebtRow], now: datetime) -> Registered:
    """Take in a slice of debts, no two of one number; those of no known workshop are refused.

    A version grows only when principal, period, step or the last day to object changes: then
    DebtsRevised is told, and DebtsClosed of those that closed. Raises IntegrityError when another
    transaction put the same debt first: the same rows are worth sending again.
    """
    workshops = employers.ids_by_code(session, {row.workshop_code for row in rows})
    stored = queries.by_numbers(session, {row.number for row in rows})
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    revised: list[str] = []
    closed: list[str] = []
    refused = []
    for place, row in enumerate(rows):
        fault = rules.fault(row)
        if fault is None and row.workshop_code not in workshops:
            fault = ("workshop_code", "unknown_workshop")
        if fault is not None:
            refused.append(RefusedRow(place, *fault))
            continue
        values = _values(row, workshops[row.workshop_code])
        debt = stored.get(row.number)
        if debt is None:
            closed_at = now if row.state is State.CLOSED else None
            new.append({**values, "closed_at": closed_at, "created_at": now, "changed_at": now})
            continue
        before = {name: getattr(debt, name) for name in values}
        if before == values:
            continue
        closes = before["state"] is State.OPEN and row.state is State.CLOSED
        is_new = rules.is_new_version(before, values)
        if closes:
            closed.append(about(debt.id))
        elif is_new and row.state is State.OPEN:
            revised.append(about(debt.id))
        changed.append({
            **values,
            "id": debt.id,
            "version": debt.version + is_new,
            "closed_at": now if closes else debt.closed_at if row.state is State.CLOSED else None,
            "changed_at": now,
        })  # fmt: skip
    if new:
        session.execute(insert(Debt), new)
    if changed:
        session.execute(update(Debt), sorted(changed, key=lambda values: values["id"]))
    _tell(session, revised=revised, closed=closed, now=now)
    written = len(new) + len(changed)
    return Registered(written, len(rows) - written - len(refused), tuple(refused))


def close(session: Session, *, number: str, now: datetime) -> uuid.UUID:
    """Note that nothing is owed any more, and tell DebtsClosed; once is enough. Gives the debt's id.

    Raises DebtNotFound.
    """
    debt = queries.by_number(session, number)
    if debt is None:
        raise DebtNotFound
    if debt.state is State.OPEN:
        debt.state = State.CLOSED
        debt.closed_at = debt.changed_at = now
        session.flush()
        _tell(session, revised=[], closed=[about(debt.id)], now=now)
    return debt.id


def still_owed(session: Session, abouts: Collection[str]) -> set[str]:
    """Answer the question `debt_open`: those of these subjects (`debt:<id>`) that are still owed."""
    ids = {uuid.UUID(one.removeprefix("debt:")): one for one in abouts}
    return {ids[debt_id] for debt_id in queries.open_among(session, ids)}


def mine(session: Session, *, workshop_id: uuid.UUID, today: date) -> DebtPage:
    """Give all that a workshop owes as of today. Raises organisation's NoRule."""
    rates = rates_of(session)
    items = [
        _out(debt, total=sum_of(debt, rates, today)[1])
        for debt in queries.of_workshop(session, workshop_id)
    ]
    return DebtPage(
        items=items, count=len(items), total=sum(item.total for item in items), as_of=today
    )


def show(
    session: Session, *, workshop_id: uuid.UUID, debt_id: uuid.UUID, today: date
) -> DebtDetails:
    """Explain a debt of a workshop; raises DebtNotFound, for another's debt too, and NoRule."""
    debt = queries.one_of_workshop(session, workshop_id, debt_id)
    if debt is None:
        raise DebtNotFound
    workshop = employers.labels_of(session, [workshop_id])[workshop_id]
    lines, total = sum_of(debt, rates_of(session), today)
    return DebtDetails(
        **_out(debt, total=total).model_dump(),
        number=debt.number,
        workshop=f"{mask_workshop(workshop.code)} {workshop.name}",
        reason=debt.reason,
        issued_on=debt.issued_on,
        due_on=debt.due_on,
        lines=[LineOut(code=one.code, amount=one.amount, facts=dict(one.facts)) for one in lines],
        as_of=today,
    )


def _values(row: DebtRow, workshop_id: uuid.UUID) -> dict[str, Any]:
    return {
        "number": row.number,
        "workshop_id": workshop_id,
        "reason": row.reason,
        "period_from": str(row.period_from),
        "period_to": str(row.period_to),
        "principal": row.principal,
        "list_fine": row.list_fine,
        "paid": row.paid,
        "kind": row.kind,
        "step": row.step,
        "issued_on": row.issued_on,
        "due_on": row.due_on,
        "objection_until": row.objection_until,
        "state": row.state,
    }


def _tell(
    session: Session, *, revised: Sequence[str], closed: Sequence[str], now: datetime
) -> None:
    if revised:
        events.tell(session, DebtsRevised(tuple(revised), now))
    if closed:
        events.tell(session, DebtsClosed(tuple(closed), now))


def _out(debt: Debt, *, total: Rials) -> DebtOut:
    return DebtOut(
        id=debt.id,
        number_tail=debt.number[-4:],
        period_from=debt.period_from,
        period_to=debt.period_to,
        total=total,
        objection_until=debt.objection_until,
        state=debt.state,
        step=debt.step,
        kind=debt.kind,
    )
