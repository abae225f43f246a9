"""A person's own notices: the inbox, readable from the moment they are posted."""

import uuid
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from api.errors import NotFound
from api.kit.calendar import today
from api.kit.language import Language
from api.kit.speech import Speech
from api.notices.checking import READABLE, by_code, code_of, subject_of
from api.notices.models import Notice
from api.notices.rules import NoticeStatus
from api.notices.schemas import NoticeLine, NoticeOut, NoticePage
from api.templates import layout, render
from api.templates.catalogue import TEMPLATES

PAGE = 7
"""With the line that leads on, a list of eight (talks.md)."""


def mine(
    session: Session,
    *,
    person_id: uuid.UUID,
    language: str,
    after: uuid.UUID | None = None,
    limit: int = PAGE,
) -> NoticePage:
    """List a person's notices, newest first; one-time codes and cancelled ones are none of them.

    What was posted at one instant for several single channels is one line.
    """
    twin = aliased(Notice)
    is_told_again = exists().where(
        twin.person_id == person_id,
        twin.about == Notice.about,
        twin.template == Notice.template,
        twin.created_at == Notice.created_at,
        twin.via.is_not(None),
        twin.status != NoticeStatus.CANCELLED,
        twin.id > Notice.id,
    )
    asked = (
        select(Notice)
        .where(
            Notice.person_id == person_id,
            READABLE,
            Notice.status != NoticeStatus.CANCELLED,
            or_(Notice.via.is_(None), ~is_told_again),
        )
        .order_by(Notice.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        asked = asked.where(Notice.id < after)
    found = session.scalars(asked).all()
    return NoticePage(
        items=[
            NoticeLine(
                code=notice.code or code_of(notice.id),
                template=notice.template,
                subject=_title_of(notice, language),
                day=today(notice.created_at),
                status=notice.status,
            )
            for notice in found[:limit]
        ],
        after=found[limit - 1].id if len(found) > limit else None,
    )


def opened(
    session: Session, *, person_id: uuid.UUID, code: str, language: str, now: datetime
) -> tuple[NoticeOut, uuid.UUID | None]:
    """Give one's own notice by its code, worded today, and the workshop it concerns.

    Raises NotFound when it is not there or somebody else's; NotACode for no code.
    """
    notice = by_code(session, code, person_id=person_id)
    if notice is None:
        raise NotFound
    check_code = notice.code or code_of(notice.id)
    template = TEMPLATES[notice.template]
    message = render.message(
        notice.template,
        notice.facts,
        language=language,
        channel="inbox",
        code=check_code,
        today=today(now),
    )
    out = NoticeOut(
        code=check_code,
        template=notice.template,
        subject=subject_of(notice, language),
        day=today(notice.created_at),
        about=notice.about,
        grant_id=None,
        text=message.text,
        actions=list(template.offered(template.facts.model_validate(notice.facts))),
        status=notice.status,
    )
    return out, notice.workshop_id


def _title_of(notice: Notice, language: str) -> str:
    """Say what tells a notice from others in a list: the subject that its mail has, if it has one.

    It holds more than the answer to a check may: here a person reads their own.
    """
    if "email" not in layout.channels(notice.template):
        return subject_of(notice, language)
    facts = TEMPLATES[notice.template].facts.model_validate(notice.facts).words(today=None)
    subject = layout.wording(notice.template, "email").subject
    if subject is None:
        return subject_of(notice, language)
    return Speech(Language(language)).word(subject, **facts)
