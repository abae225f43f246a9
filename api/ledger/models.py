"""The table of transfers."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, Moment
from api.ledger.rules import Kind

# A transfer has at most one account that is somebody's: the other side of each is one for all.
_DEBITED = text("debit_of IS NOT NULL")
_CREDITED = text("credit_of IS NOT NULL")


class Transfer(Base):
    """One movement between two accounts; written once, never changed."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_above_zero"),
        Index(
            "ix_transfers_debit", "debit_of", "debit_kind",
            postgresql_where=_DEBITED, sqlite_where=_DEBITED,
        ),
        Index(
            "ix_transfers_credit", "credit_of", "credit_kind",
            postgresql_where=_CREDITED, sqlite_where=_CREDITED,
        ),
    )  # fmt: skip

    key: Mapped[str] = mapped_column(String(96), primary_key=True)
    debit_kind: Mapped[Kind] = mapped_column(db.word(Kind))
    debit_of: Mapped[uuid.UUID | None]
    credit_kind: Mapped[Kind] = mapped_column(db.word(Kind))
    credit_of: Mapped[uuid.UUID | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    about: Mapped[str] = mapped_column(String(64))
    on: Mapped[date]
    at: Mapped[datetime] = mapped_column(Moment)
