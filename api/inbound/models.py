"""The table of SMS that came in."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, BigId, Moment, Sealed

# Some of its parts have not come: one such row for each thread.
_OPEN = text("due_at IS NULL AND said IS NOT NULL")


class InboundSms(Base):
    """One SMS from its first part until the bots have it, and two days longer, to know a repeat.

    `number` is the order in which they came, `name` what the bots know it by. `sender` is a blind index of the number, `thread` one of what its parts have in common. `heard` tells parts by number, as
    blind digests. `said` is what they say, sealed JSON, forgotten once it was handed on or given up.
    `due_at` is when somebody must hand it on, None when nobody must. `bind` brought the last part.
    """

    __tablename__ = "inbound_sms"

    number: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[uuid.UUID]
    sender: Mapped[bytes] = mapped_column(LargeBinary(16))
    thread: Mapped[bytes] = mapped_column(LargeBinary(16))
    bind: Mapped[uuid.UUID]
    total: Mapped[int] = mapped_column(SmallInteger)
    heard: Mapped[dict[str, Any]]
    said: Mapped[str | None] = mapped_column(Sealed("inbound_sms.said"))
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment, index=True)

    __table_args__ = (
        Index("ix_inbound_sms_thread_received_at", "thread", "received_at"),
        Index(
            "ix_inbound_sms_waiting",
            "due_at",
            "sender",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "uq_inbound_sms_open",
            "thread",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
    )
