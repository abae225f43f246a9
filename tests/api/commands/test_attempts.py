"""Payments that the gateway leaves unanswered: listed, and ended by hand."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.audit.models import Entry
from api.bills.models import Bill
from api.bills.rules import State
from api.commands import attempts
from api.commands.troubles import CannotDo
from api.db import Store
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.notices.models import Notice
from api.payments import rules
from api.payments import service as payments
from api.payments.gateway import Asked, Unknown
from api.payments.models import PaymentAttempt
from api.payments.rules import AttemptState
from tests.support import make, paying

LATER = make.NOW + rules.ENDS_AFTER
AUTHORITY = "A" * 36


@pytest.fixture
def payment(store: Store) -> PaymentAttempt:
    """A payment that somebody came back from, and of which the gateway says nothing."""
    with store.writing("arrange") as session:
        who = paying.payer(session)
        bill = paying.bill(session, who.person)
        token = paying.token(session, who, [bill])
        begun = payments.begin(session, token=token, gateway=paying.GATEWAY, now=make.NOW)
        assert begun is not None
        known = Asked(AUTHORITY, "https://bank.invalid/")
        payments.asked(session, attempt_id=begun.attempt_id, answer=known, now=make.NOW)
        work = payments.returned(
            session, secret=begun.secret, authority=AUTHORITY, status="OK", now=make.NOW
        )
        assert work is not None
        payments.settle(
            session,
            attempt_id=work.attempt_id,
            lease=work.lease,
            outcome=Unknown("timeout"),
            now=make.NOW,
        )
        return session.get_one(PaymentAttempt, begun.attempt_id)


def audited(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(select(Entry.verb).where(Entry.actor == "command:payments")))


def money(store: Store) -> int:
    with store.reading() as session:
        return ledger.balance(session, Kind.BANK)


def bill_state(store: Store) -> State:
    with store.reading() as session:
        return session.scalars(select(Bill.state)).one()


def test_payment_is_listed_once_a_day_has_passed(store, payment):
    assert attempts.unanswered(store, now=LATER - timedelta(seconds=1)) == []
    (line,) = attempts.unanswered(store, now=LATER)
    assert line.startswith(f"{payment.id}  4,250,000 rials  since ")
    assert line.endswith(f"  zarinpal {AUTHORITY}")


def test_payment_ended_as_paid_settles_its_bill_once(store, payment):
    for _ in range(2):
        attempts.paid(store, str(payment.id), "5500000001", now=LATER)
    assert attempts.unanswered(store, now=LATER) == []
    assert (bill_state(store), money(store)) == (State.SETTLED, 4_250_000)
    assert audited(store) == ["payments.end_as_paid"]
    with store.reading() as session:
        person_id = session.scalars(select(Bill.person_id)).one()
        (receipt,) = payments.receipts(session, person_id=person_id).items
    assert receipt.reference == "5500000001"


def test_payment_ended_as_not_paid_leaves_its_bill_open(store, payment):
    for _ in range(2):
        attempts.unpaid(store, str(payment.id), now=LATER)
    assert attempts.unanswered(store, now=LATER) == []
    assert (bill_state(store), money(store)) == (State.OPEN, 0)
    assert audited(store) == ["payments.end_as_unpaid"]
    with store.reading() as session:
        bill_id = session.scalars(select(Bill.id)).one()
        assert not payments.being_checked(session, [bill_id])
        assert session.get_one(PaymentAttempt, payment.id).state is AttemptState.FAILED
        assert session.scalars(select(Notice.template)).all() == ["payment_unpaid"]


def test_payment_is_not_ended_by_hand_while_the_gateway_may_answer(store, payment):
    with pytest.raises(CannotDo, match="is not unanswered"):
        attempts.paid(store, str(payment.id), "5500000001", now=make.NOW)
    with pytest.raises(CannotDo, match="is not unanswered"):
        attempts.unpaid(store, str(payment.id), now=make.NOW)


def test_payment_whose_end_is_known_is_not_ended_otherwise(store, payment):
    attempts.paid(store, str(payment.id), "5500000001", now=LATER)
    with pytest.raises(CannotDo, match="is not unanswered"):
        attempts.unpaid(store, str(payment.id), now=LATER)
    with pytest.raises(CannotDo, match="is not unanswered"):
        attempts.paid(store, str(payment.id), "5500000002", now=LATER)
    assert money(store) == 4_250_000


def test_number_of_another_payment_is_refused(store, payment):
    with store.writing("arrange") as session:
        other = PaymentAttempt(
            link_id=payment.link_id, gateway=paying.GATEWAY, amount=1000, secret_index=b"1" * 16,
            state=AttemptState.VERIFIED, reference="5500000001", created_at=make.NOW,
            changed_at=make.NOW, paid_at=make.NOW,
        )  # fmt: skip
        session.add(other)
    with pytest.raises(CannotDo, match="belongs to another payment"):
        attempts.paid(store, str(payment.id), "5500000001", now=LATER)
    assert money(store) == 0


@pytest.mark.parametrize("named", ["x", str(uuid.UUID(int=7))])
def test_payment_that_is_not_there_is_said_in_a_sentence(store, named):
    with pytest.raises(CannotDo, match="There is no payment"):
        attempts.unpaid(store, named, now=make.NOW)


def test_reference_of_another_form_is_refused(store, payment):
    with pytest.raises(CannotDo, match="no bank's reference"):
        attempts.paid(store, str(payment.id), "55 00", now=LATER)
