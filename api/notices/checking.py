"""Check codes: what each notice carries, and whether a code somebody read is ours."""

import math
import uuid
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api import db
from api.kit import codes
from api.kit.calendar import today
from api.kit.language import Language
from api.kit.speech import Speech
from api.notices.models import CheckBudget, Notice
from api.notices.refusals import NotACode, TooManyChecks
from api.notices.schemas import Genuine
from api.records import papers
from api.templates.catalogue import TEMPLATES, NoticeClass

READABLE = and_(
    Notice.notice_class != NoticeClass.CODE,
    Notice.emptied_at.is_(None),
    # One of an older release whose template is no more cannot be worded.
    Notice.template.in_(sorted(TEMPLATES)),
)
"""What may be read in an inbox: never a one-time code, nor what has lost its text."""

CHECKS_AN_HOUR = 20
_HOUR = timedelta(hours=1)

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
    A paper's code is answered likewise. Raises NotACode for what has not the form of one.
    """
    if (long := codes.parse_paper_code(code)) is not None:
        return _of_paper(long, language)
    wanted = _parsed(code)
    # Forty bits may meet again in years: who asks holds the one that came last.
    notice = session.scalars(
        select(Notice).where(Notice.code == wanted).order_by(Notice.id.desc()).limit(1)
    ).first()
    if notice is None and person_id is not None:
        notice = _unsent(session, wanted, person_id)
    # Recomputed: a row that was put there by hand does not make a code genuine.
    if notice is None or not _is_of(notice.id, wanted) or notice.template not in TEMPLATES:
        return Genuine(genuine=False)
    return Genuine(
        genuine=True,
        day=today(notice.created_at),
        subject=subject_of(notice, language),
    )


def _is_of(notice_id: uuid.UUID, code: str) -> bool:
    return codes.is_check_code(db.keys().sign("check_code", b""), notice_id, code)


def _of_paper(code: str, language: str) -> Genuine:
    found = papers.vouched(code)
    if found is None:
        return Genuine(genuine=False, paper=True)
    day, all_days = found
    subject = Speech(Language(language)).word(papers.subject_of(all_days))
    return Genuine(genuine=True, paper=True, day=day, subject=subject)


def spend_check(session: Session, *, chat_index: bytes, now: datetime) -> None:
    """Count a question of a chat; raises TooManyChecks when it asked too often within an hour.

    Codes are 40 bits: at this pace nobody finds one by trying.
    """
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        kind.insert(CheckBudget)
        .values(chat_index=chat_index, begun_at=now, asked=0)
        .on_conflict_do_nothing()
    )
    budget = session.scalars(
        select(CheckBudget).where(CheckBudget.chat_index == chat_index).with_for_update()
    ).one()
    if now >= budget.begun_at + _HOUR:
        budget.begun_at, budget.asked = now, 0
    if budget.asked >= CHECKS_AN_HOUR:
        raise TooManyChecks(wait_seconds=math.ceil((budget.begun_at + _HOUR - now).total_seconds()))
    budget.asked += 1
    session.flush()


def by_code(session: Session, code: str, *, person_id: uuid.UUID) -> Notice | None:
    """Give a person's own notice by its code; None when it is not there or not theirs.

    Raises NotACode.
    """
    wanted = _parsed(code)
    notice = session.scalars(
        select(Notice)
        .where(
            Notice.code == wanted,
            Notice.person_id == person_id,
            READABLE,
        )
        .order_by(Notice.id.desc())
        .limit(1)
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
            READABLE,
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
