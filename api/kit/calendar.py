"""The Jalali calendar, Tehran's day, and deadlines.

Legal dates are plain `date`s; instants are aware `datetime`s; a statement's period is a `Month`.
Nothing here asks what time it is. Source: domain page "Calendar, numbers, Persian text".
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from persiantools.jdatetime import JalaliDate

from api.kit.text import ascii_digits, normalise

TEHRAN = ZoneInfo("Asia/Tehran")

# As `date.weekday` counts them; the week of Iran begins on Saturday and rests on Friday.
FRIDAY, SATURDAY = 4, 5

# Years in which the arithmetic rule and the astronomers agree (from 1277), and far enough ahead.
_FIRST_YEAR, _LAST_YEAR = 1277, 1498
_WRITTEN_DAY = re.compile(r"([0-9]{4})(?:([/.\-])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2}))")
_WRITTEN_MONTH = re.compile(r"([0-9]{4})[/.\-]?([0-9]{2})")


class BadDate(ValueError):
    """No such day; `reason` is form, year, month, day or not_leap."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def today(now: datetime) -> date:
    """Tell Tehran's day at an aware instant; a naive one raises ValueError."""
    if now.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return now.astimezone(TEHRAN).date()


def end_of_day(day: date) -> datetime:
    """Tell the instant at which a deadline ends: 24:00 of that day in Tehran."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=TEHRAN)


@lru_cache(maxsize=4096)
def jalali(day: date) -> tuple[int, int, int]:
    """Give (year, month, day) of the Jalali calendar."""
    found = JalaliDate(day)  # type: ignore[no-untyped-call]
    return found.year, found.month, found.day


@lru_cache(maxsize=4096)
def from_jalali(year: int, month: int, day: int) -> date:
    """Give the day of a Jalali date; BadDate where there is none."""
    if not 1 <= day <= _length(year, month):
        not_leap = (month, day) == (12, 30)
        raise BadDate("not_leap" if not_leap else "day")
    found: date = JalaliDate(year, month, day).to_gregorian()  # type: ignore[no-untyped-call]
    return found


def parse_day(text: str) -> date:
    """Read ۱۴۰۵/۰۷/۲۱, 1405-7-21 or 14050721; BadDate says what is wrong with another text."""
    found = _WRITTEN_DAY.fullmatch(ascii_digits(normalise(text)))
    if found is None:
        raise BadDate("form")
    year, _, month, day, short_month, short_day = found.groups()
    return from_jalali(int(year), int(month or short_month), int(day or short_day))


def _length(year: int, month: int) -> int:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise BadDate("year")
    if not 1 <= month <= 12:
        raise BadDate("month")
    if month <= 6:
        return 31
    return 30 if month < 12 or JalaliDate.is_leap(year) else 29


# A record of thirty years, or a slice of debts, says the same few months over and over.
@lru_cache(maxsize=4096)
def _written_month(text: str) -> tuple[int, int]:
    found = _WRITTEN_MONTH.fullmatch(ascii_digits(normalise(text)))
    if found is None:
        raise BadDate("form")
    return int(found[1]), int(found[2])


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A Jalali month: the period of a statement, a bill or a debt. BadDate if there is none."""

    year: int
    month: int

    def __post_init__(self) -> None:
        _length(self.year, self.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ۱۴۰۵/۰۵, 1405-05 or 140505; BadDate says what is wrong with another text."""
        return cls(*_written_month(text))

    @classmethod
    def of(cls, day: date) -> Self:
        """Give the month a day lies in."""
        year, month, _ = jalali(day)
        return cls(year, month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def plus(self, months: int) -> Self:
        """Give the month so many months later, or earlier when negative."""
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return type(self)(years, month + 1)

    @property
    def first_day(self) -> date:
        return from_jalali(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return from_jalali(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        return _length(self.year, self.month)


def add_months(day: date, months: int) -> date:
    """Go so many Jalali months on; where the month is too short, to its last day."""
    target = Month.of(day).plus(months)
    return min(target.first_day + timedelta(days=jalali(day)[2] - 1), target.last_day)


def working_day_from(
    day: date, holidays: Container[date], *, rest_weekdays: Container[int] = (FRIDAY,)
) -> date:
    """Give the first day from this one on that is neither a weekly rest nor a holiday."""
    while day.weekday() in rest_weekdays or day in holidays:
        day += timedelta(days=1)
    return day


def due_day(period: Month, holidays: Container[date], *, months_later: int = 1) -> date:
    """Give the last day for a period's statement and contribution.

    It is the last day of the following month (of the second one where a small workplace is exempt:
    `months_later=2`), moved past Fridays and holidays. Social Security Act, article 39.
    """
    return working_day_from(period.plus(months_later).last_day, holidays)
