"""How days become a record: months of one person merged, totals, gaps; pure.

Source: domain page "Services", section 5.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Self
from uuid import UUID

from api.kit.calendar import Month

DAYS_A_MONTH = 30
"""In totals thirty days make a month, whatever the calendar says; told beside the figure."""

MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A month at a workplace as the registry lists it; known by the first three."""

    national_code: str
    month: Month
    source_code: str
    """The workplace's code."""
    place_name: str
    days: int
    wage: int | None = None
    """The whole month's, in rials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMonth:
    """A month that somebody earned; known by the first three."""

    person_id: UUID
    month: Month
    source: str
    """`workshop:<code>` or `contract:<id>`."""
    days: int
    wage: int | None = None
    place_name: str
    branch_code: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """So many days, and what they make."""

    all_days: int

    @classmethod
    def of(cls, days: Mapping[Month, int]) -> Self:
        """Add merged months up."""
        return cls(sum(days.values()))

    @property
    def years(self) -> int:
        return self.all_days // (DAYS_A_MONTH * MONTHS_A_YEAR)

    @property
    def months(self) -> int:
        return self.all_days // DAYS_A_MONTH % MONTHS_A_YEAR

    @property
    def days(self) -> int:
        return self.all_days % DAYS_A_MONTH


@dataclass(frozen=True, slots=True)
class Gap:
    """Months in a row without an insured day, both ends counted."""

    since: Month
    until: Month

    @property
    def months(self) -> int:
        return _number(self.until) - _number(self.since) + 1


def merged(month: Month, days: Iterable[int]) -> int:
    """Add up the days of one month from several places; a month has no more than its length."""
    return min(sum(days), month.days)


def is_full(month: Month, days: Mapping[Month, int]) -> bool:
    """Say whether a record has all days of a month, so that another source adds none."""
    return days.get(month, 0) >= month.days


def gaps(days: Mapping[Month, int]) -> list[Gap]:
    """Find the months without a day between the first month with one and the last."""
    insured = sorted(month for month, count in days.items() if count)
    return [
        Gap(before.plus(1), after.plus(-1))
        for before, after in pairwise(insured)
        if before.plus(1) < after
    ]


def years(days: Mapping[Month, int]) -> Iterator[tuple[int, list[int | None]]]:
    """Lay the months out by year, from the first to the last: twelve cells, None where is no row."""
    if not days:
        return
    for year in range(min(days).year, max(days).year + 1):
        yield year, [days.get(Month(year, number)) for number in range(1, MONTHS_A_YEAR + 1)]


def fault(month: Month, days: int, today: date) -> tuple[str, str] | None:
    """Say which fact of a row cannot be, and why; None for a sound row."""
    if not 0 <= days <= month.days:
        return "days", "days_of_month"
    if month > Month.of(today):
        return "month", "in_the_future"
    return None


def _number(month: Month) -> int:
    return month.year * MONTHS_A_YEAR + month.month
