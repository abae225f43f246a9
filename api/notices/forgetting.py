"""Forgetting: a notice loses its text when its time is over; that it was sent, and how, stays."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from api.notices.models import Delivery, Notice, Report
from api.notices.rules import NoticeStatus
from api.templates.catalogue import NoticeClass

TEXTS_LAST: Mapping[NoticeClass, timedelta] = MappingProxyType(
    {
        NoticeClass.CODE: timedelta(days=7),
        NoticeClass.COURTESY: timedelta(days=365),
        NoticeClass.SERVICE: timedelta(days=365),
        NoticeClass.RECEIPT: timedelta(days=2 * 365),
        NoticeClass.LEGAL: timedelta(days=3_653),
    }
)
"""From the last instant at which anything could leave."""

ORPHANS_LAST = timedelta(days=365)
"""How long the raw text of a report is kept whose delivery nobody knows."""

LEGAL = frozenset({NoticeClass.LEGAL, NoticeClass.RECEIPT})
"""What has to be proved in its own words: nobody's wish shortens its time."""

_OPEN = (NoticeStatus.WAITING, NoticeStatus.UNCERTAIN)


def forget_texts(session: Session, *, now: datetime, limit: int) -> int:
    """Empty notices whose time is over, at most `limit`; gives how many."""
    return _empty(
        session,
        or_(
            *(
                and_(Notice.notice_class == name, Notice.ends_at < now - lasts)
                for name, lasts in TEXTS_LAST.items()
            )
        ),
        now=now,
        limit=limit,
    )


def forget_texts_of(session: Session, *, person_id: uuid.UUID, now: datetime, limit: int) -> int:
    """Empty a person's notices before their time, but those that have to be proved."""
    theirs = and_(Notice.person_id == person_id, Notice.notice_class.not_in(sorted(LEGAL)))
    return _empty(session, and_(theirs, Notice.ends_at < now), now=now, limit=limit)


def forget_orphans(session: Session, *, now: datetime, limit: int) -> int:
    """Forget the raw text of reports that belong to no delivery, at most `limit`."""
    old = (
        select(Report.id)
        .where(
            Report.delivery_id.is_(None),
            Report.told.is_not(None),
            Report.received_at < now - ORPHANS_LAST,
        )
        .limit(limit)
    )
    return _silence(session, Report.id.in_(old))


def _empty(session: Session, which: ColumnElement[bool], *, now: datetime, limit: int) -> int:
    due = (
        select(Notice.id)
        .where(which, Notice.emptied_at.is_(None), Notice.status.not_in(_OPEN))
        .limit(limit)
    )
    emptied: Sequence[uuid.UUID] = session.scalars(
        update(Notice)
        .where(Notice.id.in_(due))
        .values(facts={}, secret=None, emptied_at=now)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    ).all()
    if emptied:
        theirs = select(Delivery.id).where(Delivery.notice_id.in_(emptied))
        _silence(session, and_(Report.delivery_id.in_(theirs), Report.told.is_not(None)))
    return len(emptied)


def _silence(session: Session, which: ColumnElement[bool]) -> int:
    silenced = session.scalars(
        update(Report)
        .where(which)
        .values(told=None)
        .returning(Report.id)
        .execution_options(synchronize_session=False)
    )
    return len(silenced.all())
