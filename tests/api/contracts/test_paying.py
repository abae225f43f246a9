"""What a paid or closed bill of a contract brings about, by the table of reactions."""

import uuid

import pytest
from sqlalchemy import select

from api import events, reactions
from api.bills import service as bill_service
from api.bills.models import Bill
from api.bills.rules import Purpose, payment_ids
from api.contracts import service
from api.contracts.models import Contract
from api.kit.calendar import Month
from api.ledger import service as ledger
from api.ledger.rules import Kind as Account
from api.payments import bank
from api.payments import service as payments
from api.payments.events import BillsSettled
from api.payments.gateway import Asked, NotPaid, Outcome, Unknown, Verified
from api.records.models import RecordMonth
from tests.api.contracts.runs import at, bills, day, notices, run
from tests.support import make, paying

SLOT = day("1405-09-01")
NOW = at(SLOT, hour=12)
LAPSES = day("1405-09-05")


@pytest.fixture(autouse=True)
def _connected(session) -> None:
    make.rules(session)
    reactions.connect()


def paid(session, *found: Bill) -> BillsSettled:
    happened = BillsSettled(tuple(bill.id for bill in found), found[0].person_id, uuid.uuid4(), NOW)
    bill_service.settle(session, found, attempt="attempt:1", at=NOW)
    events.tell(session, happened)
    session.flush()
    session.expire_all()
    return happened


def months(session) -> list[RecordMonth]:
    return list(session.scalars(select(RecordMonth).order_by(RecordMonth.month)))


def test_paid_months_are_on_record_with_all_their_days_and_the_base_that_was_billed(session):
    contract = make.contract(session, monthly_base=150_000_000)
    for slot in ("1404-07-01", "1405-01-01", "1405-09-01"):
        run(session, service.bill, day(slot))
    session.get_one(Contract, contract.id).monthly_base = 300_000_000
    session.flush()
    happened = paid(session, *bills(session))
    # Told once more, it adds nothing.
    events.tell(session, happened)
    found = months(session)
    assert [(one.month, one.days) for one in found] == [
        ("1404-06", 31),
        ("1404-12", 29),
        ("1405-08", 30),
    ]
    for one in found:
        assert (one.person_id, one.source) == (contract.person_id, f"contract:{contract.id}")
        assert one.wage == 150_000_000


def test_bill_of_another_purpose_adds_no_month(session):
    make.contract(session)
    run(session, service.bill, SLOT)
    (bill,) = bills(session)
    bill.purpose = Purpose.BOOKLET_FEE
    session.flush()
    service.grow_records(session, BillsSettled((bill.id,), bill.person_id, uuid.uuid4(), NOW))
    assert months(session) == []


def test_paying_takes_back_what_asks_for_that_money_and_nothing_else(session):
    make.contract(session)
    for slot in ("1405-08-01", "1405-09-01"):
        run(session, service.bill, day(slot))
    run(session, service.announce, SLOT)
    run(session, service.remind, day("1405-09-27"))
    run(session, service.remind, day("1405-09-30"))
    first, second = bills(session)
    paid(session, first)
    status = {
        (notice.template, notice.about): notice.status
        for template in ("bill_issued", "bill_reminder")
        for notice in notices(session, template)
    }
    assert status == {
        ("bill_issued", f"bill:{first.id}"): "cancelled",
        ("bill_issued", f"bill:{second.id}"): "waiting",
        ("bill_reminder", f"bill:{second.id}"): "waiting",
    }


def test_lapse_takes_back_reminders_and_tells_of_the_lapse(session):
    make.contract(session)
    run(session, service.bill, day("1405-05-01"))
    run(session, service.announce, day("1405-05-01"))
    run(session, service.remind, day("1405-08-27"))
    run(session, service.lapse, LAPSES)
    session.expire_all()
    assert {one.status for one in notices(session, "bill_issued")} == {"cancelled"}
    assert {one.status for one in notices(session, "lapse_warning")} == {"cancelled"}
    assert [one.status for one in notices(session, "contract_lapsed")] == ["waiting"]


