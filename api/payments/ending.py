"""Attempts about which the gateway does not say what became of them: staff ask the bank, and end them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from api.audit import service as audit
from api.payments import attempts, queries, rules
from api.payments.models import PaymentAttempt
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

    Raises PaymentNotFound, PaymentAnswered. Somebody who still comes back from the gateway with it
    is a reason to ask again.
    """
    attempt = _held(session, attempt_id)
    if attempt.state is AttemptState.FAILED and attempt.look_at is None:
        return
    _must_be_unanswered(attempt, now)
    attempts.give_up(session, attempt, now)
    _note(session, "payments.end_as_unpaid", attempt, actor, now)


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
    audit.note(session, actor=actor, verb=verb, subject=f"payment:{attempt.id}", detail={}, now=now)
