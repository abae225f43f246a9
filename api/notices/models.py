"""Tables of notices: what is told, each channel's delivery of it, each call, each report, each rate."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment, Sealed, WithId
from api.notices.rules import AttemptState, NoticeStatus, Status


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of those rows alone that somebody looks for."""
    condition = text(where)
    return Index(name, *columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


class Notice(WithId, Base):
    """What, to whom, about what, with which facts.

    `via` narrows the plan to one channel, `link_id` that channel to one chat. `code` is the check
    code, kept from the first rendering on. `secret` is what only the wire may
    show (a one-time code), sealed JSON, forgotten when the notice ends. `ends_at` is the last
    instant at which anything may still leave. `doubted`: a store that was lost may have taken steps
    of it that this one knows nothing of; each is asked about before it is sent, and one of which
    nobody can be asked is not sent. `emptied_at` is when its facts were forgotten: that it was sent,
    when, to whom and how it went stays.
    """

    __tablename__ = "notices"

    key: Mapped[str] = mapped_column(String(200), unique=True)
    template: Mapped[str] = mapped_column(String(64))
    notice_class: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    workshop_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workshops.id"))
    via: Mapped[str | None] = mapped_column(String(8))
    link_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chat_links.id"))
    about: Mapped[str] = mapped_column(String(80), index=True)
    facts: Mapped[dict[str, Any]]
    secret: Mapped[str | None] = mapped_column(Sealed("notices.secret"))
    status: Mapped[str] = mapped_column(String(16), default=NoticeStatus.WAITING)
    reason: Mapped[str | None] = mapped_column(String(40))
    code: Mapped[str | None] = mapped_column(String(8))
    doubted: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    emptied_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_notices_person_id_id", "person_id", "id"),
        _partial("ix_notices_with_text", "notice_class", "ends_at", where="emptied_at IS NULL"),
        _partial("ix_notices_code", "code", where="code IS NOT NULL"),
    )


class Delivery(WithId, Base):
    """One step of a notice's plan on one channel; the outbox.

    `due_at` is when somebody must look at it again, None when nobody must: a claim moves it to the
    end of its lease, so one index serves waiting, retrying and abandoned rows alike. `until` is the
    end of the step's patience, set by its first attempt. `reference` is our name for it at the
    provider, the same for each try and after a restore (`posting.reference_of`), so that a repeat
    can be recognised.
    """

    __tablename__ = "deliveries"

    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notices.id"))
    step: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[str] = mapped_column(String(8))
    lane: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(20), default=Status.CREATED)
    reference: Mapped[int] = mapped_column(BigInteger, unique=True)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[uuid.UUID | None]
    until: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    reason: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("notice_id", "step"),
        _partial("ix_deliveries_due", "channel", "lane", "due_at", where="due_at IS NOT NULL"),
    )


class Attempt(WithId, Base):
    """One call to the outside, written and committed before its first byte leaves."""

    __tablename__ = "attempts"

    delivery_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("deliveries.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=AttemptState.OPEN)
    lease: Mapped[uuid.UUID]
    sender: Mapped[str] = mapped_column(String(40))
    link_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chat_links.id"))
    provider_id: Mapped[str | None] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(String(40))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        # However many postmen there are, a delivery is never at the wire twice at once.
        _partial("uq_attempts_open", "delivery_id", where="state = 'open'", unique=True),
        _partial("ix_attempts_provider_id", "provider_id", where="provider_id IS NOT NULL"),
        _partial("ix_attempts_link_id", "link_id", "opened_at", where="link_id IS NOT NULL"),
    )


class AttemptPart(WithId, Base):
    """A part of a text that left in several: the provider names each, and reports of each."""

    __tablename__ = "attempt_parts"

    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempts.id"), index=True)
    provider_id: Mapped[str] = mapped_column(String(100), index=True)


class Report(WithId, Base):
    """What a provider told us afterwards, as it came; one whose delivery is unknown is kept too.

    `provider` is the sender's name. `told` is the report's raw text, forgotten with the notice's.
    """

    __tablename__ = "reports"

    provider: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    reference: Mapped[int | None] = mapped_column(BigInteger, index=True)
    provider_id: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str | None] = mapped_column(String(20))
    told: Mapped[str | None] = mapped_column(Sealed("reports.told"))
    delivery_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_reports_provider_id", "provider_id", "provider"),
        _partial(
            "ix_reports_orphaned",
            "received_at",
            where="delivery_id IS NULL AND told IS NOT NULL",
        ),
    )


class Rate(Base):
    """How much a sender may say: a bot, the SMS line or the mail server.

    `free_at` is when its next token is there, at an even pace; `waits_until` is a wait the other
    side has imposed, met here or by the bots.
    """

    __tablename__ = "rates"

    sender: Mapped[str] = mapped_column(String(40), primary_key=True)
    free_at: Mapped[datetime] = mapped_column(Moment)
    waits_until: Mapped[datetime] = mapped_column(Moment)


class CheckBudget(Base):
    """How many codes a chat has asked about in the hour that began at `begun_at`."""

    __tablename__ = "check_budgets"

    chat_index: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(Moment, index=True)
    asked: Mapped[int] = mapped_column(SmallInteger)
