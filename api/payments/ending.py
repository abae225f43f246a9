"""Attempts about which the gateway does not say what became of them: staff ask the bank, and end them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from api.audit import service as audit
from api.kit import calendar
from api.notices import service as notices
from api.payments import attempts, queries, rules
from api.payments.models import PayLink, PaymentAttempt
from api.payments.refusals import PaymentAnswered, PaymentNotFound, ReferenceTaken
from api.payments.rules import AttemptState


def unanswered(session: Session, *, now: datetime) -> Sequence[PaymentAttempt]:
    """Give the attempts that a person must look into, the oldest first.

    For a day the gateway has not said what became of them, or it names another payment's number.
    """
    return queries.without_answer(session, now - rules.ENDS_AFTER)


def end_as_paid(
    session: Session, *, attempt_id: uuid.UUID, reference: str, actor: str, now: datetime
) -> None:
    """Take an unanswered attempt for paid, by the bank's own number: settled as by the gateway's word.

    Once is enough. Raises PaymentNotFound, PaymentAnswered, and ReferenceTaken for the number of
    another payment.
    """
    attempt = _held(session, attempt_id)
    if (attempt.state, attempt.reference) == (AttemptState.VERIFIED, reference):
        return
    _must_be_unanswered(attempt, now)
    if queries.is_reference_taken(session, attempt, reference):
        raise ReferenceTaken
    attempts.take_in(session, attempt, reference, now)
    _note(session, "payments.end_as_paid", attempt, actor, now)


def end_as_unpaid(session: Session, *, attempt_id: uuid.UUID, actor: str, now: datetime) -> None:
    """Take an unanswered attempt for not paid: its bills may be paid again. Once is enough.

    Who came back from the gateway, and saw it being confirmed, is told. Raises PaymentNotFound, PaymentAnswered. Somebody who still comes back from the gateway with it
    is a reason to ask again.
    """
    attempt = _held(session, attempt_id)
    if attempt.state is AttemptState.FAILED and attempt.look_at is None:
        return
    _must_be_unanswered(attempt, now)
    was_confirmed = attempt.state in rules.CHECKING and not attempt.cancelled
    attempts.give_up(session, attempt, now)
    _note(session, "payments.end_as_unpaid", attempt, actor, now)
    if was_confirmed:
        _post_unpaid(session, attempt, now)


def _post_unpaid(session: Session, attempt: PaymentAttempt, now: datetime) -> None:
    notices.post(
        session,
        template="payment_unpaid",
        to=session.get_one(PayLink, attempt.link_id).made_by,
        about=_about(attempt),
        facts={"amount": attempt.amount, "begun_on": calendar.today(attempt.created_at)},
        # It may be looked into again, should they come back with it once more.
        key=f"payment_unpaid:{attempt.id}:{calendar.today(now)}",
        now=now,
    )


def _held(session: Session, attempt_id: uuid.UUID) -> PaymentAttempt:
    attempt = queries.held_attempt(session, attempt_id)
    if attempt is None:
        raise PaymentNotFound
    return attempt


def _must_be_unanswered(attempt: PaymentAttempt, now: datetime) -> None:
    is_old = now - attempt.created_at >= rules.ENDS_AFTER
    if attempt.look_at is None or not (is_old or attempt.doubted):
        raise PaymentAnswered


def _note(session: Session, verb: str, attempt: PaymentAttempt, actor: str, now: datetime) -> None:
    audit.note(session, actor=actor, verb=verb, subject=_about(attempt), detail={}, now=now)


def _about(attempt: PaymentAttempt) -> str:
    return f"payment:{attempt.id}"
