"""Jalali days, with nothing but arithmetic."""

from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)
# A day both calendars agree on: 1 Farvardin 1400.
ANCHOR = (1400, date(2021, 3, 21))


@dataclass(frozen=True, order=True)
class Day:
    """A day of the Jalali calendar, printed as 1405/09/11."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.year}/{self.month:02}/{self.day:02}"

    @property
    def period(self) -> str:
        """The month as debts name it, 1405-09."""
        return f"{self.year}-{self.month:02}"


def is_leap(year: int) -> bool:
    """The rule of the domain page, right for every year met here (1206-1498)."""
    return (25 * year + 11) % 33 < 8


def length(year: int, month: int) -> int:
    if month <= 6:
        return 31
    return 30 if month <= 11 or is_leap(year) else 29


def jalali(day: date) -> Day:
    """Answer a Gregorian day in the Jalali calendar."""
    year, start = ANCHOR
    while day < start:
        year -= 1
        start -= timedelta(365 + is_leap(year))
    while day >= (after := start + timedelta(365 + is_leap(year))):
        year, start = year + 1, after
    left, month = (day - start).days, 1
    while left >= length(year, month):
        left -= length(year, month)
        month += 1
    return Day(year, month, left + 1)


def months_before(day: Day, months: int) -> Day:
    """Answer the first day of the month so many months earlier."""
    count = day.year * 12 + day.month - 1 - months
    return Day(count // 12, count % 12 + 1, 1)
