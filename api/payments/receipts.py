"""What people see of money that came in, and asking for what was left over."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from api.audit import service as audit
from api.kit import calendar
from api.ledger import service as ledger
from api.ledger.rules import Account, Kind, NewTransfer
from api.notices import service as notices
from api.payments import queries
from api.payments.models import Credit, PayLink, PaymentAttempt
from api.payments.refusals import CreditNotFound, CreditRefunded, PaymentNotFound, RefundNotAsked
from api.payments.rules import CreditState
from api.payments.schemas import CreditOut, CreditPage, PaidItem, PaymentOut, PaymentPage
from api.people import queries as people

_MOST = 50


def receipts(session: Session, *, person_id: uuid.UUID) -> PaymentPage:
    """Give the payments that came in for a person's bills, the newest first; at most fifty."""
    items = _shown(session, queries.verified(session, person_id, limit=_MOST))
    return PaymentPage(items=items, count=len(items))


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt among somebody's papers; `child` is the masked name of the child it is for, if any."""

    person_id: uuid.UUID
    """Whose bills were paid."""
    child: str
    receipt: PaymentOut


def papers(session: Session, *, person_id: uuid.UUID, today: date) -> Sequence[Kept]:
    """Give the receipts for a person's own bills and those they paid for a child of theirs under 18.

    The newest first; at most fifty.
    """
    return _papers(session, person_id, today)


def one_paper(
    session: Session, *, person_id: uuid.UUID, payment_id: uuid.UUID, today: date
) -> Kept:
    """Give one of a person's papers; raises PaymentNotFound, for another's as well."""
    found = _papers(session, person_id, today, payment_id)
    if not found:
        raise PaymentNotFound
    return found[0]


def credits_of(session: Session, *, person_id: uuid.UUID) -> CreditPage:
    """Give a person's credits, the newest first, and what of them is not given back yet."""
    items = [_credit(*row) for row in queries.credits_of(session, person_id)]
    kept = [item.amount for item in items if item.state is not CreditState.REFUNDED]
    return CreditPage(items=items, count=len(items), total=sum(kept))


def ask_refund(
    session: Session, *, person_id: uuid.UUID, credit_id: uuid.UUID, actor: str, now: datetime
) -> CreditOut:
    """Note that a person wants a credit back: a task for the organisation. Once is enough.

    Raises CreditNotFound, CreditRefunded.
    """
    credit = queries.held_credit(session, credit_id)
    if credit is None or credit.person_id != person_id:
        raise CreditNotFound
    if credit.state is CreditState.REFUNDED:
        raise CreditRefunded
    if credit.state is CreditState.OPEN:
        credit.state, credit.refund_asked_at = CreditState.REFUND_ASKED, now
        session.flush()
        _note(session, "payments.ask_refund", credit, actor, now)
    paid = session.get_one(PaymentAttempt, credit.attempt_id)
    return _credit(credit, paid.reference or "")


def refunds(session: Session) -> Sequence[tuple[Credit, PaymentAttempt]]:
    """Give the refunds that are to be made, with the payment each came by, oldest first."""
    return queries.asked_back(session)


def refunded(session: Session, *, credit_id: uuid.UUID, actor: str, now: datetime) -> None:
    """Note that a credit was given back, and tell whoever made the payment; once is enough.

    Raises CreditNotFound, and RefundNotAsked when nobody asked for it.
    """
    credit = queries.held_credit(session, credit_id)
    if credit is None:
        raise CreditNotFound
    if credit.state is CreditState.OPEN:
        raise RefundNotAsked
    if credit.state is CreditState.REFUNDED:
        return
    credit.state, credit.refunded_at = CreditState.REFUNDED, now
    session.flush()
    ledger.post(
        session,
        [
            NewTransfer(
                key=f"refund:{credit.id}",
                debit=Account(Kind.UNAPPLIED, credit.person_id),
                credit=Account(Kind.REFUNDS),
                amount=credit.amount,
                about=_about(credit),
                on=calendar.today(now),
            )
        ],
        now,
    )
    _note(session, "payments.refunded", credit, actor, now)
    _post_refunded(session, credit, now)


def _post_refunded(session: Session, credit: Credit, now: datetime) -> None:
    paid = session.get_one(PaymentAttempt, credit.attempt_id)
    notices.post(
        session,
        template="payment_refunded",
        to=session.get_one(PayLink, paid.link_id).made_by,
        about=_about(credit),
        facts={
            "amount": credit.amount,
            "paid_on": calendar.today(paid.paid_at or paid.changed_at),
            "given_back_on": calendar.today(now),
            "reference": paid.reference,
        },
        key=f"payment_refunded:{credit.id}",
        now=now,
    )


def _papers(
    session: Session, person_id: uuid.UUID, today: date, payment_id: uuid.UUID | None = None
) -> Sequence[Kept]:
    children = people.children_held(session, person_id=person_id, today=today)
    found = queries.verified_with_children(
        session, person_id, children, limit=_MOST, attempt_id=payment_id
    )
    shown = _shown(session, [attempt for attempt, _ in found])
    return [
        Kept(of, "" if of == person_id else children[of].label, receipt)
        for (_, of), receipt in zip(found, shown, strict=True)
    ]


def _shown(session: Session, paid: Sequence[PaymentAttempt]) -> list[PaymentOut]:
    ids = [attempt.id for attempt in paid]
    lines = queries.lines_of(session, ids)
    kept = queries.credited(session, ids, given_back=False)
    given_back = queries.credited(session, ids, given_back=True)
    return [
        PaymentOut(
            id=attempt.id,
            amount=attempt.amount,
            paid_at=attempt.paid_at or attempt.changed_at,
            reference=attempt.reference or "",
            card_masked=attempt.card_masked,
            items=[
                PaidItem(purpose=bill.purpose, period=bill.period, amount=line.amount)
                for line, bill in lines.get(attempt.id, ())
                if line.settled
            ],
            credit=kept.get(attempt.id, 0),
            given_back=given_back.get(attempt.id, 0),
        )
        for attempt in paid
    ]


def _credit(credit: Credit, reference: str) -> CreditOut:
    return CreditOut(
        id=credit.id,
        amount=credit.amount,
        reason=credit.reason,
        state=credit.state,
        created_at=credit.created_at,
        reference=reference,
    )


def _note(session: Session, verb: str, credit: Credit, actor: str, now: datetime) -> None:
    audit.note(session, actor=actor, verb=verb, subject=_about(credit), detail={}, now=now)


def _about(credit: Credit) -> str:
    return f"credit:{credit.id}"
