"""What a debt comes to, when it counts as a new one, and when its contacts are reminded; pure.

Sources: domain page "Contributions", sections 3 and 4. Rates come from the rule table `debt_fines`,
with the days on which each was in force.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import count
from typing import Any, Self
from uuid import UUID

from api.kit.calendar import Month, add_months
from api.kit.money import Rials, share

LARGEST = 2**63 - 1
"""What a column of 64 bits holds; an amount above it is no amount."""


class Kind(StrEnum):
    """Whether the sum may still change (برآوردی) or stands (قطعی)."""

    ESTIMATED = "estimated"
    DEFINITE = "definite"


class Step(StrEnum):
    """How far a debt has come on its way from the notice to the enforcement order."""

    NOTICE = "notice"
    OBJECTION = "objection"
    RULING = "ruling"
    ENFORCEMENT = "enforcement"


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class LineCode(StrEnum):
    """The lines of an explanation, in their order."""

    PRINCIPAL = "principal"
    LIST_FINE = "list_fine"
    """Facts: `percent` and `base` where the sum is what the rule gives; none where it was set."""
    LATE_FINE = "late_fine"
    """Facts: `percent` a month, `months`, `base`, and the `first_day` from which they count."""
    ENFORCEMENT_FEE = "enforcement_fee"
    """Facts: `percent`, `base`."""
    PAID = "paid"
    """Its amount is below zero."""


class NoRate(LookupError):
    """No version of the fines is in force on `day`."""

    def __init__(self, day: date) -> None:
        super().__init__(str(day))
        self.day = day


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtRow:
    """A debt as the organisation's systems list it; known by `number`; amounts are whole rials."""

    number: str
    workshop_code: str
    reason: str
    period_from: Month
    period_to: Month
    principal: int
    list_fine: int
    paid: int
    kind: Kind
    step: Step
    issued_on: date
    due_on: date
    objection_until: date
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """What the sum of a debt depends on."""

    principal: int
    list_fine: int
    paid: int
    kind: Kind
    step: Step
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The fines in force from one day to another (None: on and on); rates are per cent."""

    valid_from: date
    valid_to: date | None
    late_payment: Decimal
    started_month_counts: bool
    list_fine: Decimal
    enforcement_fee: Decimal

    @classmethod
    def of(cls, valid_from: date, valid_to: date | None, body: Mapping[str, Any]) -> Self:
        """Read a version of the rule table `debt_fines`."""
        return cls(
            valid_from=valid_from,
            valid_to=valid_to,
            late_payment=Decimal(body["late_payment_percent_per_month"]),
            started_month_counts=bool(body["started_month_counts"]),
            list_fine=Decimal(body["list_percent"]),
            enforcement_fee=Decimal(body["enforcement_fee_percent"]),
        )

    def hold_on(self, day: date) -> bool:
        """Whether these are the rates of a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation: a code, what it adds, and plain JSON facts that say why."""

    code: LineCode
    amount: Rials
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LateMonths:
    """Months of delay in a row that share a rate; the first of them begins on `first_day`."""

    rates: Rates
    months: int
    first_day: date


def explain(debt: Owing, rates: tuple[Rates, ...], today: date) -> tuple[tuple[Line, ...], Rials]:
    """Say line by line what an open debt comes to today; the lines add up to the total.

    - Late payment: so many per cent of the unpaid definite debt for each month of delay, each month
      at the rate of its first day (fines law of 1373, art. 1, note 2). What was paid is taken off
      the principal first, for all months: the row does not say when it was paid.
    - The list's fine is what the row says (note 1).
    - Enforcement fee: of the unpaid principal, at the rate of today, once the order is out.
    - A surplus is not shown: the total is never below zero.

    Raises NoRate.
    """
    unpaid = _unpaid(debt)
    lines = [Line(LineCode.PRINCIPAL, Rials(debt.principal), {})]
    if debt.list_fine:
        lines.append(_list_fine(debt, rates))
    for late, fine in _late_fines(debt, rates, today):
        facts = {
            "percent": str(late.rates.late_payment),
            "months": late.months,
            "base": unpaid,
            "first_day": late.first_day.isoformat(),
        }
        lines.append(Line(LineCode.LATE_FINE, fine, facts))
    fee = _enforcement_fee(debt, rates, today)
    if fee is not None:
        facts = {"percent": str(rates_on(today, rates).enforcement_fee), "base": unpaid}
        lines.append(Line(LineCode.ENFORCEMENT_FEE, fee, facts))
    owed = sum(line.amount for line in lines)
    if debt.paid:
        lines.append(Line(LineCode.PAID, Rials(-min(debt.paid, owed)), {}))
    return tuple(lines), Rials(sum(line.amount for line in lines))


def total(debt: Owing, rates: tuple[Rates, ...], today: date) -> Rials:
    """Say what an open debt comes to today, as the lines of `explain` do, and none of the reasons.

    Raises NoRate where a rate that the sum needs is missing.
    """
    owed = debt.principal + debt.list_fine - debt.paid
    for _, fine in _late_fines(debt, rates, today):
        owed += fine
    owed += _enforcement_fee(debt, rates, today) or 0
    return Rials(max(owed, 0))


def _unpaid(debt: Owing) -> int:
    return max(debt.principal - debt.paid, 0)


def _late_fines(
    debt: Owing, rates: tuple[Rates, ...], today: date
) -> Sequence[tuple[LateMonths, Rials]]:
    unpaid = _unpaid(debt)
    if not unpaid or debt.kind is not Kind.DEFINITE:
        return ()
    return [
        (late, share(unpaid, late.rates.late_payment * late.months))
        for late in months_late(debt.due_on, rates, today)
    ]


def _enforcement_fee(debt: Owing, rates: tuple[Rates, ...], today: date) -> Rials | None:
    unpaid = _unpaid(debt)
    if not unpaid or debt.step is not Step.ENFORCEMENT:
        return None
    return share(unpaid, rates_on(today, rates).enforcement_fee)


def _list_fine(debt: Owing, rates: tuple[Rates, ...]) -> Line:
    rate = rates_on(debt.due_on, rates).list_fine
    by_rule = debt.list_fine == share(debt.principal, rate)
    facts = {"percent": str(rate), "base": debt.principal} if by_rule else {}
    return Line(LineCode.LIST_FINE, Rials(debt.list_fine), facts)


def rates_on(day: date, rates: tuple[Rates, ...]) -> Rates:
    """Give the rates of a day; raises NoRate."""
    for one in rates:
        if one.hold_on(day):
            return one
    raise NoRate(day)


@lru_cache(maxsize=4096)
def months_late(due_on: date, rates: tuple[Rates, ...], today: date) -> tuple[LateMonths, ...]:
    """Count the months of delay after the due day, by the rates of each month's first day.

    A month of delay runs from one day of the Jalali calendar to the same day of the next. Whether
    one that has only begun counts is the rule's word. Raises NoRate.
    """
    runs: list[LateMonths] = []
    for first_day, next_first_day in _months_after(due_on):
        if first_day > today:
            break
        its = rates_on(first_day, rates)
        if next_first_day > today and not its.started_month_counts:
            break
        if runs and runs[-1].rates == its:
            runs[-1] = LateMonths(its, runs[-1].months + 1, runs[-1].first_day)
        else:
            runs.append(LateMonths(its, 1, first_day))
    return tuple(runs)


def _months_after(due_on: date) -> Iterator[tuple[date, date]]:
    """Give the first day of each month of delay, and of the one after it."""
    first_day = due_on + timedelta(days=1)
    for month in count(1):
        following = add_months(due_on, month) + timedelta(days=1)
        yield first_day, following
        first_day = following


def about(debt_id: UUID | str) -> str:
    """Name a debt as the subject of notices."""
    return f"debt:{debt_id}"


# What a contact was told of a debt; where none of it changed, nothing new is to be told.
_TOLD = ("principal", "period_from", "period_to", "step", "objection_until")


def is_new_version(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether what its contacts were told of a debt is no longer so (guarantees.md, G3)."""
    return any(before[name] != after[name] for name in _TOLD)


