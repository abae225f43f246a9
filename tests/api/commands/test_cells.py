"""What a cell says, or why it says nothing."""

from datetime import date

import pytest

from api.commands import cells
from api.commands.cells import BadCell
from api.debts.rules import Step
from api.kit.calendar import Month
from tests.support import make

CODE = make.new_national_code(5)


@pytest.mark.parametrize(
    ("read", "cell", "fact"),
    [
        (cells.national_code, "".join("۰۱۲۳۴۵۶۷۸۹"[int(digit)] for digit in CODE), CODE),
        (cells.national_code, f" {CODE[:3]}-{CODE[3:]} ", CODE),
        (cells.mobile, "۰۹۹۹ ۱۲۳ ۴۵۶۷", "+989991234567"),
        (cells.workshop_code, "0183630045", "0183630045"),
        (cells.digits(3), "۰۱۸", "018"),
        (cells.words(20), "  علي‌ رضا ", "علی رضا"),
        (cells.one_of(Step), " Notice", Step.NOTICE),
        (cells.day, "۱۴۰۵/۰۹/۱۱", date(2026, 12, 2)),
        (cells.day, "14050911", date(2026, 12, 2)),
        (cells.month, "1405/05", Month(1405, 5)),
        (cells.rials, "۸۲٬۰۰۰٬۰۰۰", 82_000_000),
        (cells.rials, "0", 0),
        (cells.degrees(90), "۳۵٫۶۸۹۲", 35.6892),
        (cells.degrees(180), "-51.5", -51.5),
        (cells.maybe(cells.mobile), "  ", None),
        (cells.maybe(cells.rials, 0), "", 0),
    ],
)
def test_cell_is_read_as_people_and_spreadsheets_write_it(read, cell, fact):
    assert read(cell) == fact


@pytest.mark.parametrize(
    ("read", "cell", "why"),
    [
        (cells.national_code, "", "is empty"),
        (cells.national_code, CODE[:9] + str((int(CODE[9]) + 1) % 10), "wrong check digit"),
        (cells.national_code, "1111111111", "one digit repeated"),
        (cells.national_code, "12345678", "dropped leading zeros"),
        (cells.national_code, "123456789", "has 9 digits instead of 10: the spreadsheet"),
        (cells.national_code, "12345678901", "has 11 digits, not 10"),
        (cells.national_code, "1.23E+09", "format the column as text"),
        (cells.national_code, "رضا", "not made of digits"),
        (cells.workshop_code, "183630045", "dropped leading zeros"),
        (cells.debt_number, "123456789012", "has 12 digits instead of 13"),
        (cells.digits(3), "18", "dropped leading zeros"),
        (cells.digits(3), "0188", "has 4 digits instead of 3"),
        (cells.digits(3), "", "is empty"),
        (cells.mobile, "02188776655", "landline"),
        (cells.mobile, "+14155550100", "no Iranian mobile"),
        (cells.email, "a@b\nBcc: c@d.org", "no e-mail"),
        (cells.employer_no, "10380284792", "wrong check digit"),
        (cells.words(3), "چهار", "longer than 3 letters"),
        (cells.words(3), " \u200f ", "is empty"),
        (cells.one_of(Step), "none", "is none of notice, objection, ruling, enforcement"),
        (cells.day, "1405/13/01", "a month that is none"),
        (cells.day, "1405/12/30", "30 Esfand"),
        (cells.day, "1405/07/31", "a day that the month does not have"),
        (cells.day, "2026-12-02", "no year of the Jalali calendar"),
        (cells.day, "soon", "is no day"),
        (cells.month, "1405", "is no month"),
        (cells.rials, "12.5", "no whole amount"),
        (cells.rials, "-5", "no whole amount"),
        (cells.rials, "1" * 20, "no whole amount"),
        (cells.degrees(90), "91", "no place"),
        (cells.degrees(90), "nan", "no place"),
    ],
)
def test_cell_that_cannot_be_read_says_why_in_plain_words(read, cell, why):
    with pytest.raises(BadCell, match=why.replace("+", r"\+")):
        read(cell)
