"""Questions about employers, workshops and contacts."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, Date, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from api import db, sets
from api.employers.models import Contact, Employer, Workshop
from api.employers.rules import Role


@dataclass(frozen=True, slots=True)
class ContactOf:
    """Who may be told of a workshop."""

    workshop_id: uuid.UUID
    person_id: uuid.UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Label:
    """How a workshop is told from others."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Held:
    """A workshop that somebody speaks for, and as what."""

    id: uuid.UUID
    code: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Sibling:
    """A workshop of an employer of somebody's, and whether they speak for this one too."""

    code: str
    name: str
    active: bool
    spoken_for: bool


def speaks_on(day: date | BindParameter[date]) -> ColumnElement[bool]:
    """The condition that a contact speaks for the workshop on a day."""
    return and_(Contact.since <= day, or_(Contact.until.is_(None), Contact.until >= day))


def by_id(session: Session, workshop_id: uuid.UUID) -> Workshop | None:
    """The workshop of an id."""
    return session.get(Workshop, workshop_id)


def workshops_of(session: Session, person_id: uuid.UUID, today: date) -> Sequence[Workshop]:
    """The active workshops that a person speaks for today, by code."""
    return session.scalars(
        select(Workshop)
        .join(Contact, Contact.workshop_id == Workshop.id)
        .where(Contact.person_id == person_id, Workshop.active, speaks_on(today))
        .order_by(Workshop.code)
    ).all()


def held_by(session: Session, person_id: uuid.UUID, today: date) -> list[Held]:
    """The same workshops, with what the person is there; by code."""
    return [Held(*one) for one in db.ask(session, _held(), person_id=person_id, day=today)]


def contacts_of(
    session: Session, workshop_ids: Collection[uuid.UUID], today: date
) -> Sequence[ContactOf]:
    """Everybody who speaks today for those of these workshops that are active."""
    found = session.execute(
        select(Contact.workshop_id, Contact.person_id, Contact.role)
        .join(Workshop, Workshop.id == Contact.workshop_id)
        .where(
            sets.among(session, Contact.workshop_id, workshop_ids),
            Workshop.active,
            speaks_on(today),
        )
        .order_by(Contact.workshop_id, Contact.id)
    )
    return [ContactOf(*row) for row in found]


def names_around(session: Session, code: str, *, limit: int) -> dict[str, str]:
    """The names of workshops whose codes are nearest to this one, itself too, by code.

    At most `limit` from it on and `limit` before it.
    """
    after = select(Workshop.code, Workshop.name).where(Workshop.code >= code)
    before = select(Workshop.code, Workshop.name).where(Workshop.code < code)
    return {
        found.code: found.name
        for side in (after.order_by(Workshop.code), before.order_by(Workshop.code.desc()))
        for found in session.execute(side.limit(limit))
    }


def of_the_same_employers(
    session: Session, person_id: uuid.UUID, today: date, *, limit: int
) -> Sequence[Sibling]:
    """The workshops of those employers for whose a person speaks, closed ones too.

    Those for which they speak themself come first, then by code; at most `limit` in all.
    """
    theirs = aliased(Workshop)
    held = (
        select(theirs.id, theirs.employer_id)
        .join(Contact, Contact.workshop_id == theirs.id)
        .where(Contact.person_id == person_id, theirs.active, speaks_on(today))
        .subquery()
    )
    speaks = Workshop.id.in_(select(held.c.id))
    found = session.execute(
        select(Workshop.code, Workshop.name, Workshop.active, speaks)
        .where(Workshop.employer_id.in_(select(held.c.employer_id)))
        .order_by(speaks.desc(), Workshop.code)
        .limit(limit)
    )
    return [Sibling(*row) for row in found]


def labels_of(session: Session, workshop_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Label]:
    """The codes and names of these workshops."""
    found = session.execute(
        select(Workshop.id, Workshop.code, Workshop.name).where(
            sets.among(session, Workshop.id, workshop_ids)
        )
    )
    return {workshop_id: Label(code, name) for workshop_id, code, name in found}


def ids_by_number(session: Session, numbers: Collection[str]) -> Mapping[str, uuid.UUID]:
    """The ids of those canonical employer numbers that are registered."""
    indexes = {db.keys().blind("employer_no", number): number for number in numbers}
    found = session.execute(
        select(Employer.number_index, Employer.id).where(Employer.number_index.in_(indexes))
    )
    return {indexes[index]: employer_id for index, employer_id in found}


def ids_by_code(session: Session, codes: Collection[str]) -> Mapping[str, uuid.UUID]:
    """The ids of those workshop codes that are registered."""
    found = session.execute(select(Workshop.code, Workshop.id).where(Workshop.code.in_(codes)))
    return dict(found.all())


@cache
def _held() -> Select[uuid.UUID, str, str, Role]:
    held = select(Workshop.id, Workshop.code, Workshop.name, Contact.role)
    return (
        held.join(Contact, Contact.workshop_id == Workshop.id)
        .where(
            Contact.person_id == bindparam("person_id"),
            Workshop.active,
            speaks_on(bindparam("day", type_=Date())),
        )
        .order_by(Workshop.code, Contact.id)
    )
