"""The tables of requests and of the stages they came through."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, Moment, WithId
from api.requests.rules import Satisfaction

# Written as in the queries that use the index: with a parameter in it, the planner could not tell.
OPEN = text("closed_at IS NULL")


class Request(WithId, Base):
    """What a person asked for, for themself or for somebody of theirs.

    The words of `stage` are those of the feature whose `kind` it is.
    """

    __tablename__ = "requests"
    __table_args__ = (
        # What waits at a stage is looked through every minute, and few of all requests are open.
        Index("ix_requests_open", "stage", "since", postgresql_where=OPEN, sqlite_where=OPEN),
    )

    number: Mapped[str] = mapped_column(String(10), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    """Who asked."""
    subject_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    """For whom."""
    only: Mapped[str | None] = mapped_column(String(64), unique=True)
    """What may be asked for once at a time; none when closed, so that it can be asked for again."""
    stage: Mapped[str] = mapped_column(String(32))
    since: Mapped[datetime] = mapped_column(Moment)
    due_on: Mapped[date | None]
    """The day by which it is expected; a hope, not a promise."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    satisfaction: Mapped[Satisfaction | None] = mapped_column(db.word(Satisfaction))
    """How satisfied who asked was with it; the last answer they gave."""


class RequestStage(Base):
    """A stage a request came to, and what was noted there; never changed."""

    __tablename__ = "request_stages"

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Moment)
    note: Mapped[dict[str, Any]]
    """Facts of the stage, plain JSON: a tracking number, a reason."""
