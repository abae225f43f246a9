"""The table of debts."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, Moment, WithId
from api.debts.rules import Kind, State, Step

# Written as in the query that uses the index: with a parameter in it, the planner could not tell.
UNANNOUNCED = text("state = 'open' AND announced_version < version")


class Debt(WithId, Base):
    """A debt of a workshop for some months; amounts are whole rials, periods are like 1405-05."""

    __tablename__ = "debts"
    __table_args__ = (
        # A second run of the day's job must find nothing at once, among a million of debts.
        Index(
            "ix_debts_unannounced",
            "id",
            postgresql_where=UNANNOUNCED,
            sqlite_where=UNANNOUNCED,
        ),
    )

    number: Mapped[str] = mapped_column(String(13), unique=True)
    workshop_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workshops.id"), index=True)
    reason: Mapped[str] = mapped_column(String(16))
    """The organisation's own code of why, `05` (audit) for one."""
    period_from: Mapped[str] = mapped_column(String(7))
    period_to: Mapped[str] = mapped_column(String(7))
    principal: Mapped[int] = mapped_column(BigInteger)
    list_fine: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[Kind] = mapped_column(db.word(Kind))
    step: Mapped[Step] = mapped_column(db.word(Step))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    """The last day on which it could be paid without a fine."""
    objection_until: Mapped[date] = mapped_column(index=True)
    """The last day to object."""
    state: Mapped[State] = mapped_column(db.word(State))
    version: Mapped[int] = mapped_column(default=1)
    """Grows only when principal, period, step or the last day to object changes."""
    announced_version: Mapped[int] = mapped_column(default=0)
    """The version its contacts were told of; 0 before the first."""
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
