"""Sweeping: what is past its time is forgotten, what waits too long is counted."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from api.notices.models import CheckBudget, Delivery

BUDGETS_LAST = timedelta(hours=2)
OVERDUE = timedelta(minutes=10)
"""Nobody has looked at it for so long although it was due: no postman works, or too few."""


def sweep(session: Session, *, now: datetime, limit: int = 5_000) -> int:
    """Forget at most so many spent budgets of the check code; gives how many."""
    old = select(CheckBudget.chat_index).where(CheckBudget.begun_at < now - BUDGETS_LAST)
    return len(
        session.scalars(
            delete(CheckBudget)
            .where(CheckBudget.chat_index.in_(old.limit(limit)))
            .returning(CheckBudget.chat_index)
            .execution_options(synchronize_session=False)
        ).all()
    )


def overdue(session: Session, *, now: datetime) -> Mapping[str, int]:
    """Count by channel the deliveries that nobody has looked at in time."""
    rows = session.execute(
        select(Delivery.channel, func.count())
        .where(Delivery.due_at < now - OVERDUE)
        .group_by(Delivery.channel)
    )
    return dict(rows.all())
