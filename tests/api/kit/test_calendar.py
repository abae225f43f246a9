"""Jalali days and months, Tehran's day, deadlines."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from icu4py.messageformat import MessageFormat

from api.kit import calendar
from api.kit.calendar import BadDate, Month, from_jalali, jalali, parse_day
from tests.vectors import cases, vectors

CALENDAR = vectors("jalali_calendar")
DUE = vectors("due_dates")


@pytest.mark.parametrize("case", CALENDAR["cases"], ids=lambda case: case["jalali"])
def test_days_agree_with_the_vectors(case):
    day = date.fromisoformat(case["gregorian"])
    assert jalali(day) == tuple(map(int, case["jalali"].split("-")))
    assert parse_day(case["jalali"]) == parse_day(case["compact8"]) == day


def test_leap_years_agree_with_the_vectors():
    leap = [year for year in range(1370, 1430) if Month(year, 12).last_day == _thirtieth(year)]
    assert leap == CALENDAR["leap_years_1370_1429"]


def _thirtieth(year: int) -> date | None:
    try:
        return from_jalali(year, 12, 30)
    except BadDate:
        return None


@pytest.mark.parametrize("case", CALENDAR["invalid_dates"], ids=lambda case: case["jalali"])
def test_a_day_that_does_not_exist_is_refused(case):
    expected = {"1404-12-30": "not_leap", "1404-07-31": "day"}.get(case["jalali"], "month")
    with pytest.raises(BadDate) as refused:
        parse_day(case["jalali"])
    assert refused.value.reason == expected


@pytest.mark.parametrize(
    "text", ["۱۴۰۵/۰۷/۲۱", "1405-07-21", "14050721", " 1405/7/21 ", "١٤٠٥.٧.٢١"]
)
def test_a_day_is_read_as_people_write_it(text):
    assert parse_day(text) == date(2026, 10, 13)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "form"),
        ("21 Mehr", "form"),
        ("1405/07-21", "form"),
        ("05/07/21", "form"),
        ("2026-10-13", "year"),
        ("1405-07-00", "day"),
        ("1405-00-01", "month"),
    ],
)
def test_another_text_is_refused_with_its_reason(text, reason):
    with pytest.raises(BadDate) as refused:
        parse_day(text)
    assert refused.value.reason == reason


def test_every_day_agrees_with_the_oracle_over_a_century():
    pattern = MessageFormat("{day,date,yyyy-MM-dd}", "en_US@calendar=persian")
    seeded = random.Random(1405)
    for _each in range(3000):
        day = date(1950, 1, 1) + timedelta(days=seeded.randrange(150 * 365))
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        year, month, of_month = map(int, str(pattern.format({"day": noon})).split("-"))
        assert jalali(day) == (year, month, of_month)
        assert from_jalali(year, month, of_month) == day


def test_the_day_is_tehrans():
    before_midnight = datetime(2026, 10, 13, 20, 29, tzinfo=UTC)
    assert calendar.today(before_midnight) == date(2026, 10, 13)
    assert calendar.today(before_midnight + timedelta(minutes=1)) == date(2026, 10, 14)
    # Summer time, abolished in 1401, still moves older instants.
    assert calendar.today(datetime(2020, 7, 1, 19, 30, tzinfo=UTC)) == date(2020, 7, 2)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        calendar.today(datetime(2026, 10, 13, 12))  # noqa: DTZ001


def test_a_deadline_ends_when_tehrans_day_does():
    end = calendar.end_of_day(date(2026, 10, 22))
    assert end.astimezone(UTC) == datetime(2026, 10, 22, 20, 30, tzinfo=UTC)


def test_a_deadline_on_the_night_summer_time_began_is_that_instant():
    end = calendar.end_of_day(date(2021, 3, 21))
    assert end.astimezone(UTC) == datetime(2021, 3, 21, 20, 30, tzinfo=UTC)


def test_months_are_counted_across_years():
    assert Month(1405, 11).plus(3) == Month(1406, 2)
    assert Month(1405, 2).plus(-2) == Month(1404, 12)
    assert Month(1404, 12) < Month(1405, 1)


def test_a_month_is_written_and_read_the_same():
    assert str(Month(1405, 5)) == "1405-05"
    assert (
        Month.parse("1405-05") == Month.parse("۱۴۰۵/۰۵") == Month.parse("140505") == Month(1405, 5)
    )
    assert Month.of(date(2026, 10, 13)) == Month(1405, 7)


@pytest.mark.parametrize(
    ("text", "reason"), [("1405-13", "month"), ("05-1405", "form"), ("2026-10", "year")]
)
def test_a_month_that_is_none_is_refused(text, reason):
    with pytest.raises(BadDate) as refused:
        Month.parse(text)
    assert refused.value.reason == reason


def test_a_month_later_is_a_jalali_month_cut_to_its_length():
    assert calendar.add_months(from_jalali(1405, 6, 31), 1) == from_jalali(1405, 7, 30)
    assert calendar.add_months(from_jalali(1404, 11, 30), 1) == from_jalali(1404, 12, 29)
    assert calendar.add_months(from_jalali(1405, 7, 15), 12) == from_jalali(1406, 7, 15)
    assert calendar.add_months(from_jalali(1405, 7, 30), -1) == from_jalali(1405, 6, 30)


@pytest.mark.parametrize(
    "case", cases("due_dates"), ids=lambda case: f"{case['period']} {case['rule']}"
)
def test_due_days_agree_with_the_vectors(case):
    holidays = {parse_day(day) for day in DUE["holidays"]}
    period = Month.parse(case["period"])
    months_later = {"standard": 1, "small_workshop": 2}[case["rule"]]
    assert period.plus(months_later).last_day == date.fromisoformat(case["last_day_gregorian"])
    due = calendar.due_day(period, holidays, months_later=months_later)
    assert due == date.fromisoformat(case["effective_gregorian"])
    assert due == parse_day(case["effective"])


def test_other_rest_days_can_be_given():
    thursday = date(2026, 10, 22)
    assert calendar.working_day_from(thursday, (), rest_weekdays=(3, 4)) == date(2026, 10, 24)
