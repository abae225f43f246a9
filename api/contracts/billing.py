"""The job `bills`: one month of every contract in force, slice by slice.

A slice reads contracts by their ids, judges them with the rules and issues its bills in the
transaction of the caller. The month is the one before the slot's, and a contract knows its last
billed month: a run that is repeated, late or taken over issues nothing twice.

Reading and judging takes most of a slice's time and needs no turn to write. `bill_ahead` does it
before that; in the turn the contracts are held, and judged again if they are not as they were.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.bills import rules as bill_rules
from api.bills import service as bills
from api.bills.rules import NewBill, Purpose
from api.contracts import queries
from api.contracts.rules import Assessment, Rates, about, assess
from api.kit.calendar import Month, due_day
from api.kit.slices import SIZE, Slice
from api.organisation import service as organisation

SLICE = SIZE // 4
"""A bill is three rows and some rules: on SQLite, whose one write lock is held meanwhile, so many keep
the other writers' p99 under a tenth of a second."""

_FAR = timedelta(days=60)
"""Longer than any row of holidays after the last day of a month."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """Contracts (rows of `queries.unbilled`), their bills, and what each carries on."""

    rows: Sequence[Any]
    bills: bills.Ready
    rests: Mapping[UUID, int]


def bill(
    session: Session,
    *,
    slot: date,
    after: str | None,
    now: datetime,
    limit: int = SLICE,
    judged: _Judged | None = None,
) -> Slice:
    """Issue the bills of the month before the slot's to contracts in force that have none for it.

    What is below a thousand rials is carried to the next month. `judged` is of `bill_ahead`.
    Raises organisation's NoRule.
    """
    if judged is None:
        judged = _judge_next(session, slot, after, now, limit)
    seen = judged.rows
    if not seen:
        return Slice(0, None)
    period = str(Month.of(slot).plus(-1))
    held = queries.unbilled_among(session, period, [row.id for row in seen])
    if held != seen:
        judged = _judge(session, held, slot, now)
    issued = bills.issue_ready(session, judged.bills, now)
    queries.keep_billed(session, judged.rests, period)
    return Slice(len(seen), str(seen[-1].id) if len(seen) == limit else None, issued)


def bill_ahead(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int = SLICE
) -> Callable[..., Slice]:
    """Read and judge the next slice; gives `bill`, to be called for the same slice.

    It writes nothing. Raises organisation's NoRule.
    """
    return partial(bill, limit=limit, judged=_judge_next(session, slot, after, now, limit))


def _judge_next(
    session: Session, slot: date, after: str | None, now: datetime, limit: int
) -> _Judged:
    period = str(Month.of(slot).plus(-1))
    rows = queries.unbilled(session, period, after=after, limit=limit)
    return _judge(session, rows, slot, now)


def _judge(session: Session, rows: Sequence[Any], slot: date, now: datetime) -> _Judged:
    new = bills_of(session, rows, Month.of(slot).plus(-1), slot)
    rests = {one.payer_of: one.carried for one in new}
    return _Judged(rows, bills.prepare(session, new, now), rests)


def bills_of(
    session: Session, rows: Sequence[Any], period: Month, issued_on: date
) -> Sequence[NewBill]:
    """Judge contracts (rows of `queries.unbilled`) by the rules of a month; writes nothing."""
    rates = rates_on(session, period.last_day)
    due_on = due_of(session, period)
    month = str(period)
    new = []
    for row in rows:
        found = assess(
            kind=row.kind,
            cover=row.cover,
            monthly_base=row.monthly_base,
            heads=row.medical_heads,
            carried=row.carried,
            rates=rates,
        )
        amount, carried = bill_rules.to_thousands(found.assessed, row.carried)
        new.append(
            NewBill(
                person_id=row.person_id,
                payer_of=row.id,
                about=about(row.id),
                purpose=Purpose.CONTRIBUTION,
                period=month,
                file_code=row.number,
                assessed=found.assessed,
                amount=amount,
                carried=carried,
                lines=_lines(found),
                issued_on=issued_on,
                due_on=due_on,
            )
        )
    return new


def rates_on(session: Session, day: date) -> Rates:
    """Give what a month costs by the rules of a day. Raises organisation's NoRule."""
    return Rates.read(
        organisation.rules_on(session, "contract_rates", day),
        organisation.rules_on(session, "medical_per_head", day),
    )


def due_of(session: Session, period: Month) -> date:
    """Give the last day to pay a month: that of the next one, moved past holidays."""
    last = period.plus(1).last_day
    return due_day(period, organisation.holidays_between(session, last, last + _FAR))


def _lines(found: Assessment) -> list[dict[str, Any]]:
    return [{"code": line.code, "amount": line.amount, "facts": line.facts} for line in found.lines]
