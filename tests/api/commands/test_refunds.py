"""Listing what is to be given back, and noting that it was."""

import uuid

import pytest
from sqlalchemy import select

from api.commands import refunds
from api.commands.troubles import CannotDo
from api.db import Store
from api.kit.language import Language
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.notices.models import Notice
from api.payments import service as payments
from api.payments.models import Credit, PaymentAttempt
from api.payments.rules import AttemptState, CreditReason
from api.templates.facts.payments import RefundFacts
from tests.support import make, paying


@pytest.fixture
def credit(store: Store) -> Credit:
    """Money of a second payment for one bill, that nobody asked for yet."""
    with store.writing("arrange") as session:
        who = paying.payer(session)
        bill = paying.bill(session, who.person)
        link, _, _ = payments.make_link(
            session, bill_ids=[bill.id], person_id=who.person.id, made_by=who.person.id,
            link_id=who.link.id, language=Language.FA, lasts=paying.LASTS, now=make.NOW,
        )  # fmt: skip
        attempt = PaymentAttempt(
            link_id=link.id, gateway=paying.GATEWAY, amount=bill.amount, secret_index=b"1" * 16,
            state=AttemptState.VERIFIED, authority="A1", reference="8827364510",
            card_masked="999999******1234", created_at=make.NOW, changed_at=make.NOW,
            paid_at=make.NOW,
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        made = Credit(
            person_id=who.person.id, attempt_id=attempt.id, amount=bill.amount,
            reason=CreditReason.ALREADY_SETTLED, created_at=make.NOW,
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made


def ask(store: Store, credit: Credit) -> None:
    with store.writing("ask") as session:
        payments.ask_refund(
            session, person_id=credit.person_id, credit_id=credit.id, actor="person:x", now=make.NOW
        )


def test_what_was_asked_back_is_listed_until_it_is_given_back(store, credit):
    assert refunds.asked(store) == []
    ask(store, credit)
    (line,) = refunds.asked(store)
    assert line == (
        f"{credit.id}  4,250,000 rials  already_settled  zarinpal 8827364510  card 999999******1234"
    )
    for _ in range(2):
        refunds.done(store, str(credit.id), now=make.NOW)
    assert refunds.asked(store) == []
    with store.reading() as session:
        assert ledger.balance(session, Kind.REFUNDS) == -4_250_000
        (told,) = session.scalars(select(Notice).where(Notice.template == "payment_refunded"))
    assert told.person_id == credit.person_id
    facts = RefundFacts.model_validate(told.facts)
    assert (facts.amount, facts.reference) == (4_250_000, "8827364510")


@pytest.mark.parametrize("named", ["x", str(uuid.UUID(int=7))])
def test_credit_that_is_not_there_is_said_in_a_sentence(store, named):
    with pytest.raises(CannotDo, match="There is no credit"):
        refunds.done(store, named, now=make.NOW)


def test_credit_that_nobody_asked_for_is_not_given_back(store, credit):
    with pytest.raises(CannotDo, match="Nobody asked"):
        refunds.done(store, str(credit.id), now=make.NOW)
