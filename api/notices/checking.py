"""Check codes: what each notice carries, and whether a code somebody read is ours."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import db
from api.kit import codes
from api.kit.calendar import today
from api.kit.language import Language, Speech
from api.notices.models import Notice
from api.notices.refusals import NotACode
from api.notices.schemas import Genuine
from api.templates.catalogue import TEMPLATES, NoticeClass

# How far back a person's own notices are searched for one that was read before it was ever sent.
_UNSENT = 500


def code_of(notice_id: uuid.UUID) -> str:
    """Give the check code of a notice, ungrouped."""
    return codes.check_code(db.keys().sign("check_code", b""), notice_id)


def check(
    session: Session, code: str, *, language: str, person_id: uuid.UUID | None = None
) -> Genuine:
    """Say whether a code is of a notice of ours: yes or no, its day and its subject.

    `person_id` is who asks, if known: a notice read in one's own inbox may not have been sent yet.
    Raises NotACode for what has not the form of one.
    """
    wanted = _parsed(code)
    notice = session.scalars(select(Notice).where(Notice.code == wanted).limit(1)).first()
    if notice is None and person_id is not None:
        notice = _unsent(session, wanted, person_id)
    # Recomputed: a row that was put there by hand does not make a code genuine.
    if notice is None or code_of(notice.id) != wanted:
        return Genuine(genuine=False)
    return Genuine(
        genuine=True,
        day=today(notice.created_at),
        subject=subject_of(notice, language),
    )


def by_code(session: Session, code: str, *, person_id: uuid.UUID) -> Notice | None:
    """Give a person's own notice by its code; None when it is not there or not theirs.

    Raises NotACode.
    """
    wanted = _parsed(code)
    notice = session.scalars(
        select(Notice).where(
            Notice.code == wanted,
            Notice.person_id == person_id,
            Notice.notice_class != NoticeClass.CODE,
        )
    ).first()
    return notice or _unsent(session, wanted, person_id)


def subject_of(notice: Notice, language: str) -> str:
    """Say what a notice is about, in a language."""
    return Speech(Language(language)).word(TEMPLATES[notice.template].subject)


def _unsent(session: Session, code: str, person_id: uuid.UUID) -> Notice | None:
    unsent = session.scalars(
        select(Notice.id)
        .where(
            Notice.person_id == person_id,
            Notice.code.is_(None),
            Notice.notice_class != NoticeClass.CODE,
        )
        .order_by(Notice.id.desc())
        .limit(_UNSENT)
    )
    found = next((one for one in unsent if code_of(one) == code), None)
    return None if found is None else session.get(Notice, found)


def _parsed(code: str) -> str:
    parsed = codes.parse_code(code)
    if parsed is None:
        raise NotACode
    return parsed
