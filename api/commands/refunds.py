"""Money to be given back: what people asked for, and noting that it was done."""

import uuid
from datetime import datetime

from api.commands.troubles import CannotDo
from api.db import Store
from api.payments import service as payments
from api.payments.refusals import CreditNotFound, RefundNotAsked


def asked(store: Store) -> list[str]:
    """Say what is to be given back, a line each, oldest first: the credit's id comes first."""
    with store.reading() as session:
        return [
            f"{credit.id}  {credit.amount:,} rials  {credit.reason}  "
            f"{paid.gateway} {paid.reference}  card {paid.card_masked or 'unknown'}"
            for credit, paid in payments.refunds(session)
        ]


def done(store: Store, credit: str, *, now: datetime) -> None:
    """Note that a credit was given back. Raises CannotDo."""
    try:
        credit_id = uuid.UUID(credit)
        with store.writing("payments.refunded") as session:
            payments.refunded(session, credit_id=credit_id, actor="command:payments", now=now)
    except (ValueError, CreditNotFound):
        raise CannotDo(f"There is no credit {credit}: `payments refunds` lists them.") from None
    except RefundNotAsked:
        raise CannotDo(f"Nobody asked for the credit {credit} back.") from None
