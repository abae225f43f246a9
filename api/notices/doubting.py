"""Doubting what a store that was lost may have sent: it becomes a question, never a second message.

There is no sending code here. What is doubted is uncertain, and the postman asks about it before
anything else happens to it, as about whatever broke off at the wire.
"""

import uuid
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from api.kit.slices import SIZE, Slice
from api.notices.claiming import LEASE
from api.notices.courses import REPORTED
from api.notices.models import Delivery, Notice
from api.notices.posting import RESTORED
from api.notices.rules import NoticeStatus, Status


class Window(NamedTuple):
    """When the lost store may have sent what this one holds; what was posted later is doubted too.

    A store that is held posts what is loaded into it: of before the loss, most of it.
    """

    lost_at: datetime
    held_at: datetime


def doubt(
    session: Session, *, window: Window, after: str | None, now: datetime, limit: int = SIZE
) -> Slice:
    """Doubt a slice of the deliveries that were due until the loss; safe to do again.

    What was due later surely waits still, and is left alone.
    """
    wanted = (
        select(Delivery.id, Delivery.notice_id, Delivery.status, Delivery.reason)
        .where(
            Delivery.due_at.is_not(None),
            # A claim is due again when its lease ends: it may have been at the wire before that.
            or_(
                Delivery.due_at <= window.lost_at + LEASE,
                Delivery.lease.is_not(None),
                Delivery.created_at >= window.held_at,
            ),
        )
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update()
    )
    if after is not None:
        wanted = wanted.where(Delivery.id > uuid.UUID(after))
    rows = session.execute(wanted).all()
    asked = [row.id for row in rows if _is_asked(row.status, row.reason)]
    ends = select(Notice.ends_at).where(Notice.id == Delivery.notice_id).scalar_subquery()
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(asked))
        .values(
            status=Status.UNCERTAIN,
            reason=RESTORED,
            lease=None,
            due_at=now,
            until=ends,
            changed_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Notice)
        .where(Notice.id.in_({row.notice_id for row in rows}))
        .values(doubted=True)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Notice)
        .where(
            and_(
                Notice.id.in_(select(Delivery.notice_id).where(Delivery.id.in_(asked))),
                Notice.status == NoticeStatus.WAITING,
            )
        )
        .values(status=NoticeStatus.UNCERTAIN)
        .execution_options(synchronize_session=False)
    )
    return Slice(len(rows), str(rows[-1].id) if len(rows) == limit else None)


def _is_asked(status: str, reason: str | None) -> bool:
    """Whether it might have been sent since; what is known to be out keeps its status.

    Sent or failing by a report, it waits for its time to end, and its next step will be in doubt.
    """
    if status == Status.TEMPORARY_FAILURE:
        return reason != REPORTED
    return status in {Status.CREATED, Status.SENDING, Status.UNCERTAIN}
