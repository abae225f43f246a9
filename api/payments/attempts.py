"""One try at paying: begun, announced to the gateway, returned from, and settled.

What happens at the gateway happens between these verbs, while no session is open (`flows`,
`sweeper`). Each verb finds the attempt as it is and may be called again, late or out of order.
"""

import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, or_, update
from sqlalchemy.orm import Session

from api.holds import service as holds
from api.kit.language import Language, _
from api.kit.speech import Medium, Speech
from api.payments import pages, queries, rules
from api.payments.gateway import Answer, Asked, NotPaid, Outcome, Refused, Unknown, Verified
from api.payments.models import AttemptBill, PaymentAttempt
from api.payments.rules import AttemptState
from api.payments.settling import settle_bills

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
"""Longer than a question to a gateway may last (`zarinpal.SECONDS`)."""

_BYTES = 24
_SAID_PAID = "OK"
_DESCRIPTION = _("Bill of the Social Security Organization")


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that the gateway does not know of yet; `secret` goes into the return's address."""

    attempt_id: uuid.UUID
    amount: int
    secret: str
    description: str


@dataclass(frozen=True, slots=True)
class ToVerify:
    """What the gateway is to be asked, and in whose name the answer is brought back."""

    attempt_id: uuid.UUID
    amount: int
    authority: str
    lease: uuid.UUID


def begin(session: Session, *, token: str, gateway: str, now: datetime) -> Begun | None:
    """Begin an attempt to pay what of a link's bills is open; the amount is ours, never a browser's.

    None when the link cannot be used now: its page says why.
    """
    link = queries.link_of(session, token, held=True)
    bills = [] if link is None else pages.payable(session, link, now)
    if link is None or not bills:
        return None
    link.attempts += 1
    secret = secrets.token_urlsafe(_BYTES)
    attempt = PaymentAttempt(
        link_id=link.id,
        gateway=gateway,
        amount=sum(bill.amount for bill in bills),
        secret_index=queries.secret_index(secret),
        state=AttemptState.CREATED,
        created_at=now,
        changed_at=now,
        look_at=now + rules.NO_ANSWER_AFTER,
    )
    session.add(attempt)
    session.flush()
    session.add_all(
        AttemptBill(attempt_id=attempt.id, bill_id=bill.id, amount=bill.amount) for bill in bills
    )
    session.flush()
    speech = Speech(Language(link.language), Medium.PAGE)
    return Begun(attempt.id, attempt.amount, secret, speech.word(_DESCRIPTION))


def asked(session: Session, *, attempt_id: uuid.UUID, answer: Answer, now: datetime) -> None:
    """Note what the gateway said to a new attempt.

    Without its authority nobody is sent there, so no money can come: the attempt has failed.
    """
    attempt = queries.held_attempt(session, attempt_id)
    if attempt is None or attempt.authority is not None:
        return
    if isinstance(answer, Asked):
        attempt.authority = answer.authority
        _move(attempt, AttemptState.REDIRECTED, now + rules.FIRST_LOOK, now)
    else:
        log.warning("payment.not_begun", attempt=str(attempt.id), reason=answer.reason)
        _move(attempt, AttemptState.FAILED, None, now)
    session.flush()


def is_awaited(session: Session, secret: str) -> bool:
    """Whether a return of this address belongs to any attempt; reads alone."""
    return queries.attempt_of(session, secret) is not None


def returned(
    session: Session, *, secret: str, authority: str, status: str, now: datetime
) -> ToVerify | None:
    """Note that somebody came back from the gateway, and say what to ask it now.

    What they bring proves nothing: it is a reason to ask, once at a time. None when there is
    nothing to ask: no such attempt, another's authority, verified already, or being asked.
    """
    attempt = queries.attempt_of(session, secret, held=True)
    if attempt is None or attempt.authority is None or not rules.may_return(attempt.state):
        return None
    if not hmac.compare_digest(attempt.authority.encode(), authority.encode()):
        log.warning("payment.return_of_another", attempt=str(attempt.id))
        return None
    is_being_asked = attempt.lease is not None and attempt.look_at and attempt.look_at > now
    if attempt.state in rules.CHECKING and is_being_asked:
        return None
    attempt.cancelled = status != _SAID_PAID
    lease = uuid.uuid4()
    _move(attempt, AttemptState.RETURNED, now + LEASE, now, lease=lease)
    session.flush()
    return ToVerify(attempt.id, attempt.amount, attempt.authority, lease)


