"""The tables of employers, workshops and contacts."""

import uuid
from datetime import date

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, Sealed, WithId
from api.employers.rules import EmployerKind, Role

# A state is kept as its word, in a plain text column: a new one needs no migration.


class Employer(WithId, Base):
    """A company, known by its legal id, or a person, known by the national code."""

    __tablename__ = "employers"

    number: Mapped[str] = mapped_column(Sealed("employers.number"))
    number_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    kind: Mapped[EmployerKind] = mapped_column(db.word(EmployerKind))
    name: Mapped[str] = mapped_column(String(200))


class Workshop(WithId, Base):
    """A workplace with a file at a branch."""

    __tablename__ = "workshops"

    code: Mapped[str] = mapped_column(String(10), unique=True)
    employer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("employers.id"), index=True)
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branches.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    activity: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(500))
    registered_on: Mapped[date]
    """Its month and year are the fact that a contact is asked for when linking a chat."""
    active: Mapped[bool] = mapped_column(default=True)


class Contact(WithId, Base):
    """A person who may see and do what concerns a workshop, from one day to another."""

    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("workshop_id", "person_id"),)

    workshop_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workshops.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[Role] = mapped_column(db.word(Role))
    since: Mapped[date]
    until: Mapped[date | None]
    """The last day; none while it lasts."""
