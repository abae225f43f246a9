"""What is typed on the way to a linked chat."""

import pytest

from bots.dialogues.meeting import a_code, a_month
from bots.talk import Unclear


@pytest.mark.parametrize(
    "typed",
    [
        "1398/04",
        "1398/4",
        "1398-04",
        "1398 4",
        "139804",
        "04/1398",
        "1398/04/19",
        "13980419",
        "۱۳۹۸/۰۴",
        "١٣٩٨/٤",
        "تیر ۱۳۹۸",
        "تیرماه ۱۳۹۸",
        "تیر ماه ۱۳۹۸",
        "تير 1398",
        "۱۹ تیر ۱۳۹۸",
        "1398 تیر",
        "Tir 1398",
        "tir, 1398",
        "تیر ۹۸",
        "Tir 98",
        "شهر تير ١٣٩٨",
        "پووشپەڕ ١٣٩٨",
        "پووشپەڕی ١٣٩٨",
        "پوشپەر ۹۸",
        "پوشپهری ١٣٩٨",
        "مانگی پووشپەڕی ١٣٩٨",
    ],
)
def test_a_month_is_read_however_it_is_written(typed):
    assert a_month(typed) == "1398-04"


def test_a_short_year_is_of_this_century_until_it_would_be_too_early():
    assert (a_month("آبان ۰۴"), a_month("آبان ۲۹"), a_month("آبان ۳۰")) == (
        "1404-08",
        "1429-08",
        "1330-08",
    )


@pytest.mark.parametrize("typed", ["گوڵانی ١٣٩٨", "بانەمەڕ ١٣٩٨", "أرديبهشت ١٣٩٨", "اردیبهشت ۹۸"])
def test_a_month_with_two_names_is_known_by_both(typed):
    assert a_month(typed) == "1398-02"


@pytest.mark.parametrize(
    "typed",
    ["", "تیر", "98/4", "1398", "1398/13", "1398/00", "2019/07", "1398/4/32", "سه ۱۳۹۸", "1 2 3 4"],
)
def test_what_names_no_month_is_asked_again(typed):
    with pytest.raises(Unclear):
        a_month(typed)


@pytest.mark.parametrize("typed", ["482913", "۴۸۲۹۱۳", "٤٨٢٩١٣", "482 913", "482-913"])
def test_a_code_is_read_in_any_digits(typed):
    assert a_code(typed, digits=6) == "482913"


@pytest.mark.parametrize("typed", ["", "48291", "4829134", "48291x", "four"])
def test_what_is_no_code_is_asked_again_before_anything_is_sent(typed):
    with pytest.raises(Unclear):
        a_code(typed, digits=6)
