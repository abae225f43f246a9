"""What a month of a contract costs, when it is to be paid, and when a contract lapses; pure.

Sources: domain page "Contributions", section 6. Rates and figures come from the rule tables
`contributions`, `contract_rates`, `medical_per_head`, `contract_lapse` and `bill_reminders`.
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Self
from uuid import UUID

from api.kit.calendar import Month, due_day, from_jalali
from api.kit.money import Rials, share

MOST_HEADS = 99
LAST_REMIND_DAY = 29
"""Every month of the Jalali calendar has it."""


class Kind(StrEnum):
    SELF_EMPLOYED = "self_employed"
    VOLUNTARY = "voluntary"


class Cover(StrEnum):
    """What a self-employed person is covered for; a voluntary contract has one cover alone."""

    PENSION = "A"
    PENSION_DEATH = "B"
    PENSION_DEATH_DISABILITY = "C"
    FULL = ""


class State(StrEnum):
    ACTIVE = "active"
    LAPSED = "lapsed"
    ENDED = "ended"


class LineCode(StrEnum):
    """The lines of a monthly bill, in their order."""

    CONTRIBUTION = "contribution"
    """Facts: `percent` and `state_percent` of `base`, `cover`."""
    MEDICAL = "medical"
    """Facts: `heads`, `per_head`."""
    CARRIED = "carried"
    """What the bill before left below a thousand rials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRow:
    """A contract as the organisation lists it; known by `number`; the base is whole rials."""

    number: str
    national_code: str
    kind: Kind
    cover: Cover
    monthly_base: int
    medical_heads: int
    branch_code: str
    starts_on: Month
    ends_on: Month | None
    state: State


@dataclass(frozen=True, slots=True)
class Rate:
    """What the insured pays and what the state adds, in per cent of the base."""

    insured: Decimal
    state: Decimal
    facts: Mapping[str, str]
    """What a line says of it."""

    @classmethod
    def of(cls, cover: Cover, insured: Decimal, state: Decimal) -> Self:
        """Give the rate of a cover, with its facts at hand: they are said half a million times."""
        facts = {"percent": str(insured), "state_percent": str(state), "cover": str(cover)}
        return cls(insured, state, facts)


@dataclass(frozen=True, slots=True)
class Rates:
    """What the months of one period cost."""

    of: Mapping[tuple[Kind, Cover], Rate]
    per_head: int

    @classmethod
    def read(cls, rates: Mapping[str, Any], medical: Mapping[str, Any]) -> Self:
        """Read a version of the rule tables `contract_rates` and `medical_per_head`."""
        return cls(
            {
                (Kind(one["kind"]), cover := Cover(one["cover"])): Rate.of(
                    cover, Decimal(one["insured_percent"]), Decimal(one["state_percent"])
                )
                for one in rates["rates"]
            },
            int(medical["rials_per_head"]),
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which amounts a monthly base is chosen."""

    floor: int
    cap: int

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read a version of the rule table `contributions`."""
        floor = body["minimum_daily_wage"] * body["days_of_month"]
        return cls(floor, floor * body["cap_multiple"])


class Line(NamedTuple):
    """One line of a bill: a code, what it adds, and plain JSON facts that say why."""

    code: LineCode
    amount: Rials
    facts: Mapping[str, Any]


class Assessment(NamedTuple):
    """What a month comes to; the lines add up to what was assessed and what was carried."""

    lines: Sequence[Line]
    assessed: Rials


def assess(
    *, kind: Kind, cover: Cover, monthly_base: int, heads: int, carried: int, rates: Rates
) -> Assessment:
    """Say line by line what one month of a contract comes to, to the rial.

    The contribution is the insured's share of the base, rounded half up; the state's share is not
    billed. `carried` is what the bill before left. KeyError for a cover the rates do not know.
    """
    rate = rates.of[kind, cover]
    contribution = share(monthly_base, rate.insured)
    lines = [
        Line(
            LineCode.CONTRIBUTION,
            contribution,
            {**rate.facts, "base": monthly_base},
        )
    ]
    medical = heads * rates.per_head
    if heads:
        facts = {"heads": heads, "per_head": rates.per_head}
        lines.append(Line(LineCode.MEDICAL, Rials(medical), facts))
    if carried:
        lines.append(Line(LineCode.CARRIED, Rials(carried), {}))
    return Assessment(lines, Rials(contribution + medical))


def lapse_day(period: Month, months: int, holidays: Container[date]) -> date:
    """Give the last day on which an unpaid month can be paid before its contract lapses.

    It is the due day moved on by the months of grace. The sources do not say whether these run
    from the month itself or from its due day: the later is taken, in favour of the insured.
    """
    return due_day(period, holidays, months_later=1 + months)


def days_reminded(last_day: date, days_before: Iterable[int]) -> frozenset[date]:
    """Give the days so many days before a last day."""
    return frozenset(last_day - timedelta(days=days) for days in days_before)


def own_days(remind_day: int | None, first: date, last: date) -> frozenset[date]:
    """Give the days from one to another that are this day of their Jalali month."""
    if remind_day is None:
        return frozenset()
    found = []
    month = Month.of(first)
    while month <= Month.of(last):
        day = from_jalali(month.year, month.month, remind_day)
        if first <= day <= last:
            found.append(day)
        month = month.plus(1)
    return frozenset(found)


def owes_word(slot: date, today: date, days: Collection[date]) -> bool:
    """Whether the run of a slot owes a word that is said on these days.

    A slot that runs late owes it still until the next of the days: from then on that one says the
    same better. So of slots that run late together only the last one speaks.
    """
    return slot in days and not any(slot < day <= today for day in days)


def about(contract_id: UUID) -> str:
    """Name a contract as the subject of its bills."""
    return f"contract:{contract_id}"


def fault(row: ContractRow, rates: Rates) -> tuple[str, str] | None:
    """Name the column and the reason for which a row cannot be a contract; None for a sound one."""
    if not row.number.strip("0"):
        # No bill id can be made of it: one such contract would stop the bills of all.
        return "number", "zeros"
    if (row.kind, row.cover) not in rates.of:
        return "cover", "cover"
    if row.ends_on is not None and row.ends_on < row.starts_on:
        return "ends_on", "before_starts_on"
    return None


def stays_lapsed(row: ContractRow, starts_on: Month) -> bool:
    """Whether a row that names a lapsed contract of this first month active does not revive it.

    Lists are made before the night in which a contract lapses, and come again: only who takes it
    up anew, from a later first month, means it.
    """
    return row.state is State.ACTIVE and row.starts_on <= starts_on


def base_fault(monthly_base: int, bounds: Bounds) -> tuple[str, str] | None:
    """Say how a base lies outside of what may be chosen; None for one inside."""
    if monthly_base < bounds.floor:
        return "monthly_base", "below_floor"
    if monthly_base > bounds.cap:
        return "monthly_base", "above_cap"
    return None


def paid_until(months: Sequence[tuple[str, bool]]) -> str | None:
    """Give the last month before the first unpaid one, of months and whether each is paid."""
    until = None
    for month, paid in sorted(months):
        if not paid:
            break
        until = month
    return until
