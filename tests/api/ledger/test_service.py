"""Posting to the ledger, and what accounts come to."""

import uuid

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from api.ledger import service as ledger
from api.ledger.models import Transfer
from api.ledger.rules import Account, Kind, NewTransfer
from tests.support import make

OWNER = uuid.uuid4()
OWED = NewTransfer(
    key="issue:1",
    debit=Account(Kind.PAYER, OWNER),
    credit=Account(Kind.CONTRIBUTIONS),
    amount=4_250_300,
    about="bill:1",
    on=make.TODAY,
)
PAID = OWED._replace(
    key="settle:1",
    debit=Account(Kind.BANK),
    credit=Account(Kind.PAYER, OWNER),
    amount=4_250_000,
)


def test_balance_is_debits_less_credits(session):
    other = OWED._replace(key="issue:2", debit=Account(Kind.PAYER, uuid.uuid4()), amount=7)
    assert ledger.post(session, [OWED, PAID, other], make.NOW) == 3
    assert ledger.balance(session, Kind.PAYER, OWNER) == 300
    assert ledger.balance(session, Kind.PAYER) == 307
    assert ledger.balance(session, Kind.BANK) == 4_250_000
    assert ledger.balance(session, Kind.CONTRIBUTIONS) == -4_250_307


def test_what_was_posted_once_is_passed_over(session):
    ledger.post(session, [OWED], make.NOW)
    assert ledger.post(session, [OWED._replace(amount=1), PAID], make.NOW) == 1
    assert ledger.balance(session, Kind.PAYER, OWNER) == 300


def test_all_accounts_together_come_to_nothing(session):
    ledger.post(session, [OWED, PAID], make.NOW)
    assert sum(ledger.balance(session, kind) for kind in Kind) == 0


def test_empty_account_comes_to_nothing(session):
    assert ledger.balance(session, Kind.UNAPPLIED, uuid.uuid4()) == 0
    assert ledger.post(session, [], make.NOW) == 0


def test_transfer_of_nothing_is_refused_by_the_store(session):
    ledger.post(session, [OWED], make.NOW)
    with pytest.raises(IntegrityError):
        session.execute(update(Transfer).values(amount=0))
