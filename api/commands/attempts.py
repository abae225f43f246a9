"""Payments of which the gateway does not say what became of them: listed, and ended by hand."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime

from api.commands.troubles import CannotDo
from api.db import Store
from api.kit.calendar import TEHRAN
from api.payments import service as payments
from api.payments.refusals import PaymentAnswered, PaymentNotFound, ReferenceTaken

_ACTOR = "command:payments"
_REFERENCE = re.compile(r"[0-9A-Za-z-]{1,32}")


def unanswered(store: Store, *, now: datetime) -> list[str]:
    """Say what is to be looked into, a line each, oldest first: the payment's id comes first."""
    with store.reading() as session:
        return [
            f"{one.id}  {one.amount:,} rials  since {one.created_at.astimezone(TEHRAN):%Y-%m-%d %H:%M}  "
            f"{one.gateway} {one.authority or 'unknown'}"
            + (f"  named {one.doubted}, which is another payment's" if one.doubted else "")
            for one in payments.unanswered(session, now=now)
        ]


def paid(store: Store, payment: str, reference: str, *, now: datetime) -> None:
    """End a payment as paid, by the bank's number. Raises CannotDo."""
    if not _REFERENCE.fullmatch(reference):
        raise CannotDo(f"{reference!r} is no bank's reference: 1 to 32 letters, digits and dashes.")

    def end(payment_id: uuid.UUID) -> None:
        with store.writing("payments.end_as_paid") as session:
            payments.end_as_paid(
                session, attempt_id=payment_id, reference=reference, actor=_ACTOR, now=now
            )

    try:
        _end(payment, end)
    except ReferenceTaken:
        raise CannotDo(f"The reference {reference} belongs to another payment.") from None


def unpaid(store: Store, payment: str, *, now: datetime) -> None:
    """End a payment as not paid. Raises CannotDo."""

    def end(payment_id: uuid.UUID) -> None:
        with store.writing("payments.end_as_unpaid") as session:
            payments.end_as_unpaid(session, attempt_id=payment_id, actor=_ACTOR, now=now)

    _end(payment, end)


def _end(payment: str, end: Callable[[uuid.UUID], None]) -> None:
    try:
        end(uuid.UUID(payment))
    except (ValueError, PaymentNotFound):
        raise CannotDo(
            f"There is no payment {payment}: `payments unanswered` lists them."
        ) from None
    except PaymentAnswered:
        raise CannotDo(
            f"The payment {payment} is not unanswered: its end is known, or it began within a day."
        ) from None
