"""The table of the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment, WithId


class Entry(WithId, Base):
    """One act. `detail` holds ids and words of the trade, never personal data."""

    __tablename__ = "audit_entries"

    at: Mapped[datetime] = mapped_column(Moment, index=True)
    actor: Mapped[str] = mapped_column(String(80))
    verb: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    detail: Mapped[dict[str, Any]]
