"""The tables of pay links, of attempts at a gateway, and of money that settled nothing."""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, Moment, Sealed, WithId
from api.payments.rules import AttemptState, CreditReason, CreditState

# Written as in the queries that use the indexes: with a parameter in them, the planner could not tell.
UNUSED = text("attempts = 0")
KNOWN = text("token IS NOT NULL")
WATCHED = text("look_at IS NOT NULL")
ASKED_BACK = text("state = 'refund_asked'")


class PayLink(WithId, Base):
    """A page for paying some bills of a person; whoever has its address may pay, and sees no name."""

    __tablename__ = "pay_links"
    __table_args__ = (
        # Those that are forgotten; the others are kept with their payments, and are many.
        Index("ix_pay_links_unused", "created_at", postgresql_where=UNUSED, sqlite_where=UNUSED),
        # Those whose address is known still: few, for an hour.
        Index("ix_pay_links_known", "expires_at", postgresql_where=KNOWN, sqlite_where=KNOWN),
    )

    token_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    token: Mapped[str | None] = mapped_column(Sealed("pay_links.token"))
    """Sealed, so that the page after a failed try can lead back to this one; forgotten when the link
    is over."""
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    """Whose bills."""
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    """Who asked for it in a chat, and is told of the payment."""
    link_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chat_links.id"))
    """The chat it was asked for in; None for a payment at a bank, whose page nobody can open."""
    language: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How many were begun."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class PayLinkBill(Base):
    """A bill that a link pays."""

    __tablename__ = "pay_link_bills"

    link_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pay_links.id"), primary_key=True)
    bill_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bills.id"), primary_key=True)


class PaymentAttempt(WithId, Base):
    """One try at paying, at one gateway."""

    __tablename__ = "payment_attempts"
    __table_args__ = (
        UniqueConstraint("gateway", "authority", name="uq_payment_attempts_authority"),
        UniqueConstraint("gateway", "reference", name="uq_payment_attempts_reference"),
        Index(
            "ix_payment_attempts_look_at", "look_at",
            postgresql_where=WATCHED, sqlite_where=WATCHED,
        ),
    )  # fmt: skip

    link_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pay_links.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int] = mapped_column(BigInteger)
    secret_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """Of the random part of the address that the gateway sends the payer back to."""
    state: Mapped[AttemptState] = mapped_column(db.word(AttemptState))
    authority: Mapped[str | None] = mapped_column(String(64))
    """The gateway's name for this attempt."""
    reference: Mapped[str | None] = mapped_column(String(32))
    """The gateway's number of the payment, as receipts show it."""
    doubted: Mapped[str | None] = mapped_column(String(32))
    """The number the gateway named for it though another payment has that number: staff look."""
    card_masked: Mapped[str | None] = mapped_column(String(19))
    cancelled: Mapped[bool] = mapped_column(default=False)
    """Whether the payer came back saying that they did not pay."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    paid_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the gateway confirmed it to us; of a payment at a bank, the beginning of its day."""
    look_at: Mapped[datetime | None] = mapped_column(Moment)
    """When we next ask the gateway by ourselves; None: no more."""
    lease: Mapped[uuid.UUID | None]
    """Whose question is under way, until `look_at`; an answer to an older one changes nothing."""


class AttemptBill(Base):
    """A bill that an attempt is to pay, with the amount that was asked for it."""

    __tablename__ = "attempt_bills"

    attempt_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("payment_attempts.id"), primary_key=True
    )
    bill_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bills.id"), primary_key=True, index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    settled: Mapped[bool] = mapped_column(default=False)
    """Whether it was this attempt that settled the bill."""


class Credit(WithId, Base):
    """Money of a person that settled nothing: kept for them until they ask for it back."""

    __tablename__ = "credits"
    __table_args__ = (
        UniqueConstraint("attempt_id", "reason", name="uq_credits_attempt_id"),
        Index(
            "ix_credits_asked_back", "refund_asked_at",
            postgresql_where=ASKED_BACK, sqlite_where=ASKED_BACK,
        ),
    )  # fmt: skip

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_attempts.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[CreditReason] = mapped_column(db.word(CreditReason))
    state: Mapped[CreditState] = mapped_column(db.word(CreditState), default=CreditState.OPEN)
    created_at: Mapped[datetime] = mapped_column(Moment)
    refund_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    refunded_at: Mapped[datetime | None] = mapped_column(Moment)
