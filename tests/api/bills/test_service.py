"""Issuing bills in sets, settling and cancelling them, and what the ledger says meanwhile."""

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from api.bills import checking, queries, rules, service
from api.bills.models import Bill
from api.bills.rules import Purpose, State, about
from api.kit.calendar import Month
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.organisation.refusals import NoRule
from api.people.models import Person
from tests.support import make, paying


@pytest.fixture
def person(session: Session) -> Person:
    make.rules(session, ["bill_ids"])
    return make.person(session)


def owed(session: Session, payer: uuid.UUID) -> int:
    return ledger.balance(session, Kind.PAYER, payer)


def test_issued_bill_is_owed_exactly_and_to_be_paid_in_whole_thousands(session, person):
    bill = paying.bill(session, person, assessed=4_250_321, brought=500)
    assert (bill.assessed, bill.amount, bill.carried) == (4_250_321, 4_250_000, 821)
    assert (bill.state, bill.settled_at, bill.announced_at) == (State.OPEN, None, None)
    assert owed(session, person.id) == 4_250_321
    assert ledger.balance(session, Kind.CONTRIBUTIONS) == -4_250_321
    numbers = rules.payment_ids(bill.bill_id, bill.amount, Month(1405, 8))
    assert rules.parse(bill.bill_id, numbers[0]).amount == 4_250_000


def test_month_is_billed_once_whatever_it_says_the_second_time(session, person):
    row = paying.new_bill(person)
    again = paying.new_bill(person, about=row.about, assessed=9_000_000)
    assert service.issue(session, [row], make.NOW) == 1
    assert service.issue(session, [again, paying.new_bill(person)], make.NOW) == 1
    assert service.issue(session, [row, row], make.NOW) == 0
    assert owed(session, person.id) == 2 * 4_250_000


def test_less_than_a_thousand_is_carried_and_no_bill(session, person):
    row = paying.new_bill(person, assessed=900)
    assert service.issue(session, [row], make.NOW) == 0
    assert service.issue(session, [row], make.NOW) == 0
    assert service.open_of(session, person.id) == []
    assert owed(session, person.id) == 900


def test_payer_owes_the_open_bills_and_the_remainder_at_every_moment(session, person):
    contract, carried = uuid.uuid4(), 0
    for month, assessed in enumerate([4_250_999, 500, 4_250_999, 1, 7_777_777], start=1):
        row = paying.new_bill(
            person, about=f"contract:{contract}", payer_of=contract, period=f"1405-{month:02d}",
            assessed=assessed, brought=carried,
        )  # fmt: skip
        carried = row.carried
        service.issue(session, [row], make.NOW)
        left = service.open_of(session, person.id)
        assert owed(session, contract) == sum(one.amount for one in left) + carried
    service.settle(session, queries.held(session, [left[0].id]), attempt="payment:1", at=make.NOW)
    service.cancel(session, [left[1].id], make.NOW)
    left = service.open_of(session, person.id)
    assert owed(session, contract) == sum(one.amount for one in left) + carried
    assert sum(ledger.balance(session, kind) for kind in Kind) == 0


def test_fee_is_earned_as_a_fee(session, person):
    paying.bill(session, person, purpose=Purpose.BOOKLET_FEE, about="request:1000000001")
    assert ledger.balance(session, Kind.FEES) == -4_250_000
    assert ledger.balance(session, Kind.CONTRIBUTIONS) == 0


def test_fee_and_contribution_of_one_file_code_have_ids_of_their_own(session, person):
    owed_, fee = (
        paying.bill(session, person, purpose=purpose, file_code="10000001") for purpose in Purpose
    )
    assert owed_.bill_id != fee.bill_id
    pay = rules.payment_ids(owed_.bill_id, owed_.amount, Month(1405, 8))[0]
    assert rules.parse(owed_.bill_id, pay).service_type == 9
    with pytest.raises(rules.BadNumbers):
        rules.parse(fee.bill_id, pay)


def test_bill_is_settled_once(session, person):
    bill = paying.bill(session, person)
    settled = [
        service.settle(session, queries.held(session, [bill.id]), attempt="payment:1", at=make.NOW)
        for _ in range(2)
    ]
    assert settled == [{bill.id}, frozenset()]
    assert (bill.state, bill.settled_at) == (State.SETTLED, make.NOW)
    assert ledger.balance(session, Kind.BANK) == bill.amount


def test_ledger_refuses_what_the_row_forgot(session, person):
    bill = paying.bill(session, person)
    service.settle(session, [bill], attempt="payment:1", at=make.NOW)
    bill.state = State.OPEN
    with pytest.raises(RuntimeError, match="settled before"):
        service.settle(session, [bill], attempt="payment:2", at=make.NOW)


