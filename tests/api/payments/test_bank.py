"""Payments at banks by bill id and payment id: taken in once, settled as any other money."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from api.bills import rules as bill_rules
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.rules import Purpose, State
from api.commands.load import load
from api.kit.calendar import Month, today
from api.kit.slices import RefusedRow, Registered
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.notices.models import Notice
from api.payments import bank, service
from api.payments.bank import BankRow
from api.payments.models import Credit, PayLink, PaymentAttempt
from api.payments.rules import AttemptState, CreditReason
from tests.api.payments.town import Town
from tests.support import make, paying

PAID_ON = date(2026, 11, 20)


def row(bill: Bill, reference: str = "100200300", **changed: Any) -> BankRow:
    (payment_id,) = bill_rules.payment_ids(bill.bill_id, bill.amount, Month.parse(bill.period))
    usual: dict[str, Any] = {"bill_id": bill.bill_id, "payment_id": payment_id, "paid_on": PAID_ON}
    return BankRow(reference=reference, **{**usual, **changed})


def take(town: Town, *rows: BankRow) -> Registered:
    with town.store.writing("load.slice") as session:
        return bank.register(session, rows=rows, now=town.clock.now)


def reasons(done: Registered) -> list[tuple[int, str, str]]:
    return [(one.place, one.column, one.reason) for one in done.refused]


@pytest.fixture
def bill(town: Town) -> Bill:
    return town.owe()


def test_payment_at_a_bank_settles_the_bill_and_whose_it_is_gets_the_receipt(town, bill, heard):
    assert take(town, row(bill)) == Registered(1, 0)
    assert town.rows(Bill)[0].state is State.SETTLED
    (attempt,) = town.rows(PaymentAttempt)
    assert (attempt.gateway, attempt.reference, attempt.state, attempt.look_at) == (
        "bank", "100200300", AttemptState.VERIFIED, None,
    )  # fmt: skip
    assert town.balance(Kind.BANK) == bill.amount
    with town.store.reading() as session:
        assert ledger.balance(session, Kind.PAYER, bill.payer_of) == 0
    (told,) = heard
    assert (told.bill_ids, told.person_id) == ((bill.id,), town.who.person.id)
    (notice,) = town.rows(Notice)
    assert (notice.template, notice.person_id) == ("payment_receipt", town.who.person.id)
    assert (notice.facts["amount"], notice.facts["own"]) == (bill.amount, True)
    assert (notice.facts["reference"], notice.facts["paid_on"]) == ("100200300", str(PAID_ON))
    with town.store.reading() as session:
        (receipt,) = service.receipts(session, person_id=town.who.person.id).items
    assert (receipt.amount, receipt.reference, receipt.credit) == (bill.amount, "100200300", 0)
    assert today(receipt.paid_at) == PAID_ON


def test_person_without_a_chat_can_pay_at_a_bank(town):
    with town.store.writing("arrange") as session:
        person = make.person(session)
        owed = paying.bill(session, person)
    assert take(town, row(owed)).loaded == 1
    (link,) = town.rows(PayLink)
    assert (link.person_id, link.made_by, link.link_id) == (person.id, person.id, None)
    assert town.rows(Notice)[0].person_id == person.id


def test_same_list_again_settles_nothing_more(town, bill):
    other = town.owe()
    rows = [row(bill, "1"), row(other, "2")]
    assert take(town, *rows) == Registered(2, 0)
    assert take(town, *rows) == Registered(0, 2)
    assert town.balance(Kind.BANK) == bill.amount + other.amount
    assert len(town.rows(PaymentAttempt)) == len(town.rows(Notice)) == 2


def test_reference_of_another_payment_is_refused(town, bill):
    take(town, row(bill))
    assert reasons(take(town, row(town.owe()))) == [(0, "reference", "reference_taken")]
    assert town.balance(Kind.BANK) == bill.amount


def test_bill_that_is_paid_twice_in_one_list_is_settled_once_and_the_rest_is_a_credit(town, bill):
    assert take(town, row(bill, "1"), row(bill, "2")) == Registered(2, 0)
    (credit,) = town.rows(Credit)
    assert (credit.amount, credit.reason) == (bill.amount, CreditReason.ALREADY_SETTLED)
    assert town.balance(Kind.BANK) == 2 * bill.amount
    with town.store.reading() as session:
        assert ledger.balance(session, Kind.UNAPPLIED, town.who.person.id) == -bill.amount
    assert sorted(one.template for one in town.rows(Notice)) == [
        "payment_credit", "payment_receipt",
    ]  # fmt: skip


async def test_bill_that_was_paid_at_the_gateway_before_makes_a_credit(town, bill):
    authority = await town.go(town.link(bill))
    town.pay(authority)
    await town.back(authority)
    assert take(town, row(bill)).loaded == 1
    assert [one.reason for one in town.rows(Credit)] == [CreditReason.ALREADY_SETTLED]
    assert town.balance(Kind.BANK) == town.bank.kept + bill.amount


def test_money_for_a_closed_bill_is_a_credit(town, bill, heard):
    with town.store.writing("arrange") as session:
        bills.cancel(session, [bill.id], town.clock.now)
    assert take(town, row(bill)).loaded == 1
    assert [one.reason for one in town.rows(Credit)] == [CreditReason.BILL_CLOSED]
    assert heard == []


def test_numbers_that_are_not_ours_are_refused_by_column_and_the_rest_is_taken(town, bill):
    right = row(bill)
    mistyped = {digit: str((int(digit) + 1) % 10) for digit in "0123456789"}
    ours = right.bill_id[:-1] + mistyped[right.bill_id[-1]]
    foreign = bill_rules.bill_id("77777777", "998", 9)
    (stranger,) = bill_rules.payment_ids(foreign, bill.amount, Month(1405, 8))
    (another,) = bill_rules.payment_ids(bill.bill_id, bill.amount + 1_000, Month(1405, 8))
    swapped = right.payment_id[:-2] + mistyped[right.payment_id[-2]] + right.payment_id[-1]
    last = right.payment_id[:-1] + mistyped[right.payment_id[-1]]
    done = take(
        town,
        row(bill, "1", bill_id=ours),
        row(bill, "2", payment_id=swapped),
        row(bill, "3", payment_id=last),
        row(bill, "4", bill_id=foreign, payment_id=stranger),
        row(bill, "5", payment_id=another),
        row(bill, "6", paid_on=today(town.clock.now) + timedelta(days=1)),
        row(bill, "7"),
    )
    assert (done.loaded, done.unchanged) == (1, 0)
    assert reasons(done) == [
        (0, "bill_id", "bill_id_check_digit"),
        (1, "payment_id", "first_check_digit"),
        (2, "payment_id", "second_check_digit"),
        (3, "bill_id", "unknown_bill"),
        (4, "payment_id", "unknown_payment"),
        (5, "paid_on", "day_to_come"),
    ]
    assert [one.reference for one in town.rows(PaymentAttempt)] == ["7"]


def test_part_of_a_bill_with_several_payment_ids_is_refused(town):
    large = town.owe(assessed=100_000_000_000)
    for payment_id in bill_rules.payment_ids(large.bill_id, large.amount, Month(1405, 8)):
        part = BankRow(large.bill_id, payment_id, "1", PAID_ON)
        assert take(town, part) == Registered(
            0, 0, (RefusedRow(0, "payment_id", "several_payment_ids"),)
        )
    assert town.rows(Bill)[0].state is State.OPEN


def test_open_bill_is_paid_before_one_of_the_same_numbers_ten_years_ago(town):
    file_code = "10000001"
    old = town.owe(file_code=file_code, period="1395-08")
    with town.store.writing("arrange") as session:
        bills.cancel(session, [old.id], town.clock.now)
    new = town.owe(file_code=file_code, period="1405-08")
    assert row(old).payment_id == row(new).payment_id
    take(town, row(new, "1"), row(new, "2"))
    (credit,) = town.rows(Credit)
    assert credit.reason is CreditReason.ALREADY_SETTLED
    states = {one.id: one.state for one in town.rows(Bill)}
    assert states == {old.id: State.CANCELLED, new.id: State.SETTLED}


def test_numbers_of_two_open_bills_are_refused(town):
    first, second = (
        town.owe(file_code="20000002", purpose=Purpose.BOOKLET_FEE, about=f"request:{number}")
        for number in ("2000000215", "2000000223")
    )
    assert row(first).payment_id == row(second).payment_id
    assert reasons(take(town, row(first))) == [(0, "bill_id", "several_bills")]


def test_contract_and_booklet_of_one_number_are_told_apart(town):
    fee = town.owe(file_code="10000001", purpose=Purpose.BOOKLET_FEE, about="request:1000000106")
    month = town.owe(file_code="10000001")
    take(town, row(fee))
    states = {one.id: one.state for one in town.rows(Bill)}
    assert states == {fee.id: State.SETTLED, month.id: State.OPEN}


async def test_lists_and_the_gateway_at_once_settle_each_bill_once(busy_town, tmp_path):
    town = busy_town
    owed = [town.owe() for _ in range(25)]
    authorities = [await town.go(town.link(bill)) for bill in owed[::2]]
    for authority in authorities:
        town.pay(authority)
    lists = []
    # Of different slices and orders: whoever settles several must not wait in a ring.
    for name, bills_ in (("a", owed), ("b", owed[::-1])):
        lines = [
            f"{one.bill_id},{one.payment_id},{one.reference},1405/08/29"
            for one in (row(bill, bill.bill_id) for bill in bills_)
        ]
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(["bill_id,payment_id,reference,paid_on", *lines, ""]))
        lists.append(
            asyncio.to_thread(load, town.store, "bank_payments", path, now=lambda: town.clock.now)
        )
    one, other, *_ = await asyncio.gather(*lists, *map(town.back, authorities))
    assert one.loaded + other.loaded == one.unchanged + other.unchanged == len(owed)
    assert {bill.state for bill in town.rows(Bill)} == {State.SETTLED}
    twice = sum(bill.amount for bill in owed[::2])
    assert town.bank.kept == -town.balance(Kind.UNAPPLIED) == twice
    assert town.balance(Kind.BANK) == twice + sum(bill.amount for bill in owed)
    assert town.balance(Kind.PAYER) == 0
