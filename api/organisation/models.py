"""The tables of branches, holidays, rule tables and availability."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, WithId
from api.organisation.rules import AvailabilityState, BranchKind, Origin

# A state is kept as its word, in a plain text column: a new one needs no migration.


class Branch(WithId, Base):
    """A branch or an agency office; `code` is the first three digits of its workshops' codes."""

    __tablename__ = "branches"

    code: Mapped[str] = mapped_column(String(3), unique=True)
    kind: Mapped[BranchKind] = mapped_column(db.word(BranchKind))
    name: Mapped[str] = mapped_column(String(200))
    province: Mapped[str] = mapped_column(String(100))
    city: Mapped[str] = mapped_column(String(100), index=True)
    address: Mapped[str] = mapped_column(String(500))
    phone: Mapped[str] = mapped_column(String(32))
    hours: Mapped[str] = mapped_column(String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]


class Holiday(Base):
    """An official holiday; Fridays are none."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))


class RuleTable(WithId, Base):
    """Rates and limits of one name, in force from one day to another; the source says whose words."""

    __tablename__ = "rule_tables"
    __table_args__ = (UniqueConstraint("name", "valid_from", "origin"),)

    name: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The last day; none while it lasts."""
    body: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(String(500))
    origin: Mapped[Origin] = mapped_column(db.word(Origin), default=Origin.REPOSITORY)


class Availability(WithId, Base):
    """Where and when a service is offered, or is not; without a branch it speaks for all of them."""

    __tablename__ = "availabilities"
    __table_args__ = (UniqueConstraint("service", "branch_id", "from_day"),)

    service: Mapped[str] = mapped_column(String(64))
    branch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("branches.id"))
    from_day: Mapped[date]
    to_day: Mapped[date | None]
    state: Mapped[AvailabilityState] = mapped_column(db.word(AvailabilityState))
    reason: Mapped[str] = mapped_column(String(300), default="")
