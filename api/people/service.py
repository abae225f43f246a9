"""The verbs of people."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from api import db, sets
from api.kit.identifiers import mask_name
from api.kit.slices import Registered
from api.people.models import Person
from api.people.rules import PersonRow


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
                "language": row.language,
            }
            for row in rows
        ],
        by=["national_code_index"],
        at_birth={"created_at": now, "changed_at": now},
        at_change={"changed_at": now},
    )
    return Registered(written, len(rows) - written)


def masked_name(person: Person) -> str:
    """Give the name as its owner knows it: «م*** ا***»."""
    return mask_name(person.first_name, person.last_name)
