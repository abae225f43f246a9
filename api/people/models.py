"""The tables of people and of who depends on whom."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, Moment, Sealed, WithId
from api.people.rules import Relation


class Person(WithId, Base):
    """Anyone the organisation knows; found by national code, reached by the registered phone."""

    __tablename__ = "people"

    national_code: Mapped[str] = mapped_column(Sealed("people.national_code"))
    national_code_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    birth_date: Mapped[date | None]
    phone: Mapped[str | None] = mapped_column(Sealed("people.phone"))
    """E.164. Several people may share one phone."""
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    email: Mapped[str | None] = mapped_column(Sealed("people.email"))
    address: Mapped[str | None] = mapped_column(Sealed("people.address"))
    """Where letters go."""
    language: Mapped[str] = mapped_column(String(8))
    """The registry's word; what the person chose later is in `preferences`."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)


class Dependant(WithId, Base):
    """A registered relation: whom an insured person keeps, from one day to another."""

    __tablename__ = "dependants"
    __table_args__ = (UniqueConstraint("person_id", "dependant_id"),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    dependant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    relation: Mapped[Relation] = mapped_column(db.word(Relation))
    since: Mapped[date]
    until: Mapped[date | None]
    """The last day; none while it lasts."""
