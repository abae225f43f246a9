"""Forgetting: old entries are emptied of who and whom, and the chain holds."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.audit import chain, sealing
from api.audit.models import Entry

TRAIL_LASTS = timedelta(days=3_653)
"""Ten years, as merchants keep their books."""

RULE = "trail_lasts"


def forget(session: Session, *, now: datetime, limit: int) -> int:
    """Empty sealed entries whose time is over, at most `limit`; gives how many.

    Those that say what was emptied stay: without them the chain could not be told from a bent one.
    """
    old = session.scalars(
        select(Entry.number)
        .where(
            Entry.at < now - TRAIL_LASTS,
            Entry.number.is_not(None),
            Entry.salt.is_not(None),
            Entry.verb != chain.EMPTIED,
        )
        .order_by(Entry.at)
        .limit(limit)
    ).all()
    numbers = [one for one in old if one is not None]
    return sealing.empty(session, numbers, actor="job:retention", rule=RULE, now=now)
