"""Named questions of identity."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api.access.grants import Held
from api.employers import queries as employers
from api.identity.models import Claim, SentCode
from api.kit.calendar import Month
from api.kit.identifiers import mask_workshop
from api.records import queries as records

NOBODY = UUID(int=0)
"""Asked about in place of a person we do not know: the same questions, the same cost."""


def claim_of_chat(session: Session, claim_id: UUID, chat_index: bytes) -> Claim | None:
    """A claim, if this very chat opened it."""
    return session.scalar(select(Claim).where(Claim.id == claim_id, Claim.chat_index == chat_index))


def full_until(
    session: Session, whose: ColumnElement[bool], *, most: int, span: timedelta, now: datetime
) -> datetime | None:
    """Until when a budget of `most` claims in any `span` is used up; None while there is room."""
    opened = session.scalars(
        select(Claim.created_at)
        .where(whose, Claim.created_at > now - span)
        .order_by(Claim.created_at.desc())
        .offset(most - 1)
        .limit(1)
    ).first()
    return None if opened is None else opened + span


def registration_months(session: Session, person_id: UUID | None, today: date) -> set[str]:
    """The months in which the workplaces of a person were registered; empty for nobody's."""
    workshops = employers.workshops_of(session, person_id or NOBODY, today)
    return {str(Month.of(workshop.registered_on)) for workshop in workshops}


def first_months(session: Session, person_id: UUID | None) -> set[str]:
    """The month in which a person's record begins, alone; empty where there is no record."""
    first = records.first_month(session, person_id or NOBODY)
    return set() if first is None else {str(first)}


def codes_sent(session: Session, phone_index: bytes, day: date) -> tuple[int, datetime | None]:
    """How many codes a number was sent on a day, and when the last of any day."""
    of_day = select(func.count()).where(SentCode.phone_index == phone_index, SentCode.day == day)
    last = (
        select(SentCode.sent_at)
        .where(SentCode.phone_index == phone_index)
        .order_by(SentCode.sent_at.desc())
        .limit(1)
    )
    return session.scalar(of_day) or 0, session.scalar(last)


def workplaces_held(session: Session, *, person_id: UUID, today: date) -> Mapping[UUID, Held]:
    """The workplaces a person speaks for; the answer that `access.grants` asks for."""
    workshops = employers.workshops_of(session, person_id, today)
    roles = {
        contact.workshop_id: contact.role
        for contact in employers.contacts_of(session, [one.id for one in workshops], today)
        if contact.person_id == person_id
    }
    return {
        one.id: Held(label=f"{mask_workshop(one.code)} {one.name}", role=roles[one.id])
        for one in workshops
    }
