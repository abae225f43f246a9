"""The states of an attempt and of a credit, their moves, and when a gateway is asked again.

    created     ──► redirected, failed (the gateway gave no authority)
    redirected  ──► returned, verified, failed, unknown, expired
    returned    ──► verified, failed, unknown
    unknown     ──► returned, verified, failed, expired
    failed      ──► returned, verified
    expired     ──► returned, verified

Only the gateway's answer to our own question makes an attempt verified, or after a day without one
staff who asked the bank; nothing undoes it. A failed or expired one may still turn out to be paid:
money that comes late is money.
Source: domain page "Payment gateways", section 1.
"""

from datetime import timedelta
from enum import StrEnum

MOST_BILLS = 24
"""Bills that one link pays: two years of months."""

MOST_ATTEMPTS = 10
"""Attempts that one link begins: each of them is a call to the gateway."""

NO_ANSWER_AFTER = timedelta(minutes=1)
"""An attempt that is still `created` by then was cut off: nobody was sent to the gateway with it."""

FIRST_LOOK = timedelta(seconds=30)
"""How long after somebody was sent to the gateway, or came back, we ask by ourselves."""

LIVELY = timedelta(minutes=30)
"""So long somebody may still sit before the gateway's page: we ask often enough that a payment whose
return never comes is settled within 90 seconds, long before money that nobody verifies goes back."""

LIVELY_STEP = timedelta(seconds=45)
UNKNOWN_STEP = timedelta(minutes=5)
LATE_STEP = timedelta(days=1)
"""At the longest between two questions while the gateway does not answer: within a day, and later."""

ENDS_AFTER = timedelta(hours=24)
"""Inside the time in which a gateway can still give money back. Without an answer by then, staff look."""


class AttemptState(StrEnum):
    CREATED = "created"
    REDIRECTED = "redirected"
    RETURNED = "returned"
    VERIFIED = "verified"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


CHECKING = frozenset({AttemptState.RETURNED, AttemptState.UNKNOWN})
"""Somebody came back and we do not know yet: not to be paid again."""


UNDER_WAY = CHECKING | {AttemptState.CREATED, AttemptState.REDIRECTED}
"""It may yet prove paid: somebody sits before the gateway's page, or never came back to tell."""


class CreditState(StrEnum):
    OPEN = "open"
    REFUND_ASKED = "refund_asked"
    REFUNDED = "refunded"


class CreditReason(StrEnum):
    """Why money settled nothing."""

    ALREADY_SETTLED = "already_settled"
    BILL_CLOSED = "bill_closed"


class PageState(StrEnum):
    """What the pay page says."""

    PAYABLE = "payable"
    EXPIRED = "expired"
    PAID = "paid"
    CHECKING = "checking"
    FAILED = "failed"
    GONE = "gone"


def may_return(state: AttemptState) -> bool:
    """Whether somebody coming back is a reason to ask the gateway."""
    return state not in {AttemptState.CREATED, AttemptState.VERIFIED}


def when_not_paid(state: AttemptState) -> AttemptState:
    """The state after the gateway said that nothing was paid.

    Whoever has come back did not pay; whoever has not may be about to.
    """
    return AttemptState.FAILED if state in CHECKING else state


def when_unknown(state: AttemptState) -> AttemptState:
    """The state after the gateway gave no answer that can be used."""
    return AttemptState.UNKNOWN if state in CHECKING else state


def next_look(state: AttemptState, age: timedelta, *, answered: bool) -> timedelta | None:
    """How long until the gateway is asked again about an attempt of this age; None: no more.

    Often while somebody may be paying, then ever more rarely. Only an answer ends it: where one was
    lost, the gateway may keep money that we do not know of.
    """
    if age < LIVELY:
        return LIVELY_STEP
    if not answered:
        return UNKNOWN_STEP if age < ENDS_AFTER else min(age / 24, LATE_STEP)
    if age >= ENDS_AFTER or state is AttemptState.FAILED:
        return None
    return age / 4
