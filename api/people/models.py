"""The table of people."""

from datetime import date, datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment, Sealed, WithId


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
    language: Mapped[str] = mapped_column(String(8))
    """The registry's word; what the person chose later is in `preferences`."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