def test_cancelled_bill_is_owed_by_nobody(session, person):
    bill = paying.bill(session, person, assessed=4_250_300)
    paid = paying.bill(session, person)
    service.settle(session, [paid], attempt="payment:1", at=make.NOW)
    assert service.cancel(session, [bill.id, paid.id], make.NOW) == {bill.id}
    assert service.cancel(session, [bill.id], make.NOW) == frozenset()
    assert owed(session, person.id) == 300
    assert service.settle(session, [bill], attempt="payment:2", at=make.NOW) == frozenset()


def test_only_open_bills_are_still_open(session, person):
    first, second, third = (paying.bill(session, person) for _ in range(3))
    service.settle(session, [first], attempt="payment:1", at=make.NOW)
    service.cancel(session, [second.id], make.NOW)
    abouts = [about(one) for one in (first.id, second.id, third.id, uuid.uuid4())]
    assert service.still_open(session, abouts) == {about(third.id)}


def test_bill_that_is_being_confirmed_is_not_asked_for(session, person):
    paid, unpaid = (paying.bill(session, person) for _ in range(2))
    checking.connect(lambda _session, ids: {paid.id} & set(ids))
    abouts = [about(paid.id), about(unpaid.id)]
    assert service.still_open(session, abouts) == {about(unpaid.id)}
    checking.connect(None)
    assert service.still_open(session, abouts) == set(abouts)


def test_announced_bill_is_not_announced_again(session, person):
    told, fresh = paying.bill(session, person), paying.bill(session, person)
    fee = paying.bill(session, person, purpose=Purpose.BOOKLET_FEE)
    service.mark_announced(session, [told.id], make.NOW)
    found = service.unannounced(session, purpose=Purpose.CONTRIBUTION, after=None, limit=10)
    assert [one.id for one in found] == [fresh.id]
    assert fee not in found
    rest = service.unannounced(session, purpose=Purpose.CONTRIBUTION, after=str(fresh.id), limit=10)
    assert rest == []


@pytest.mark.parametrize(
    ("find", "what"),
    [
        (queries.open_due_on, {"day": date(2026, 11, 21)}),
        (queries.open_until, {"period": "1405-07"}),
    ],
)
def test_slice_reads_open_bills_alone_and_sorts_nothing(session, find, what):
    """Half a million bills share a last day, and those that were paid grow for ever."""
    words = "EXPLAIN QUERY PLAN"
    if session.get_bind().dialect.name == "postgresql":
        words = "EXPLAIN"
        session.execute(text("SET LOCAL enable_seqscan = off"))
    bind = session.connection()
    plan: list[str] = []

    def explain(_bind: Any, cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        there = cursor.connection.cursor()
        plan.extend(map(str, there.execute(f"{words} {statement}", values).fetchall()))

    event.listen(bind, "before_cursor_execute", explain)
    find(session, purpose=Purpose.CONTRIBUTION, after=str(uuid.uuid4()), limit=10, **what)
    event.remove(bind, "before_cursor_execute", explain)
    said = " ".join(plan)
    assert "ix_bills_open" in said
    assert "Sort" not in said
    assert "TEMP B-TREE" not in said


def test_bills_are_found_by_their_last_day_their_month_and_their_account(session, person):
    early = paying.bill(session, person, period="1405-07", due_on=date(2026, 11, 21))
    late = paying.bill(session, person)
    ask: Any = {"purpose": Purpose.CONTRIBUTION, "after": None, "limit": 10}
    assert queries.open_due_on(session, day=date(2026, 11, 21), **ask) == [early]
    assert queries.open_until(session, period="1405-07", **ask) == [early]
    assert set(queries.open_until(session, period="1405-08", **ask)) == {early, late}
    payers = queries.open_of_payers(
        session, purpose=Purpose.CONTRIBUTION, payers=[person.id, uuid.uuid4()]
    )
    assert payers == [early, late]


def test_without_a_rule_for_bill_ids_nothing_is_issued(session):
    with pytest.raises(NoRule):
        service.issue(session, [paying.new_bill(make.person(session))], make.NOW)


def test_slice_is_issued_in_a_few_statements(session, person):
    rows = [paying.new_bill(person) for _ in range(1000)]
    session.flush()
    statements: list[str] = []
    listen = lambda _c, _cursor, statement, *_: statements.append(statement)  # noqa: E731
    event.listen(session.get_bind(), "before_cursor_execute", listen)
    try:
        assert service.issue(session, rows, make.NOW) == 1000
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", listen)
    assert len(statements) < 20
    assert session.scalar(select(func.count()).select_from(Bill)) == 1000
