"""Questions about records."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from api import db
from api.kit.calendar import Month
from api.records import rules
from api.records.models import RecordMonth


def days_by_month(session: Session, person_id: UUID) -> dict[Month, int]:
    """A person's days of each month that is on record, merged, the oldest month first."""
    return days_of(session, [person_id]).get(person_id, {})


def days_of(session: Session, person_ids: Collection[UUID]) -> Mapping[UUID, dict[Month, int]]:
    """The same for several people; who has no record is left out."""
    found = db.ask(session, _days(), people=list(person_ids))
    people: dict[UUID, dict[Month, int]] = {}
    for person_id, text, days in found:
        month = Month.parse(text)
        people.setdefault(person_id, {})[month] = rules.merged(month, [int(days)])
    return people


def parts_of_year(session: Session, person_id: UUID, year: int) -> Sequence[RecordMonth]:
    """A person's rows of a year, by month and place."""
    return session.scalars(
        select(RecordMonth)
        .where(
            RecordMonth.person_id == person_id,
            RecordMonth.month.between(f"{year:04d}-01", f"{year:04d}-12"),
        )
        .order_by(RecordMonth.month, RecordMonth.source)
    ).all()


def first_month(session: Session, person_id: UUID) -> Month | None:
    """The first month in which a person was insured for a day."""
    return _month(
        session.scalar(
            select(func.min(RecordMonth.month)).where(
                RecordMonth.person_id == person_id, RecordMonth.days > 0
            )
        )
    )


def last_month(session: Session, person_id: UUID) -> Month | None:
    """The last month in which a person was insured for a day."""
    return _month(
        session.scalar(
            select(func.max(RecordMonth.month)).where(
                RecordMonth.person_id == person_id, RecordMonth.days > 0
            )
        )
    )


def months_since(session: Session, person_id: UUID, since: Month) -> set[Month]:
    """The months from this one on in which a person was insured for a day."""
    found = session.scalars(
        select(RecordMonth.month).where(
            RecordMonth.person_id == person_id,
            RecordMonth.month >= str(since),
            RecordMonth.days > 0,
        )
    )
    return {Month.parse(text) for text in found}


def _month(text: str | None) -> Month | None:
    return None if text is None else Month.parse(text)


@cache
def _days() -> Select[UUID, str, int]:
    month = (RecordMonth.person_id, RecordMonth.month)
    return (
        select(*month, func.sum(RecordMonth.days))
        .where(RecordMonth.person_id.in_(bindparam("people", expanding=True)))
        .group_by(*month)
        .order_by(*month)
    )
