"""The table of preferences."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Json, Moment


class Preference(Base):
    """What a person chose; no row while they chose nothing."""

    __tablename__ = "preferences"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    language: Mapped[str | None] = mapped_column(String(8))
    muted_channels: Mapped[list[str]] = mapped_column(Json, default=list)
    consent: Mapped[bool] = mapped_column(default=True)
    """False after STOP: nothing but what the law or the person's own action demands."""
    changed_at: Mapped[datetime] = mapped_column(Moment)
