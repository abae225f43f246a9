"""The verbs of the ledger: posting transfers, and what an account comes to."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import sets
from api.kit.money import Rials
from api.ledger.models import Transfer
from api.ledger.rules import Kind, NewTransfer
from api.sets import Bound


def post(session: Session, transfers: Sequence[NewTransfer], now: datetime) -> int:
    """Write transfers in a few statements and give how many were new.

    Those whose key was posted before are passed over.
    """
    return sets.add_bound(session, bind(session, transfers, now))


def bind(session: Session, transfers: Sequence[NewTransfer], now: datetime) -> Bound:
    """Make transfers ready for `sets.add_bound`; writes nothing."""
    rows = [
        {
            "key": one.key,
            "debit_kind": one.debit.kind,
            "debit_of": one.debit.of,
            "credit_kind": one.credit.kind,
            "credit_of": one.credit.of,
            "amount": one.amount,
            "about": one.about,
            "on": one.on,
            "at": now,
        }
        for one in transfers
    ]
    return sets.bind(session, Transfer, rows)


def balance(session: Session, kind: Kind, of: uuid.UUID | None = None) -> Rials:
    """Give an account's debits less its credits; without `of`, those of all accounts of the kind."""
    debits = select(func.sum(Transfer.amount)).where(Transfer.debit_kind == kind)
    credits_ = select(func.sum(Transfer.amount)).where(Transfer.credit_kind == kind)
    if of is not None:
        debits = debits.where(Transfer.debit_of == of)
        credits_ = credits_.where(Transfer.credit_of == of)
    return Rials(int(session.scalar(debits) or 0) - int(session.scalar(credits_) or 0))
