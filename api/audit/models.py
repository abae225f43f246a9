"""The tables of the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment, WithId

_WAITING = text("number IS NULL")


class Entry(WithId, Base):
    """One act. `detail` holds ids and words of the trade, never personal data.

    A writer leaves the last four columns alone: the sealer fills them in once the row is committed
    (`api/audit/chain.py`). Of a row that was emptied actor, subject, detail and salt are gone.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_number", "number", unique=True),
        # What the sealer looks for, however long the trail is.
        Index("ix_audit_entries_waiting", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
    )

    at: Mapped[datetime] = mapped_column(Moment, index=True)
    actor: Mapped[str] = mapped_column(String(80))
    verb: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    detail: Mapped[dict[str, Any]]
    number: Mapped[int | None] = mapped_column(BigInteger)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class ChainHead(Base):
    """The last row that was sealed; one row, whose lock sealers take and writers never."""

    __tablename__ = "audit_head"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
