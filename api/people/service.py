"""The verbs of people."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api import db, sets
from api.kit.identifiers import mask_name
from api.kit.slices import RefusedRow, Registered
from api.people import queries
from api.people.models import Dependant, Person
from api.people.rules import DependantRow, PersonRow
from api.people.schemas import Family, MemberOut


def register(session: Session, *, rows: Sequence[PersonRow], now: datetime) -> Registered:
    """Take in a slice of people, no two of one national code; who is as before is left alone."""
    blind = db.keys().blind
    written = sets.put(
        session,
        Person,
        [
            {
                "national_code_index": blind("national_code", row.national_code),
                "national_code": row.national_code,
                "first_name": row.first_name,
                "last_name": row.last_name,
                "birth_date": row.birth_date,
                "phone": row.phone,
                "phone_index": None if row.phone is None else blind("phone", row.phone),
                "email": row.email,
                "address": row.address,
                "language": row.language,
            }
            for row in rows
        ],
        by=["national_code_index"],
        at_birth={"created_at": now, "changed_at": now},
        at_change={"changed_at": now},
    )
    return Registered(written, len(rows) - written)


def register_dependants(session: Session, *, rows: Sequence[DependantRow]) -> Registered:
    """Take in a slice of relations, no two of one pair of people.

    Those of somebody unknown are refused, those of a person with themself, and those that end
    before they begin. A relation that had ended and is listed without a last day is in force again.
    """
    codes = {code for row in rows for code in (row.national_code, row.dependant_code)}
    known = queries.ids_by_national_code(session, codes)
    taken, refused = [], []
    for place, row in enumerate(rows):
        fault = _fault(row, known)
        if fault is not None:
            refused.append(RefusedRow(place, *fault))
            continue
        taken.append({
            "person_id": known[row.national_code],
            "dependant_id": known[row.dependant_code],
            "relation": row.relation,
            "since": row.since,
            "until": row.until,
        })  # fmt: skip
    written = sets.put(session, Dependant, taken, by=["person_id", "dependant_id"])
    return Registered(written, len(taken) - written, tuple(refused))


def family(session: Session, *, person_id: UUID, today: date) -> Family:
    """Show a person their dependants, by masked name."""
    return Family(
        items=[
            MemberOut(
                id=member.id,
                name=member.name,
                relation=member.relation,
                birth_date=member.birth_date,
                is_child_under_18=member.is_child_on(today),
            )
            for member in queries.family_of(session, person_id, today)
        ]
    )


def masked_name(person: Person) -> str:
    """Give the name as its owner knows it: «م*** ا***»."""
    return mask_name(person.first_name, person.last_name)


def _fault(row: DependantRow, known: Mapping[str, UUID]) -> tuple[str, str] | None:
    for column, code in (
        ("national_code", row.national_code),
        ("dependant_code", row.dependant_code),
    ):
        if code not in known:
            return column, "unknown_person"
    if row.national_code == row.dependant_code:
        return "dependant_code", "oneself"
    if row.until is not None and row.until < row.since:
        return "until", "before_since"
    return None
