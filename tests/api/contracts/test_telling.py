"""Who is told of a bill, reminded of it, and warned before a contract lapses: each once."""

from datetime import timedelta
from typing import Any

import pytest

from api.bills import service as bill_service
from api.contracts import service
from api.contracts.models import Contract
from api.contracts.rules import Kind, State
from api.kit import calendar
from tests.api.contracts.runs import at, bills, day, notices, run
from tests.support import make

SLOT = day("1405-09-01")
DUE = day("1405-09-30")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _rules(session) -> None:
    make.rules(session)


def billed(session, *slots: str, **facts: Any) -> Contract:
    """A contract with an open bill of the month before each slot's."""
    contract = make.contract(session, **facts)
    for slot in slots or ("1405-09-01",):
        run(session, service.bill, day(slot))
    return contract


def test_bill_is_told_to_its_person_once(session):
    contract = billed(session)
    for slot in (SLOT, SLOT, SLOT + DAY):
        run(session, service.announce, slot)
    (bill,) = bills(session)
    (notice,) = notices(session, "bill_issued")
    assert (notice.person_id, notice.about) == (contract.person_id, f"bill:{bill.id}")
    assert notice.key == f"bill_issued:{bill.about}:{bill.period}"
    assert notice.facts == {
        "contract_tail": contract.number[-4:],
        "period": "1405-08",
        "amount": 27_000_000,
        "due_on": DUE.isoformat(),
    }
    assert bill.announced_at is not None


def test_paid_bill_is_told_and_reminded_to_nobody(session):
    billed(session, remind_day=10)
    bill_service.settle(session, bills(session), attempt="attempt:1", at=at(SLOT))
    run(session, service.announce, SLOT)
    for slot in (DUE - 7 * DAY, day("1405-09-10"), DUE, day("1405-10-10")):
        run(session, service.remind, slot)
    assert notices(session, "bill_issued") == notices(session, "bill_reminder") == []


@pytest.mark.parametrize("days", [7, 3, 0])
def test_reminder_is_posted_so_many_days_before_the_last_day_and_once(session, days):
    contract = billed(session)
    slot = DUE - days * DAY
    for _ in range(2):
        run(session, service.remind, slot)
    (bill,) = bills(session)
    (notice,) = notices(session, "bill_reminder")
    assert (notice.person_id, notice.about) == (contract.person_id, f"bill:{bill.id}")
    assert notice.key == f"bill_reminder:{bill.about}:{bill.period}:{slot.isoformat()}"
    assert notice.ends_at <= calendar.end_of_day(DUE)


def test_no_reminder_on_other_days(session):
    billed(session)
    for days in (8, 6, 4, 2, 1, -1):
        run(session, service.remind, DUE - days * DAY)
    assert notices(session, "bill_reminder") == []


def test_slots_that_run_late_together_remind_once(session):
    """After three days without a clock, the reminder of seven days is said by that of three."""
    billed(session)
    now = at(DUE - 2 * DAY)
    for days in range(9, 1, -1):
        run(session, service.remind, DUE - days * DAY, now=now)
    (notice,) = notices(session, "bill_reminder")
    assert notice.key.endswith((DUE - 3 * DAY).isoformat())


def test_slot_that_runs_after_the_last_day_reminds_of_nothing(session):
    billed(session)
    run(session, service.remind, DUE, now=at(DUE + DAY))
    assert notices(session, "bill_reminder") == []


def test_person_is_reminded_on_the_day_they_chose(session):
    contract = billed(session, remind_day=12)
    billed(session, "1405-09-01", remind_day=13)
    run(session, service.remind, day("1405-09-12"))
    (notice,) = notices(session, "bill_reminder")
    assert notice.person_id == contract.person_id


def test_person_is_reminded_of_the_oldest_month_also_when_it_is_late(session):
    billed(session, "1405-08-01", "1405-09-01", remind_day=12)
    run(session, service.remind, day("1405-09-12"))
    (notice,) = notices(session, "bill_reminder")
    assert notice.facts["period"] == "1405-07"


def test_own_day_on_a_day_of_the_rule_makes_one_reminder(session):
    billed(session, remind_day=27)
    run(session, service.remind, DUE - 3 * DAY)
    assert len(notices(session, "bill_reminder")) == 1


def test_own_day_that_runs_late_gives_way_to_the_next_reminder(session):
    billed(session, remind_day=22)
    for slot in (day("1405-09-22"), day("1405-09-23")):
        run(session, service.remind, slot, now=at(day("1405-09-23")))
    (notice,) = notices(session, "bill_reminder")
    assert notice.key.endswith(day("1405-09-23").isoformat())