def fault(row: DebtRow) -> tuple[str, str] | None:
    """Name the column and the reason for which a row cannot be a debt; None for a sound one."""
    for name in ("principal", "list_fine", "paid"):
        if not 0 <= getattr(row, name) <= LARGEST:
            return name, "amount"
    for name in ("issued_on", "due_on", "objection_until"):
        try:
            Month.of(getattr(row, name))
        except ValueError:  # BadDate, or a year that the calendar cannot count at all.
            return name, "year"
    if row.period_to < row.period_from:
        return "period_to", "before_period_from"
    if row.objection_until < row.issued_on:
        return "objection_until", "before_issued_on"
    return None


# After an objection, and once an order is out, there is no day to object that could be missed.
_REMINDED = frozenset({Step.NOTICE, Step.RULING})


def reminder_due(
    *,
    objection_until: date,
    step: Step,
    days_before: Collection[int],
    slot: date,
    today: date,
) -> int | None:
    """Tell which reminder the run of a slot owes a debt: so many days before, None for none.

    The reminder of ten days belongs to the slot exactly ten days before the last day to object. A
    slot that runs late owes it still, until the day of the next reminder: from then on that one
    says the same better, and after the last day none is of use.
    """
    days = (objection_until - slot).days
    if step not in _REMINDED or days not in days_before:
        return None
    following = max((other for other in days_before if other < days), default=-1)
    return days if (objection_until - today).days > following else None
