"""Questions about people."""

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import db
from api.people.models import Person


def by_id(session: Session, person_id: uuid.UUID) -> Person | None:
    """The person of an id."""
    return session.get(Person, person_id)


def by_national_code(session: Session, code: str) -> Person | None:
    """The person of a canonical national code."""
    index = db.keys().blind("national_code", code)
    return session.scalar(select(Person).where(Person.national_code_index == index))


def ids_by_national_code(session: Session, codes: Collection[str]) -> Mapping[str, uuid.UUID]:
    """The ids of those canonical national codes that belong to somebody."""
    blind = db.keys().blind
    indexes = {blind("national_code", code): code for code in codes}
    found = session.execute(
        select(Person.national_code_index, Person.id).where(Person.national_code_index.in_(indexes))
    )
    return {indexes[index]: person_id for index, person_id in found}


def languages(session: Session, person_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """The registry's language of each person."""
    found = session.execute(select(Person.id, Person.language).where(Person.id.in_(person_ids)))
    return dict(found.all())
