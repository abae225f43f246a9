"""The job `contract-lapses`: who does not pay for so long is insured no more, and hears of it."""

from typing import Any

import pytest

from api import events
from api.bills import checking
from api.bills import service as bill_service
from api.contracts import service
from api.contracts.events import BillsClosed
from api.contracts.models import Contract
from api.contracts.rules import Kind, State
from api.ledger import service as ledger
from api.ledger.rules import Kind as Account
from tests.api.contracts.runs import at, bills, day, notices, run
from tests.support import make

# Bills of Tir are due at the end of Mordad; three months on is the end of Aban, a Saturday.
LAST_DAY = day("1405-08-30")
# Four days more are for what was paid at banks and is not listed yet.
LISTED = day("1405-09-04")
LAPSES = day("1405-09-05")


@pytest.fixture(autouse=True)
def _rules(session) -> None:
    make.rules(session)


def owing(session, *months: str, **facts: Any) -> Contract:
    """A contract with an unpaid bill of each month."""
    contract = make.contract(session, **facts)
    for month in months:
        run(session, service.bill, day(f"{month}-01"))
    return contract


def test_contract_lapses_when_the_days_for_bank_lists_are_over(session):
    contract = owing(session, "1405-05", "1405-06", "1405-07", "1405-08")
    assert run(session, service.lapse, LISTED) == 0
    assert session.get_one(Contract, contract.id).state == "active"
    assert run(session, service.lapse, LAPSES) == 1
    assert session.get_one(Contract, contract.id).state == "lapsed"
    assert {bill.state for bill in bills(session)} == {"cancelled"}
    assert ledger.balance(session, Account.PAYER, contract.id) == contract.carried


@pytest.mark.parametrize(
    ("kind", "slot", "lapses"),
    [
        ("self_employed", "1405-08-05", False),
        ("voluntary", "1405-08-04", False),
        ("voluntary", "1405-08-05", True),
        ("self_employed", "1405-09-05", True),
        # A run that is later than it should have been.
        ("self_employed", "1405-12-20", True),
    ],
)
def test_each_kind_has_its_own_months_of_grace(session, kind, slot, lapses):
    cover = "" if kind == "voluntary" else "A"
    owing(session, "1405-05", kind=Kind(kind), cover=cover)
    assert run(session, service.lapse, day(slot)) == lapses


def test_holiday_gives_one_day_more(session):
    owing(session, "1405-05")
    make.holiday(session, LAST_DAY)
    assert run(session, service.lapse, LAPSES) == 0
    assert run(session, service.lapse, day("1405-09-06")) == 1


def test_person_is_told_once_which_month_it_was(session):
    contract = owing(session, "1405-05", "1405-06")
    for _ in range(2):
        run(session, service.lapse, LAPSES)
    (told,) = notices(session, "contract_lapsed")
    assert (told.person_id, told.about) == (contract.person_id, f"contract:{contract.id}")
    assert told.facts == {
        "contract_tail": contract.number[-4:],
        "period": "1405-04",
        "lapsed_on": LAST_DAY.isoformat(),
    }


def test_paid_month_keeps_the_contract(session):
    contract = owing(session, "1405-05", "1405-06")
    first = bills(session)[0]
    bill_service.settle(session, [first], attempt="attempt:1", at=at(LAST_DAY))
    assert run(session, service.lapse, LAPSES) == 0
    session.refresh(contract)
    assert contract.state is State.ACTIVE
    assert [bill.state for bill in bills(session)] == ["settled", "open"]


@pytest.mark.parametrize("limit", [100, 1])
def test_month_that_is_being_confirmed_keeps_the_contract_until_that_is_known(session, limit):
    contract = owing(session, "1405-05", "1405-06", "1405-07")
    oldest = bills(session)[0]
    checking.connect(lambda _session, ids: {oldest.id} & set(ids))
    for slot in (LAPSES, day("1405-10-06")):
        # By then a younger month is past its time too: it does not end what the older one keeps.
        assert run(session, service.lapse, slot, limit=limit) == 0
    assert session.get_one(Contract, contract.id).state == "active"
    checking.connect(None)
    assert run(session, service.lapse, day("1405-10-06")) == 1
    assert {bill.state for bill in bills(session)} == {"cancelled"}


def test_closed_bills_are_told_to_whoever_hears(session):
    told: list[BillsClosed] = []
    events.connect({BillsClosed: [lambda _session, happened: told.append(happened)]})
    owing(session, "1405-05", "1405-06")
    run(session, service.lapse, LAPSES)
    abouts = {about for one in told for about in one.abouts}
    assert abouts == {f"bill:{bill.id}" for bill in bills(session)}


def test_lapsed_contract_is_billed_no_more(session):
    owing(session, "1405-05")
    run(session, service.lapse, LAPSES)
    assert run(session, service.bill, LAPSES) == 0


def test_bills_of_an_ended_contract_are_owed_still(session):
    contract = owing(session, "1405-05")
    contract.state = State.ENDED
    session.flush()
    assert run(session, service.lapse, day("1406-01-20")) == 0
    assert [bill.state for bill in bills(session)] == ["open"]


def test_run_goes_on_slice_by_slice(session):
    make.contract(session)
    for _ in range(4):
        make.contract(session)
    run(session, service.bill, day("1405-05-01"))
    first = service.lapse(session, slot=LAPSES, after=None, now=at(LAPSES), limit=2)
    assert (first.done, first.posted) == (2, 2)
    session.expire_all()
    rest = service.lapse(session, slot=LAPSES, after=first.after, now=at(LAPSES), limit=9)
    assert (rest.done, rest.posted, rest.after) == (3, 3, None)


def test_dry_run_shows_who_would_lapse_and_ends_nothing(session):
    contract_id = owing(session, "1405-05").id
    shown = service.preview(session, job="contract-lapses", slot=LAPSES, now=at(LAPSES))
    assert (shown.count, shown.samples[0].facts["period"]) == (1, "1405-04")
    assert session.get_one(Contract, contract_id).state is State.ACTIVE
