"""Who is still a child."""

from datetime import date, timedelta

import pytest

from api.kit.calendar import from_jalali
from api.people.rules import is_under_age

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("born", "birthday"),
    [
        ((1387, 9, 12), (1405, 9, 12)),
        # 1405 is no leap year: its Esfand has 29 days.
        ((1387, 12, 30), (1405, 12, 29)),
        ((1391, 12, 30), (1409, 12, 29)),
        ((1390, 1, 1), (1408, 1, 1)),
    ],
)
def test_child_is_of_age_on_the_eighteenth_jalali_birthday(
    born: tuple[int, int, int], birthday: tuple[int, int, int]
):
    birth, of_age = from_jalali(*born), from_jalali(*birthday)
    assert is_under_age(birth, of_age - DAY)
    assert not is_under_age(birth, of_age)


def test_nobody_can_say_it_of_an_unknown_birth():
    assert not is_under_age(None, date(2026, 12, 2))
