"""The table of bills."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.bills.rules import Purpose, State
from api.db import Base, Json, Moment, WithId

# Written as in the queries that use the indexes: with a parameter in them, the planner could not tell.
OPEN = text("state = 'open'")
UNANNOUNCED = text("state = 'open' AND announced_at IS NULL")


class Bill(WithId, Base):
    """A demand for one month's contribution or one fee; amounts are whole rials."""

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("about", "purpose", "period", name="uq_bills_about"),
        Index(
            "ix_bills_unannounced", "id",
            postgresql_where=UNANNOUNCED, sqlite_where=UNANNOUNCED,
        ),
        # What is open is read slice by slice: without it, through every bill that was ever paid.
        Index("ix_bills_open", "id", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_bills_open_person", "person_id", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_bills_open_due", "due_on", "id", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_bills_open_payer", "payer_of", postgresql_where=OPEN, sqlite_where=OPEN),
        # What a bank says of a payment; money comes for paid and closed bills, too.
        Index("ix_bills_bill_id", "bill_id"),
    )  # fmt: skip

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    """Who owes it."""
    payer_of: Mapped[uuid.UUID]
    """Whose account in the ledger it stands on: a contract's, else the person's."""
    about: Mapped[str] = mapped_column(String(64))
    """What it is for: `contract:<uuid>`, `request:<uuid>`."""
    purpose: Mapped[Purpose] = mapped_column(db.word(Purpose))
    period: Mapped[str] = mapped_column(String(7))
    """The Jalali month, 1405-08."""
    assessed: Mapped[int] = mapped_column(BigInteger)
    """What this month came to exactly."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """What is to be paid: whole thousands."""
    carried: Mapped[int] = mapped_column(BigInteger)
    """The remainder under a thousand that goes to the next bill."""
    bill_id: Mapped[str] = mapped_column(String(13))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Why: [{code, amount, facts}], adding up to amount + carried."""
    issued_on: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[State] = mapped_column(db.word(State), default=State.OPEN)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    announced_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
