"""The job `bills`: every contract in force has one bill a month, to the rial."""

import pytest
from sqlalchemy import select

from api.contracts import service
from api.contracts.models import Contract
from api.contracts.rules import Cover, Kind, State
from api.kit.calendar import Month
from api.kit.slices import Slice
from api.ledger import service as ledger
from api.ledger.rules import Kind as Account
from api.organisation.refusals import NoRule
from tests.api.contracts.runs import at, bills, day, run
from tests.support import make

SLOT = day("1405-09-01")


@pytest.fixture(autouse=True)
def _rules(session) -> None:
    make.rules(session)


def test_month_before_the_slot_is_billed_with_its_lines_and_last_day(session):
    contract = make.contract(session, medical_heads=2, monthly_base=103_909_680, carried=300)
    assert run(session, service.bill, SLOT) == 1
    (bill,) = bills(session)
    assert (bill.payer_of, bill.person_id) == (contract.id, contract.person_id)
    assert bill.about == f"contract:{contract.id}"
    assert (bill.purpose, bill.period, bill.state) == ("contribution", "1405-08", "open")
    assert [(line["code"], line["amount"]) for line in bill.lines] == [
        ("contribution", 18_703_742),
        ("medical", 76_000),
        ("carried", 300),
    ]
    assert (bill.assessed, bill.amount, bill.carried) == (18_779_742, 18_780_000, 42)
    assert (bill.issued_on, bill.due_on) == (SLOT, day("1405-09-30"))
    session.refresh(contract)
    assert (contract.billed_until, contract.carried) == ("1405-08", 42)


def test_second_run_issues_nothing(session):
    for _ in range(3):
        make.contract(session)
    assert run(session, service.bill, SLOT) == 3
    carried = dict(session.execute(select(Contract.id, Contract.carried)).all())
    assert service.bill(session, slot=SLOT, after=None, now=at(SLOT)) == Slice(0, None, 0)
    assert run(session, service.bill, day("1405-09-02")) == 0
    assert dict(session.execute(select(Contract.id, Contract.carried)).all()) == carried


def test_contract_that_forgot_its_bill_gets_no_second_one(session):
    contract = make.contract(session)
    run(session, service.bill, SLOT)
    contract.billed_until = None
    session.flush()
    assert run(session, service.bill, SLOT) == 0
    assert len(bills(session)) == 1
    assert ledger.balance(session, Account.PAYER, contract.id) == 27_000_000


@pytest.mark.parametrize(
    ("facts", "billed"),
    [
        ({"starts_on": "1405-08"}, True),
        ({"starts_on": "1405-09"}, False),
        ({"ends_on": "1405-08"}, True),
        ({"ends_on": "1405-07"}, False),
        ({"billed_until": "1405-07"}, True),
        ({"billed_until": "1405-08"}, False),
        ({"billed_until": "1405-10"}, False),
        ({"state": State.LAPSED}, False),
        ({"state": State.ENDED}, False),
    ],
)
def test_only_contracts_of_that_month_are_billed(session, facts, billed):
    make.contract(session, **facts)
    assert run(session, service.bill, SLOT) == billed


def test_contract_that_began_long_ago_is_billed_from_the_month_before_on(session):
    """Lists name contracts of many years: what was asked for before is not asked for again."""
    make.contract(session, starts_on="1404-02")
    for slot in ("1405-09-01", "1405-09-02", "1405-10-01"):
        run(session, service.bill, day(slot))
    assert [bill.period for bill in bills(session)] == ["1405-08", "1405-09"]


def test_month_of_a_run_that_was_missed_is_billed_when_it_runs_late(session):
    make.contract(session, billed_until="1405-06")
    for slot in ("1405-08-30", "1405-09-01"):
        run(session, service.bill, day(slot), now=at(day("1405-09-20")))
    assert [bill.period for bill in bills(session)] == ["1405-07", "1405-08"]


def test_run_goes_on_slice_by_slice_from_where_it_stopped(session):
    for _ in range(7):
        make.contract(session)
    first = service.bill(session, slot=SLOT, after=None, now=at(SLOT), limit=3)
    assert (first.done, first.posted, len(bills(session))) == (3, 3, 3)
    second = service.bill(session, slot=SLOT, after=first.after, now=at(SLOT), limit=3)
    third = service.bill(session, slot=SLOT, after=second.after, now=at(SLOT), limit=3)
    assert (third.done, third.posted, third.after) == (1, 1, None)
    assert len(bills(session)) == 7


def test_slice_judged_ahead_bills_what_it_saw_when_nothing_changed(fresh_store):
    with fresh_store.writing("arrange") as session:
        make.rules(session)
        ids = sorted(make.contract(session).id for _ in range(3))
    with fresh_store.reading() as session:
        verb = service.bill_ahead(session, slot=SLOT, after=None, now=at(SLOT), limit=2)
    with fresh_store.reading() as session:
        assert bills(session) == []
    with fresh_store.writing("slice") as session:
        done = verb(session, slot=SLOT, after=None, now=at(SLOT))
    assert done == Slice(2, str(ids[1]), 2)
    with fresh_store.reading() as session:
        assert [bill.payer_of for bill in bills(session)] == ids[:2]