def settle(
    session: Session, *, attempt_id: uuid.UUID, lease: uuid.UUID, outcome: Outcome, now: datetime
) -> None:
    """Take in what the gateway answered about an attempt.

    Verified counts whoever asked and whenever, once: each bill of it that is open still is settled,
    the rest of the money becomes credits, and the payer is told. Any other answer counts only from
    whom the lease belongs to. Verified by the number of another payment is such another answer: the
    money may be there or not, so the payer sees it being confirmed until staff have looked.
    """
    attempt = queries.held_attempt(session, attempt_id)
    if attempt is None or attempt.state is AttemptState.VERIFIED:
        return
    holds.recall(session, since=attempt.created_at)
    is_theirs = isinstance(outcome, Verified) and not queries.is_reference_taken(
        session, attempt, outcome.reference
    )
    if isinstance(outcome, Verified) and is_theirs:
        attempt.card_masked = outcome.card_masked
        take_in(session, attempt, outcome.reference, now)
    elif attempt.lease == lease:
        if isinstance(outcome, Verified):
            _doubt(attempt, outcome.reference, now)
        else:
            _not_yet(attempt, outcome, now)
        session.flush()


def take_in(session: Session, attempt: PaymentAttempt, reference: str, now: datetime) -> None:
    """Make an attempt, which is held and whose number nobody else has, a payment; tell the payer."""
    attempt.reference, attempt.doubted = reference, None
    attempt.paid_at, attempt.cancelled = now, False
    _move(attempt, AttemptState.VERIFIED, None, now)
    session.flush()
    settle_bills(session, attempt, now)


def give_up(session: Session, attempt: PaymentAttempt, now: datetime) -> None:
    """Make an attempt, which is held, one that failed."""
    attempt.doubted = None
    _move(attempt, AttemptState.FAILED, None, now)
    session.flush()


def has_due(session: Session, *, gateway: str, now: datetime) -> bool:
    """Whether there is any attempt to ask about; reads alone, so that idling costs no write.

    None while the store is held.
    """
    if holds.is_held(session):
        return False
    return session.scalar(queries.due(now, gateway).limit(1)) is not None


def look_again(session: Session, *, since: datetime, now: datetime) -> int:
    """Let the gateway be asked at once about what it may have been paid for in a store that was lost.

    That is all that is under way, and what has ended unpaid since then: somebody may have come back
    to it. Gives how many those are.
    """
    asked = session.scalars(
        update(PaymentAttempt)
        .where(
            PaymentAttempt.authority.is_not(None),
            or_(
                PaymentAttempt.state.in_(rules.UNDER_WAY),
                and_(
                    PaymentAttempt.state.in_([AttemptState.FAILED, AttemptState.EXPIRED]),
                    PaymentAttempt.created_at > since,
                ),
            ),
        )
        .values(look_at=now, lease=None)
        .returning(PaymentAttempt.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(asked)


def claim_due(session: Session, *, gateway: str, limit: int, now: datetime) -> Sequence[ToVerify]:
    """Claim attempts that are due to be asked about, for the time of a lease.

    Those that were cut off before anybody was sent to the gateway are closed.
    """
    ids = session.scalars(
        queries.due(now, gateway).limit(limit).with_for_update(skip_locked=True)
    ).all()
    if not ids:
        return []
    lease = uuid.uuid4()
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id.in_(ids), PaymentAttempt.authority.is_(None))
        .values(state=AttemptState.FAILED, look_at=None, lease=None, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    claimed = session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id.in_(ids), PaymentAttempt.authority.is_not(None))
        .values(look_at=now + LEASE, lease=lease)
        .returning(PaymentAttempt.id, PaymentAttempt.amount, PaymentAttempt.authority)
        .execution_options(synchronize_session=False)
    )
    return [ToVerify(one.id, one.amount, one.authority, lease) for one in claimed]


def _doubt(attempt: PaymentAttempt, reference: str, now: datetime) -> None:
    log.error("payment.reference_twice", attempt=str(attempt.id))
    attempt.doubted, attempt.cancelled = reference, False
    # Asked again once a day: the gateway may put it right itself.
    _move(attempt, AttemptState.UNKNOWN, now + rules.LATE_STEP, now)


def _not_yet(attempt: PaymentAttempt, outcome: NotPaid | Refused | Unknown, now: datetime) -> None:
    if not isinstance(outcome, Unknown):
        attempt.doubted = None
    if isinstance(outcome, Refused):
        log.warning("payment.refused", attempt=str(attempt.id), reason=outcome.reason)
        _move(attempt, AttemptState.FAILED, None, now)
        return
    answered, age = isinstance(outcome, NotPaid), now - attempt.created_at
    state = rules.when_not_paid(attempt.state) if answered else rules.when_unknown(attempt.state)
    if not answered and age >= rules.ENDS_AFTER:
        # For a day the gateway would not say whether it keeps this money: a person must look.
        log.error("payment.never_confirmed", attempt=str(attempt.id))
    wait = rules.next_look(state, age, answered=answered)
    if wait is None and state is not AttemptState.FAILED:
        state = AttemptState.EXPIRED
    _move(attempt, state, None if wait is None else now + wait, now)


def _move(
    attempt: PaymentAttempt,
    state: AttemptState,
    look_at: datetime | None,
    now: datetime,
    *,
    lease: uuid.UUID | None = None,
) -> None:
    attempt.state, attempt.look_at, attempt.lease, attempt.changed_at = state, look_at, lease, now