def test_closed_contract_has_no_day_of_its_own(session):
    contract = billed(session, remind_day=12)
    contract.state = State.ENDED
    session.flush()
    run(session, service.remind, day("1405-09-12"))
    assert notices(session, "bill_reminder") == []


# The bill of Mordad is due at the end of Shahrivar, and its contract lapses at the end of Azar.
LAST_DAY = day("1405-09-30")


@pytest.mark.parametrize("days", [30, 14, 3, 0])
def test_lapse_is_warned_of_before_it_comes_and_once(session, days):
    contract = billed(session, "1405-06-01", "1405-07-01")
    slot = LAST_DAY - days * DAY
    for _ in range(2):
        run(session, service.remind, slot)
    oldest = bills(session)[0]
    (notice,) = notices(session, "lapse_warning")
    assert (notice.person_id, notice.about) == (contract.person_id, f"bill:{oldest.id}")
    assert notice.facts == {
        "contract_tail": contract.number[-4:],
        "period": "1405-05",
        "months": 2,
        "amount": 54_000_000,
        "lapses_on": LAST_DAY.isoformat(),
    }
    assert notice.key == f"lapse_warning:{oldest.about}:{oldest.period}:{days}"
    assert notice.ends_at <= calendar.end_of_day(LAST_DAY)


def test_no_warning_on_other_days(session):
    billed(session, "1405-06-01")
    for days in (31, 29, 15, 13, 4, 2, 1, -1):
        run(session, service.remind, LAST_DAY - days * DAY)
    assert notices(session, "lapse_warning") == []


def test_warnings_that_run_late_together_are_said_once(session):
    billed(session, "1405-06-01")
    now = at(LAST_DAY - DAY)
    for days in range(31, 0, -1):
        run(session, service.remind, LAST_DAY - days * DAY, now=now)
    (notice,) = notices(session, "lapse_warning")
    assert notice.key.endswith(":3")


def test_warning_is_of_the_oldest_month_alone(session):
    """The end of Azar lapses the contract: nobody is told that it lapses a month later."""
    billed(session, "1405-06-01", "1405-07-01")
    run(session, service.remind, day("1405-10-30") - 30 * DAY)
    assert [one.facts["period"] for one in notices(session, "lapse_warning")] == ["1405-05"]


def test_paid_oldest_month_is_warned_of_no_more(session):
    billed(session, "1405-06-01")
    bill_service.settle(session, bills(session), attempt="attempt:1", at=at(SLOT))
    for days in (30, 14, 3, 0):
        run(session, service.remind, LAST_DAY - days * DAY)
    assert notices(session, "lapse_warning") == []


def test_kinds_are_warned_by_their_own_grace(session):
    billed(session, "1405-06-01", kind=Kind.VOLUNTARY, cover="")
    for days in (14, 3, 0):
        run(session, service.remind, LAST_DAY - days * DAY)
    assert notices(session, "lapse_warning") == []
    run(session, service.remind, day("1405-08-30") - 3 * DAY)
    assert len(notices(session, "lapse_warning")) == 1


def test_run_of_reminders_goes_on_from_reading_to_reading(session):
    """On the last day of Azar three bills are due, two contracts are warned, one chose the day."""
    for _ in range(2):
        make.contract(session)
    run(session, service.bill, day("1405-06-01"))
    make.contract(session, starts_on="1405-08", remind_day=29)
    run(session, service.bill, SLOT)
    slot = DUE
    after, steps = None, []
    while True:
        part = service.remind(session, slot=slot, after=after, now=at(slot), limit=2)
        steps.append((part.done, part.posted))
        after = part.after
        if after is None:
            break
    # Of the rule's three last days only this one has bills; then who chose it, then who is warned.
    assert steps == [(2, 2), (1, 1), (0, 0), (0, 0), (0, 0), (2, 2), (0, 0)]
    assert len(notices(session, "bill_reminder")) == 3
    assert len(notices(session, "lapse_warning")) == 2


def test_dry_runs_count_and_write_nothing(session):
    for _ in range(3):
        make.contract(session)
    run(session, service.bill, SLOT)
    issued = service.preview(session, job="bill-notices", slot=SLOT, now=at(SLOT), limit=2)
    reminded = service.preview(session, job="bill-reminders", slot=DUE, now=at(DUE), limit=2)
    assert (issued.count, reminded.count) == (3, 3)
    assert {one.template for one in issued.samples} == {"bill_issued"}
    assert {one.template for one in reminded.samples} == {"bill_reminder"}
    assert notices(session, "bill_issued") == notices(session, "bill_reminder") == []
