"""Questions about people and their dependants."""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, Date, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from api import db
from api.access.grants import Held
from api.access.persons import Known
from api.kit import calendar
from api.kit.identifiers import mask_name
from api.people.models import Dependant, Person
from api.people.rules import Relation, is_under_age

_DAY = bindparam("day", type_=Date())


@dataclass(frozen=True, slots=True)
class Member:
    """A dependant, as the person who keeps them may see: nothing of theirs is unsealed."""

    id: uuid.UUID
    name: str
    """Masked."""
    birth_date: date | None
    relation: Relation

    def is_child_on(self, day: date) -> bool:
        """Whether this is a child under 18, for whom a parent acts."""
        return self.relation is Relation.CHILD and is_under_age(self.birth_date, day)


def by_id(session: Session, person_id: uuid.UUID) -> Person | None:
    """The person of an id."""
    return session.get(Person, person_id)


def ids_by_national_code(session: Session, codes: Collection[str]) -> Mapping[str, uuid.UUID]:
    """The ids of those canonical national codes that belong to somebody."""
    blind = db.keys().blind
    indexes = {blind("national_code", code): code for code in codes}
    found = session.execute(
        select(Person.national_code_index, Person.id).where(Person.national_code_index.in_(indexes))
    )
    return {indexes[index]: person_id for index, person_id in found}


def registered_with(session: Session, number: str) -> Collection[uuid.UUID]:
    """Everybody whose registered phone is this number (E.164)."""
    index = db.keys().blind("phone", number)
    return session.scalars(select(Person.id).where(Person.phone_index == index)).all()


def known_by_chats(
    session: Session, person_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Known]:
    """Who these people are to a chat that acts for them; the answer that `access.persons` asks for."""
    found = db.ask(session, _known(), ids=list(person_ids))
    return {
        person_id: Known(
            name=mask_name(first_name, last_name),
            born=_year(birth_date),
            number_index=phone_index,
        )
        for person_id, first_name, last_name, birth_date, phone_index in found
    }


def birth_date_of(session: Session, person_id: uuid.UUID) -> date | None:
    """The day of birth; None where it, or the person, is unknown."""
    return session.scalar(select(Person.birth_date).where(Person.id == person_id))


def languages(session: Session, person_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """The registry's language of each person."""
    found = session.execute(select(Person.id, Person.language).where(Person.id.in_(person_ids)))
    return dict(found.all())


def dependants_of(session: Session, person_id: uuid.UUID, day: date) -> Sequence[Dependant]:
    """The relations of a person that are in force on a day, the oldest first."""
    return session.scalars(
        select(Dependant)
        .where(Dependant.person_id == person_id, _in_force_on(day))
        .order_by(Dependant.since, Dependant.id)
    ).all()


def family_of(session: Session, person_id: uuid.UUID, day: date) -> Sequence[Member]:
    """The dependants of a person on a day, the oldest relation first."""
    found = db.ask(session, _family(), person_id=person_id, day=day)
    return [
        Member(member_id, mask_name(first_name, last_name), birth_date, relation)
        for member_id, first_name, last_name, birth_date, relation in found
    ]


def children_held(
    session: Session, *, person_id: uuid.UUID, today: date
) -> Mapping[uuid.UUID, Held]:
    """The children under 18 a person acts for; the answer that `access.grants` asks for.

    A child is shown by masked name, and by year of birth where two have one.
    """
    children = [one for one in family_of(session, person_id, today) if one.is_child_on(today)]
    same = Counter(child.name for child in children)
    return {
        child.id: Held(
            label=child.name
            if same[child.name] == 1
            else f"{child.name} {_year(child.birth_date)}",
            role=Relation.CHILD,
        )
        for child in children
    }


@cache
def _family() -> Select[uuid.UUID, str, str, date | None, Relation]:
    members = select(
        Person.id, Person.first_name, Person.last_name, Person.birth_date, Dependant.relation
    ).join(Dependant, Dependant.dependant_id == Person.id)
    kept = members.where(Dependant.person_id == bindparam("person_id"), _in_force_on(_DAY))
    return kept.order_by(Dependant.since, Dependant.id)


@cache
def _known() -> Select[uuid.UUID, str, str, date | None, bytes | None]:
    return select(
        Person.id, Person.first_name, Person.last_name, Person.birth_date, Person.phone_index
    ).where(Person.id.in_(bindparam("ids", expanding=True)))


def _in_force_on(day: date | BindParameter[date]) -> ColumnElement[bool]:
    return and_(Dependant.since <= day, or_(Dependant.until.is_(None), Dependant.until >= day))


def _year(birth_date: date | None) -> str:
    return "" if birth_date is None else str(calendar.jalali(birth_date)[0])
