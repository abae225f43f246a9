"""Named questions of identity."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api.access.grants import Held
from api.employers import queries as employers
from api.employers.models import Workshop
from api.identity.models import Claim, SentCode
from api.kit.calendar import Month
from api.kit.identifiers import mask_workshop
from api.records import queries as records
from api.records.models import RecordMonth

NOBODY = UUID(int=0)
"""Asked about in place of a person we do not know: the same questions, the same cost."""

# Where the code begins in the source `workshop:<code>` of a month; SQL counts from one.
_CODE_FROM = len("workshop:") + 1


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


def last_workplace(session: Session, person_id: UUID | None) -> str | None:
    """The code of the workplace, of those registered with us, where a person was insured last.

    None where there is none: under the codes of places that are not registered stand contracts and
    what is long gone.
    """
    return session.scalar(
        select(Workshop.code)
        .join(RecordMonth, Workshop.code == func.substr(RecordMonth.source, _CODE_FROM))
        .where(
            RecordMonth.person_id == (person_id or NOBODY),
            RecordMonth.source.startswith("workshop:"),
            RecordMonth.days > 0,
        )
        .order_by(RecordMonth.month.desc(), RecordMonth.days.desc(), Workshop.code)
        .limit(1)
    )


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
    return {
        one.id: Held(label=f"{mask_workshop(one.code)} {one.name}", role=one.role)
        for one in employers.held_by(session, person_id, today)
    }
