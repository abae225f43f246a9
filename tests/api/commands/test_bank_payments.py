"""Loading what a bank's collection centre lists."""

import csv
from pathlib import Path

import pytest

from api.bills import rules
from api.bills.models import Bill
from api.bills.rules import State
from api.commands.kinds import WHY
from api.commands.load import Loaded, columns, load
from api.db import Store
from api.kit.calendar import Month
from tests.support import make, paying

HEADER = "bill_id,payment_id,reference,paid_on"


@pytest.fixture
def bill(store: Store) -> Bill:
    with store.writing("arrange") as session:
        return paying.bill(session, paying.payer(session).person, now=make.NOW)


@pytest.fixture
def put(store: Store, tmp_path: Path):
    """Write a list and load it."""

    def written(*lines: str) -> Loaded:
        path = tmp_path / "bank.csv"
        path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
        return load(store, "bank_payments", path, now=lambda: make.NOW)

    return written


def numbers(bill: Bill) -> tuple[str, str]:
    return bill.bill_id, rules.payment_ids(bill.bill_id, bill.amount, Month.parse(bill.period))[0]


def test_columns_are_those_of_the_centres_file():
    assert columns("bank_payments") == HEADER


def test_list_is_loaded_once_in_the_digits_and_zeros_of_a_bank(store, bill, put):
    bill_id, payment_id = numbers(bill)
    line = f"{bill_id:0>13},{payment_id:0>13},۱۰۰۲۰۰۳۰۰,1405/09/01"
    assert put(line) == Loaded(1, 0, 0, None)
    assert put(line) == Loaded(0, 1, 0, None)
    plain = f"{bill_id},{payment_id},100200300,1405/09/01"
    assert put(plain) == Loaded(0, 1, 0, None)
    with store.reading() as session:
        assert session.get_one(Bill, bill.id).state is State.SETTLED


def test_rows_that_cannot_be_taken_are_named_with_a_reason(bill, put):
    bill_id, payment_id = numbers(bill)
    foreign = rules.bill_id("77777777", "998", 9)
    stranger = rules.payment_ids(foreign, 4_250_000, Month(1405, 8))[0]
    other = "1" if payment_id[-1] == "0" else "0"
    done = put(
        f"{foreign},{stranger},1,1405/09/01",
        f"{bill_id},{payment_id[:-1]}{other},2,1405/09/01",
        f"{bill_id},12,3,1405/09/01",
        f"{bill_id},{payment_id},,1405/09/01",
        f"{bill_id},{payment_id},4,1405/13/01",
        f"{bill_id},{payment_id},5,1405/09/01",
        f"{bill_id},{payment_id},5,1405/09/01",
    )
    assert (done.loaded, done.refused) == (1, 6)
    assert done.refused_file is not None
    with done.refused_file.open(encoding="utf-8-sig", newline="") as file:
        told = sorted((line, column, why) for line, column, why, _ in list(csv.reader(file))[1:])
    assert told == [
        ("2", "bill_id", WHY["unknown_bill"]),
        ("3", "payment_id", WHY["second_check_digit"]),
        ("4", "payment_id", "is not made of 6 to 13 digits"),
        ("5", "reference", "is empty"),
        ("6", "paid_on", "has a month that is none"),
        ("8", "reference", "line 7 has the same reference"),
    ]


def test_every_reason_of_a_bank_payment_is_said_in_words():
    assert {fault.value for fault in rules.Fault} <= WHY.keys()
