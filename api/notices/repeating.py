"""Sending again what failed, once its cause is mended: a fresh notice takes the place of the failed one.

Only what surely left nobody's hands is sent again: each of its attempts was refused, or none was
made. What a provider took, or may have taken, stays as it is: its person may have it.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from api.notices.models import Attempt, Delivery, Notice
from api.notices.posting import NewNotice, post_many
from api.notices.rules import AttemptState, NoticeStatus, Status
from api.templates.catalogue import TEMPLATES, NoticeClass

AT_ONCE = 1_000
"""No more are sent again by one person at one time (guarantees.md, "Staff": two people above that)."""

SENT_AGAIN = "sent_again"
"""The reason of a failed notice in whose place another one was posted."""

_NO_REASON = "unknown"
_GAVE_UP = (Status.PERMANENT_FAILURE, Status.TECHNICAL_FAILURE)


class Failures(NamedTuple):
    """Failed notices that one channel refused for one reason, and how many can be sent again."""

    template: str
    channel: str
    reason: str
    many: int
    sendable: int


class Repeated(NamedTuple):
    """What was sent again, and how many no longer fit their template and stay failed."""

    sent: int
    unfit: int


def failures(session: Session) -> Sequence[Failures]:
    """Count what failed; a notice stands in a line for each channel that it failed on."""
    reason = func.coalesce(Delivery.reason, _NO_REASON)
    found = session.execute(
        select(
            Notice.template,
            Delivery.channel,
            reason,
            func.count(),
            func.count().filter(_sendable()),
        )
        .join(Delivery, Delivery.notice_id == Notice.id)
        .where(Notice.status == NoticeStatus.FAILED, Delivery.status.in_(_GAVE_UP))
        .group_by(Notice.template, Delivery.channel, reason)
        .order_by(Notice.template, Delivery.channel, reason)
    )
    return [Failures(*row) for row in found]


def sendable(
    session: Session, *, notice_id: uuid.UUID | None = None, reason: str | None = None
) -> Sequence[Notice]:
    """Give failed notices that can be sent again, oldest first, locked; at most AT_ONCE.

    One of them by its id, or those that a channel refused for a reason.
    """
    wanted = select(Notice).where(_sendable())
    if notice_id is not None:
        wanted = wanted.where(Notice.id == notice_id)
    if reason is not None:
        wanted = wanted.where(
            exists().where(
                Delivery.notice_id == Notice.id,
                Delivery.status.in_(_GAVE_UP),
                func.coalesce(Delivery.reason, _NO_REASON) == reason,
            )
        )
    return session.scalars(wanted.order_by(Notice.id).limit(AT_ONCE).with_for_update()).all()


def send_again(session: Session, failed: Sequence[Notice], now: datetime) -> Repeated:
    """Post a notice in the place of each failed one; it begins its plan anew.

    The failed one is cancelled, so that its person reads one of them; another run finds it no more.
    """
    fit = [notice for notice in failed if _fits(notice)]
    # By its key one failed notice has one follower, whoever else does this beside us.
    sent = post_many(session, [_follower(notice) for notice in fit], now)
    for notice in fit:
        notice.status, notice.reason = NoticeStatus.CANCELLED, SENT_AGAIN
    session.flush()
    return Repeated(sent, len(failed) - len(fit))


def _sendable() -> ColumnElement[bool]:
    left_our_hands = exists().where(
        Delivery.notice_id == Notice.id,
        Attempt.delivery_id == Delivery.id,
        Attempt.state != AttemptState.REJECTED,
    )
    # A code is forgotten when its notice ends: its person asks for another one.
    return and_(
        Notice.status == NoticeStatus.FAILED,
        Notice.notice_class != NoticeClass.CODE,
        Notice.emptied_at.is_(None),
        ~left_our_hands.correlate(Notice),
    )


def _fits(notice: Notice) -> bool:
    try:
        TEMPLATES[notice.template].facts.model_validate(notice.facts)
    except (KeyError, ValidationError):
        return False
    return True


def _follower(notice: Notice) -> NewNotice:
    return NewNotice(
        template=notice.template,
        to=notice.person_id,
        about=notice.about,
        facts=notice.facts,
        key=f"again:{notice.id}",
        workshop_id=notice.workshop_id,
        via=notice.via,
        link_id=notice.link_id,
    )
