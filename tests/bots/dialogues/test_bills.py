"""What is said of bills and records, and what may be paid together."""

from datetime import timedelta
from itertools import pairwise

import pytest

from api.bills.rules import State
from api.bills.schemas import BillPage
from api.contracts.rules import Kind
from api.kit.language import Language
from api.kit.speech import Speech
from api.records.schemas import RecordOut, TotalOut
from bots.dialogues import records
from bots.dialogues.bill_words import explained, numbers, overview
from bots.dialogues.bills import a_day, ways_to_pay
from bots.talk import Unclear
from tests.bots import insured
from tests.bots.insured import a_bill, a_contract, a_fee, a_record, a_year
from tests.support.make import TODAY

EN = Speech(Language.EN)


def test_months_are_paid_from_the_oldest_on_and_a_fee_alone_or_with_all():
    older, newer, fee = a_bill(2), a_bill(1), a_fee()

    ways = ways_to_pay([older, newer, fee])

    assert list(ways.values()) == [[older], [older, newer], [fee], [older, newer, fee]]


def test_what_is_being_confirmed_is_not_paid_again():
    assert ways_to_pay([a_bill(2, pending=True), a_fee(pending=True)]) == {}
    assert list(ways_to_pay([a_bill(2, pending=True), a_bill(1)]).values()) == [[a_bill(1)]]


def test_no_more_is_paid_together_than_a_page_takes():
    bills = [a_bill(number) for number in range(30, 0, -1)]

    assert max(map(len, ways_to_pay(bills).values())) == 24
    assert max(map(len, ways_to_pay([*bills, a_fee()]).values())) == 24


@pytest.mark.parametrize(("typed", "day"), [("5", "5"), ("05", "5"), ("۲۹", "29"), (" ٧ ", "7")])
def test_a_day_is_read_in_any_digits(typed, day):
    assert a_day(typed) == day


@pytest.mark.parametrize("typed", ["", "0", "30", "5.", "five", "-1", "1" * 200, "²"])
def test_what_is_no_day_of_every_month_is_asked_again(typed):
    with pytest.raises(Unclear):
        a_day(typed)


def test_a_bill_can_be_paid_to_the_end_of_its_last_day():
    on_the_day = insured.explained(a_bill(1, due_on=TODAY))
    after_it = insured.explained(a_bill(1, due_on=TODAY - timedelta(days=1)))

    assert "Last day to pay: Wednesday 11 Azar." in EN.word(explained(on_the_day, TODAY))
    assert "it can still be paid" in EN.word(explained(after_it, TODAY))


@pytest.mark.parametrize("state", [State.SETTLED, State.CANCELLED])
def test_nobody_is_asked_to_pay_what_is_done_with(state):
    said = EN.word(explained(insured.explained(a_bill(1, state=state)), TODAY))

    assert "Last day" not in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (Kind.VOLUNTARY, ("self-employed insurance", "voluntary insurance")),
        (
            Kind.SELF_EMPLOYED,
            ("self-employed insurance, contract *1201", "self-employed insurance, contract *1202"),
        ),
    ],
)
def test_bills_of_two_contracts_are_told_apart(other, names):
    first, second = a_contract(1), a_contract(2, kind=other)
    bills = [a_bill(1, payer_of=first.id), a_bill(1, payer_of=second.id), a_fee()]
    page = BillPage(items=bills, count=3, total=1, as_of=TODAY)

    said = EN.word(overview(page, [first, second])).splitlines()

    assert [line.partition(":")[0] for line in said[1:4]] == [
        *(f"Bill for Aban 1405 ({name})" for name in names),
        "Fee for a booklet",
    ]


def test_bills_of_one_contract_do_not_name_it():
    bills = [a_bill(2), a_bill(1)]
    page = BillPage(items=bills, count=2, total=1, as_of=TODAY)

    said = EN.word(overview(page, [a_contract(1), a_contract(2)])).splitlines()

    assert said[2].startswith("Bill for Aban 1405:")


def test_numbers_to_copy_stand_alone_on_their_lines():
    said = Speech(Language.FA).word(numbers(a_bill(1, payment_ids=["111111", "222222"])))

    assert {"1234567001127", "111111", "222222"} <= set(said.splitlines())


@pytest.mark.parametrize(
    ("total", "words"),
    [
        ((10, 0, 1), "10 years and 1 day"),
        ((1, 2, 3), "1 year, 2 months and 3 days"),
        ((0, 1, 0), "1 month"),
        ((0, 0, 0), "0 days"),
    ],
)
def test_a_record_is_said_without_the_parts_that_are_none(total, words):
    years, months, days = total
    record = RecordOut(
        years=[],
        total=TotalOut(years=years, months=months, days=days, all_days=0),
        last_month=None,
        gaps=[],
    )

    assert EN.word(records.told(record)).startswith(f"Insured for {words}.")


def test_a_year_names_the_months_of_its_gaps_and_none_that_are_still_to_come():
    before, now = (EN.word(records.explained(a_year(year), a_record())) for year in (1403, 1405))

    assert before.endswith("Not on record: Dey 1403, Bahman 1403, Esfand 1403.")
    assert now.endswith("Not on record: Ordibehesht 1405.")


@pytest.mark.parametrize("language", Language)
def test_everything_of_a_bill_can_be_said_in_every_language(language):
    speech = Speech(language)
    for bill in (a_bill(1), a_bill(1, pending=True), a_fee()):
        shown = insured.explained(bill)
        said = speech.word(explained(shown, TODAY)).splitlines()

        assert len(said) >= len(shown.lines) + 3
        assert not any(one == other != "" for one, other in pairwise(said))
