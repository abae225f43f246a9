"""Bill ids, payment ids, and whole thousands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bills import rules
from api.bills.rules import BadNumbers, Fault
from api.kit.calendar import Month
from tests.vectors import cases

CASES = cases("bill_payment")
PERIOD = Month(1405, 8)


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one['bill_id']} {one['payment_id']}")
def test_numbers_are_read_or_refused_as_the_vectors_say(case):
    if not case["valid"]:
        with pytest.raises(BadNumbers) as refused:
            rules.parse(case["bill_id"], case["payment_id"])
        if case.get("reason") in set(Fault):
            assert refused.value.fault == case["reason"]
        return
    said = rules.parse(case["bill_id"], case["payment_id"])
    if "parts" in case:
        assert said == rules.Numbers(
            file_code=case["parts"]["file_code"],
            company_code=case["parts"]["company_code"],
            service_type=case["parts"]["service_type"],
            amount=case["parts"]["amount_rial"],
            year_digit=case["parts"]["year_digit"],
            period=case["parts"]["period"],
        )


@pytest.mark.parametrize(
    "case",
    [one for one in CASES if "parts" in one and one["valid"]],
    ids=lambda one: f"{one['bill_id']} {one['payment_id']}",
)
def test_numbers_are_made_as_the_vectors_say(case):
    parts = case["parts"]
    assert (
        rules.bill_id(parts["file_code"], parts["company_code"], parts["service_type"])
        == case["bill_id"]
    )
    month = Month(1400 + parts["year_digit"], parts["period"])
    assert rules.payment_ids(case["bill_id"], parts["amount_rial"], month) == (case["payment_id"],)


def test_padding_with_zeros_changes_no_number():
    padded = rules.parse("0026610704661", "0005170650720")
    assert padded == rules.parse("26610704661", "5170650720")


@pytest.mark.parametrize(
    ("bill_id", "payment_id"),
    [
        ("", ""),
        ("12345", "1070189"),
        ("7748317800142", "۱۷۷۰۱۶۰"),
        ("7748317800142", "0000000000000"),
    ],
)
def test_numbers_of_another_form_are_refused(bill_id, payment_id):
    with pytest.raises(BadNumbers) as refused:
        rules.parse(bill_id, payment_id)
    assert refused.value.fault is Fault.FORM


def test_file_code_loses_its_leading_zeros():
    assert rules.bill_id("00000042", "998", "9") == rules.bill_id("42", "998", 9)


@pytest.mark.parametrize(
    ("file", "company", "kind"),
    [("", "998", "9"), ("00000000", "998", "9"), ("123456789", "998", "9"), ("12", "98", "9"),
     ("12", "998", "10"), ("12a", "998", "9"), ("۱۲", "998", "9")],
)  # fmt: skip
def test_codes_of_another_form_make_no_bill_id(file, company, kind):
    with pytest.raises(ValueError, match="file code"):
        rules.bill_id(file, company, kind)


@pytest.mark.parametrize("amount", [0, -1000, 4_250_500])
def test_only_whole_thousands_have_a_payment_id(amount):
    with pytest.raises(ValueError, match="thousands"):
        rules.payment_ids("42998925", amount, PERIOD)


@given(
    thousands=st.integers(1, 4 * rules.MOST_THOUSANDS),
    file=st.integers(1, 99_999_999),
    year=st.integers(1400, 1419),
    month=st.integers(1, 12),
)
def test_payment_ids_cover_the_bill_and_differ(thousands, file, year, month):
    bill_id = rules.bill_id(str(file), "998", "9")
    made = rules.payment_ids(bill_id, thousands * 1000, Month(year, month))
    said = [rules.parse(bill_id, one) for one in made]
    assert sum(one.amount for one in said) == thousands * 1000
    assert len(set(made)) == len(made) == -(-thousands // rules.MOST_THOUSANDS) or len(made) == 5
    assert {(one.year_digit, one.period) for one in said} == {(year % 10, month)}
    assert all(len(one) <= 13 for one in (bill_id, *made))


@pytest.mark.parametrize(
    ("amount", "count"),
    [(99_999_999_000, 1), (100_000_000_000, 2), (199_999_997_000, 2), (199_999_998_000, 3)],
)
def test_bill_above_the_limit_has_several_payment_ids_of_unequal_amounts(amount, count):
    made = rules.payment_ids("42998925", amount, PERIOD)
    assert len(made) == len(set(made)) == count


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=24))
def test_no_rial_is_lost_between_bills(months):
    billed = carried = 0
    for assessed in months:
        amount, carried = rules.to_thousands(assessed, carried)
        assert amount % 1000 == 0
        assert 0 <= carried < 1000
        billed += amount
    assert billed + carried == sum(months)