def test_who_paid_on_the_last_day_keeps_the_contract_though_the_gateway_answers_later(session):
    who = paying.payer(session)
    contract = make.contract(session, person=who.person)
    run(session, service.bill, day("1405-05-01"))
    evening = at(day("1405-08-30"), hour=23)
    token = paying.token(session, who, bills(session), now=evening)
    begun = payments.begin(session, token=token, gateway=paying.GATEWAY, now=evening)
    assert begun is not None
    asked = Asked("A1", "https://bank.example")
    payments.asked(session, attempt_id=begun.attempt_id, answer=asked, now=evening)
    work = payments.returned(session, secret=begun.secret, authority="A1", status="OK", now=evening)
    assert work is not None
    assert run(session, service.lapse, LAPSES) == 0
    payments.settle(
        session,
        attempt_id=begun.attempt_id,
        lease=work.lease,
        outcome=Verified("R1", None),
        now=NOW,
    )
    session.expire_all()
    assert [bill.state for bill in bills(session)] == ["settled"]
    assert session.get_one(Contract, contract.id).state == "active"
    assert run(session, service.lapse, LAPSES) == 0


@pytest.mark.parametrize(
    ("begun_on", "keeps"), [("1405-08-29", True), ("1405-08-30", True), ("1405-09-01", False)]
)
def test_who_went_to_the_bank_in_time_and_never_came_back_keeps_the_contract(
    session, begun_on, keeps
):
    who = paying.payer(session)
    contract = make.contract(session, person=who.person)
    run(session, service.bill, day("1405-05-01"))
    begun_at = at(day(begun_on), hour=0)
    token = paying.token(session, who, bills(session), now=begun_at)
    begun = payments.begin(session, token=token, gateway=paying.GATEWAY, now=begun_at)
    assert begun is not None
    asked = Asked("A1", "https://bank.example")
    payments.asked(session, attempt_id=begun.attempt_id, answer=asked, now=begun_at)
    assert run(session, service.lapse, LAPSES) == (not keeps)
    state = "active" if keeps else "lapsed"
    assert session.get_one(Contract, contract.id).state == state


@pytest.mark.parametrize("answer", ["nothing was paid", "none", "paid"])
def test_contract_lapses_only_when_what_was_begun_in_time_came_to_nothing(session, answer):
    who = paying.payer(session)
    contract = make.contract(session, person=who.person)
    run(session, service.bill, day("1405-05-01"))
    evening, night = at(day("1405-08-30"), hour=23), at(LAPSES, hour=0)
    token = paying.token(session, who, bills(session), now=evening)
    begun = payments.begin(session, token=token, gateway=paying.GATEWAY, now=evening)
    assert begun is not None
    asked = Asked("A1", "https://bank.example")
    payments.asked(session, attempt_id=begun.attempt_id, answer=asked, now=evening)
    (work,) = payments.claim_due(session, gateway=paying.GATEWAY, limit=9, now=night)
    outcomes: dict[str, Outcome] = {
        "nothing was paid": NotPaid(),
        "none": Unknown("timeout"),
        "paid": Verified("R1", None),
    }
    payments.settle(
        session,
        attempt_id=begun.attempt_id,
        lease=work.lease,
        outcome=outcomes[answer],
        now=night,
    )
    run(session, service.lapse, LAPSES)
    state = "lapsed" if answer == "nothing was paid" else "active"
    assert session.get_one(Contract, contract.id).state == state


@pytest.mark.parametrize(("listed_on", "keeps"), [("1405-09-04", True), ("1405-09-05", False)])
def test_who_paid_at_a_bank_on_the_last_day_keeps_the_contract_when_it_is_listed_in_time(
    session, listed_on, keeps
):
    contract = make.contract(session)
    run(session, service.bill, day("1405-05-01"))
    (bill,) = bills(session)
    (payment_id,) = payment_ids(bill.bill_id, bill.amount, Month.parse(bill.period))
    row = bank.BankRow(bill.bill_id, payment_id, "B1", day("1405-08-30"))
    run(session, service.lapse, day(listed_on))
    taken = bank.register(session, rows=[row], now=at(day(listed_on)))
    run(session, service.lapse, LAPSES)
    assert taken.loaded == 1
    state, of_bill = ("active", "settled") if keeps else ("lapsed", "cancelled")
    assert session.get_one(Contract, contract.id).state == state
    assert [bill.state for bill in bills(session)] == [of_bill]
    # Listed later still, it is no lost money: it waits as a credit.
    unapplied = ledger.balance(session, Account.UNAPPLIED, contract.person_id)
    assert unapplied == (0 if keeps else -bill.amount)