def test_contracts_that_changed_since_they_were_judged_are_judged_as_they_are(fresh_store):
    with fresh_store.writing("arrange") as session:
        make.rules(session)
        same, raised, lapsed = (make.contract(session) for _ in range(3))
    with fresh_store.reading() as session:
        verb = service.bill_ahead(session, slot=SLOT, after=None, now=at(SLOT))
    with fresh_store.writing("meanwhile") as session:
        session.get_one(Contract, raised.id).monthly_base *= 2
        session.get_one(Contract, lapsed.id).state = State.LAPSED
    with fresh_store.writing("slice") as session:
        assert verb(session, slot=SLOT, after=None, now=at(SLOT)) == Slice(3, None, 2)
    with fresh_store.reading() as session:
        assert {bill.payer_of: bill.amount for bill in bills(session)} == {
            same.id: 27_000_000,
            raised.id: 54_000_000,
        }
        assert ledger.balance(session, Account.PAYER, raised.id) == 54_000_000


def test_slice_judged_ahead_by_two_is_issued_once(fresh_store):
    with fresh_store.writing("arrange") as session:
        make.rules(session)
        contract = make.contract(session)
    with fresh_store.reading() as session:
        verbs = [service.bill_ahead(session, slot=SLOT, after=None, now=at(SLOT)) for _ in range(2)]
    for verb, issued in zip(verbs, (1, 0), strict=True):
        with fresh_store.writing("slice") as session:
            assert verb(session, slot=SLOT, after=None, now=at(SLOT)) == Slice(1, None, issued)
    with fresh_store.reading() as session:
        assert len(bills(session)) == 1
        assert ledger.balance(session, Account.PAYER, contract.id) == 27_000_000


def test_run_that_dies_in_a_slice_bills_the_rest_when_it_is_run_again(fresh_store):
    """Bills, ledger and contract are of one transaction: a slice is there whole, or not at all."""
    with fresh_store.writing("arrange") as session:
        make.rules(session)
        ids = sorted(make.contract(session).id for _ in range(5))
    with fresh_store.writing("slice") as session:
        first = service.bill(session, slot=SLOT, after=None, now=at(SLOT), limit=2)
    with pytest.raises(Died), fresh_store.writing("slice") as session:  # noqa: PT012 - the slice dies after its work.
        service.bill(session, slot=SLOT, after=first.after, now=at(SLOT), limit=2)
        raise Died
    with fresh_store.reading() as session:
        assert [bill.payer_of for bill in bills(session)] == ids[:2]
    with fresh_store.writing("again") as session:
        assert run(session, service.bill, SLOT, limit=2) == 3
    with fresh_store.reading() as session:
        found = bills(session)
        assert [bill.payer_of for bill in found] == ids
        assert len({bill.bill_id for bill in found}) == 5
        for bill in found:
            owed = ledger.balance(session, Account.PAYER, bill.payer_of)
            assert owed == bill.amount + bill.carried


class Died(Exception):
    """The process ended here."""


@pytest.mark.parametrize(
    ("slot", "period", "due_on"),
    [
        ("1405-07-01", "1405-06", "1405-07-30"),
        # Esfand has 29 days in 1404 and 30 in 1403, a leap year.
        ("1404-12-01", "1404-11", "1405-01-05"),
        ("1403-12-05", "1403-11", "1403-12-30"),
        ("1405-01-20", "1404-12", "1405-01-31"),
        # The last of Aban 1404 is a Friday.
        ("1404-08-15", "1404-07", "1404-09-01"),
    ],
)
def test_last_day_is_the_end_of_the_next_month_moved_past_holidays(session, slot, period, due_on):
    for closed in ("1404-12-29", "1405-01-01", "1405-01-02", "1405-01-03", "1405-01-04"):
        make.holiday(session, day(closed))
    make.contract(session, starts_on="1403-01")
    run(session, service.bill, day(slot))
    (bill,) = bills(session)
    assert (bill.period, bill.due_on) == (period, day(due_on))


@pytest.mark.parametrize(
    ("kind", "cover", "base"),
    [
        (Kind.SELF_EMPLOYED, Cover.PENSION, 103_909_681),
        (Kind.SELF_EMPLOYED, Cover.PENSION_DEATH_DISABILITY, 299_999_999),
        (Kind.VOLUNTARY, Cover.FULL, 123_456_789),
    ],
)
def test_twelve_bills_come_to_the_exact_sum_less_what_is_still_carried(session, kind, cover, base):
    contract = make.contract(
        session, kind=kind, cover=cover, monthly_base=base, medical_heads=1, starts_on="1404-01"
    )
    for month in range(12):
        run(session, service.bill, Month(1404, 1).plus(month + 1).first_day)
    found = bills(session)
    assert [bill.period for bill in found] == [str(Month(1404, 1).plus(n)) for n in range(12)]
    exact = sum(bill.assessed for bill in found)
    assert exact == 12 * found[0].assessed
    assert all(bill.amount % 1000 == 0 for bill in found)
    session.refresh(contract)
    assert sum(bill.amount for bill in found) + contract.carried == exact
    assert 0 <= contract.carried < 1000
    assert ledger.balance(session, Account.PAYER, contract.id) == exact
    for bill in found:
        assert sum(line["amount"] for line in bill.lines) == bill.amount + bill.carried


def test_month_without_rates_says_which_rule_is_missing(session):
    make.contract(session, starts_on="1390-01")
    with pytest.raises(NoRule) as missing:
        run(session, service.bill, day("1390-06-01"))
    assert missing.value.params["name"] == "contract_rates"


def test_dry_run_counts_and_shows_and_writes_nothing(session):
    for _ in range(5):
        make.contract(session)
    shown = service.preview(session, job="bills", slot=SLOT, now=at(SLOT), limit=2)
    assert (shown.count, len(shown.samples)) == (5, 5)
    assert shown.samples[0].facts["amount"] == 27_000_000
    assert bills(session) == []
