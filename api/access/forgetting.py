"""Forgetting: of a link that ended its address goes, and what its chat was allowed to do."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.access.models import ENDED, KNOWN, ChatLink, Grant

ENDED_LAST = timedelta(days=30)
"""From the end of a link or a grant: long enough to look into a takeover."""

_NO_CHAT = bytes(16)


def forget_chats(session: Session, *, now: datetime, limit: int) -> int:
    """Forget whose chats they were of links that ended long ago, at most `limit`; gives how many.

    The row stays: notices and payments name it.
    """
    old = select(ChatLink.id).where(KNOWN, ChatLink.ended_at < now - ENDED_LAST).limit(limit)
    forgotten = session.scalars(
        update(ChatLink)
        .where(ChatLink.id.in_(old))
        .values(chat="", chat_index=_NO_CHAT, masked_name="")
        .returning(ChatLink.id)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())


def forget_grants(session: Session, *, now: datetime, limit: int) -> int:
    """Delete grants that ended long ago, at most `limit`; gives how many."""
    old = select(Grant.id).where(ENDED, Grant.ended_at < now - ENDED_LAST).limit(limit)
    forgotten = session.scalars(
        delete(Grant)
        .where(Grant.id.in_(old))
        .returning(Grant.id)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())
