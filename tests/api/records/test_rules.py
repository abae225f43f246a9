"""How days become a record."""

import pytest

from api.kit.calendar import Month
from api.records import rules
from api.records.rules import Gap, Total
from tests.support import make


@pytest.mark.parametrize(
    ("month", "days"),
    [
        (Month(1405, 6), 31),
        (Month(1405, 7), 30),
        (Month(1405, 11), 30),
        (Month(1404, 12), 29),
        (Month(1403, 12), 30),
        (Month(1399, 12), 30),
    ],
)
def test_month_has_at_most_its_length_and_a_leap_esfand_a_day_more(month: Month, days: int):
    assert rules.merged(month, [20, 20]) == days
    assert rules.merged(month, [days]) == days


@pytest.mark.parametrize(
    ("days", "merged"), [([], 0), ([0], 0), ([10, 15], 25), ([31, 31], 31), ([16, 16], 31)]
)
def test_parts_of_a_month_add_up_to_no_more_than_the_month(days: list[int], merged: int):
    assert rules.merged(Month(1405, 1), days) == merged


@pytest.mark.parametrize(
    ("all_days", "total"),
    [
        (0, (0, 0, 0)),
        (29, (0, 0, 29)),
        (30, (0, 1, 0)),
        (359, (0, 11, 29)),
        (360, (1, 0, 0)),
        # A whole calendar year is a year and five days: thirty days make a month.
        (365, (1, 0, 5)),
        (10_000, (27, 9, 10)),
    ],
)
def test_total_counts_thirty_days_a_month(all_days: int, total: tuple[int, int, int]):
    made = Total(all_days)
    assert (made.years, made.months, made.days) == total
    assert made.all_days == all_days


def test_gap_is_between_the_first_month_with_a_day_and_the_last():
    days = {
        Month(1399, 11): 0,
        Month(1399, 12): 30,
        Month(1400, 1): 31,
        Month(1400, 3): 31,
        Month(1400, 4): 0,
        Month(1401, 2): 5,
        Month(1401, 3): 0,
    }
    found = rules.gaps(days)
    assert found == [
        Gap(Month(1400, 2), Month(1400, 2)),
        Gap(Month(1400, 4), Month(1401, 1)),
    ]
    assert [gap.months for gap in found] == [1, 10]


@pytest.mark.parametrize("days", [{}, {Month(1400, 1): 31}, {Month(1400, 1): 0}])
def test_there_is_no_gap_in_one_month(days: dict[Month, int]):
    assert rules.gaps(days) == []


def test_years_have_twelve_cells_and_none_where_nothing_is_on_record():
    days = {Month(1399, 12): 30, Month(1401, 1): 0}
    assert list(rules.years(days)) == [
        (1399, [None] * 11 + [30]),
        (1400, [None] * 12),
        (1401, [0] + [None] * 11),
    ]
    assert list(rules.years({})) == []


@pytest.mark.parametrize(
    ("month", "days", "fault"),
    [
        (Month(1405, 9), 30, None),
        (Month(1405, 10), 30, ("month", "in_the_future")),
        (Month(1404, 12), 30, ("days", "days_of_month")),
        (Month(1403, 12), 30, None),
        (Month(1405, 1), 0, None),
        (Month(1405, 1), -1, ("days", "days_of_month")),
    ],
)
def test_row_that_cannot_be_is_named(month: Month, days: int, fault: tuple[str, str] | None):
    assert rules.fault(month, days, make.TODAY) == fault
