"""The table of insured months."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment


class RecordMonth(Base):
    """A person's days of one month at one place."""

    __tablename__ = "record_months"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """Like 1405-08."""
    source: Mapped[str] = mapped_column(String(48), primary_key=True)
    """`workshop:<code>` or `contract:<id>`."""
    days: Mapped[int] = mapped_column(SmallInteger)
    wage: Mapped[int | None] = mapped_column(BigInteger)
    """The whole month's, in rials; never logged."""
    place_name: Mapped[str] = mapped_column(String(200))
    branch_code: Mapped[str | None] = mapped_column(String(3))
    added_at: Mapped[datetime] = mapped_column(Moment)
