"""What a month costs, when a contract lapses, and on which day a word is said."""

from datetime import date

import pytest

from api.contracts import rules
from api.contracts.rules import Cover, Kind, LineCode, Rates, assess
from api.kit.calendar import Month, from_jalali
from api.organisation import reading

TABLES = {one.name: one.body for one in reading.read()}
RATES = Rates.read(TABLES["contract_rates"], TABLES["medical_per_head"])
BASE = 103_909_680


@pytest.mark.parametrize(
    ("contract", "carried", "lines"),
    [
        (("self_employed", "A", BASE, 0), 0, {"contribution": 12_469_162}),
        (("self_employed", "B", BASE, 0), 0, {"contribution": 14_547_355}),
        (("self_employed", "C", BASE, 0), 0, {"contribution": 18_703_742}),
        (("voluntary", "", BASE, 0), 0, {"contribution": 28_055_614}),
        # Exactly half a rial is rounded up, less than half down.
        (("voluntary", "", 50, 0), 0, {"contribution": 14}),
        (("voluntary", "", 49, 0), 0, {"contribution": 13}),
        (
            ("voluntary", "", BASE, 3),
            614,
            {"contribution": 28_055_614, "medical": 114_000, "carried": 614},
        ),
    ],
)
def test_month_comes_to_the_insured_share_the_heads_and_what_was_carried(contract, carried, lines):
    kind, cover, monthly_base, heads = contract
    found = assess(
        kind=Kind(kind),
        cover=Cover(cover),
        monthly_base=monthly_base,
        heads=heads,
        carried=carried,
        rates=RATES,
    )
    assert {str(line.code): line.amount for line in found.lines} == lines
    assert found.assessed == sum(lines.values()) - carried


def test_line_of_the_contribution_says_why():
    (line,) = assess(
        kind=Kind.SELF_EMPLOYED,
        cover=Cover.PENSION,
        monthly_base=BASE,
        heads=0,
        carried=0,
        rates=RATES,
    ).lines
    assert line.code is LineCode.CONTRIBUTION
    assert line.facts == {"percent": "12", "state_percent": "2", "base": BASE, "cover": "A"}


def test_cover_that_has_no_rate_is_no_month():
    with pytest.raises(KeyError):
        assess(
            kind=Kind.VOLUNTARY,
            cover=Cover.PENSION,
            monthly_base=BASE,
            heads=0,
            carried=0,
            rates=RATES,
        )


@pytest.mark.parametrize(
    ("period", "months", "holidays", "last_day"),
    [
        # The last of Mordad 1404 is a Friday.
        ("1404-01", 3, [], "1404-06-01"),
        ("1404-01", 2, [], "1404-04-31"),
        # A month that ends sooner than the one it began from.
        ("1404-05", 3, [], "1404-09-30"),
        # The last day of Esfand, in a common year and in a leap year.
        ("1405-08", 3, [], "1405-12-29"),
        ("1403-08", 3, [], "1403-12-30"),
        # Over the end of the year, past the days of Nowruz and a Friday.
        ("1404-08", 3, ["1404-12-29", "1405-01-01", "1405-01-02", "1405-01-03"], "1405-01-04"),
        ("1405-03", 3, [], "1405-07-30"),
    ],
)
def test_last_day_before_a_contract_lapses(period, months, holidays, last_day):
    closed = {jalali(day) for day in holidays}
    found = rules.lapse_day(Month.parse(period), months, closed)
    assert found == jalali(last_day)
    assert found.weekday() != 4


def jalali(text: str) -> date:
    return from_jalali(*map(int, text.split("-")))


@pytest.mark.parametrize(
    ("slot", "today", "owed"),
    [
        (1, 1, True),
        (1, 4, True),
        # Another word is due by then: it says the same better.
        (1, 5, False),
        (5, 7, True),
        (5, 8, False),
        (8, 8, True),
        (2, 2, False),
        (2, 9, False),
    ],
)
def test_late_slot_speaks_until_the_next_of_its_days(slot, today, owed):
    days = [date(2026, 12, day) for day in (1, 5, 8)]
    assert rules.owes_word(date(2026, 12, slot), date(2026, 12, today), days) is owed


def test_own_day_comes_once_a_jalali_month():
    found = rules.own_days(29, jalali("1404-11-29"), jalali("1405-02-28"))
    assert found == {jalali("1404-11-29"), jalali("1404-12-29"), jalali("1405-01-29")}
    assert rules.own_days(None, jalali("1404-11-29"), jalali("1405-02-28")) == frozenset()


@pytest.mark.parametrize(
    ("base", "fault"),
    [
        (103_909_679, ("monthly_base", "below_floor")),
        (103_909_680, None),
        (727_367_760, None),
        (727_367_761, ("monthly_base", "above_cap")),
    ],
)
def test_base_lies_between_the_minimum_wage_and_its_multiple(base, fault):
    bounds = rules.Bounds.read(
        {"minimum_daily_wage": 3_463_656, "cap_multiple": 7, "days_of_month": 30}
    )
    assert rules.base_fault(base, bounds) == fault


@pytest.mark.parametrize(
    ("months", "until"),
    [
        ([], None),
        ([("1405-05", False)], None),
        ([("1405-05", True), ("1405-06", True)], "1405-06"),
        ([("1405-07", True), ("1405-05", True), ("1405-06", False)], "1405-05"),
    ],
)
def test_paid_until_is_the_last_month_before_the_first_unpaid(months, until):
    assert rules.paid_until(months) == until
