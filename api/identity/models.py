"""The tables of claims, of the chats that err, of workplaces shown, and of the codes that were sent."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment, Sealed, WithId
from api.identity.rules import ClaimState


class Claim(WithId, Base):
    """Somebody in a chat says who they are. A claim for nobody we know looks the same."""

    __tablename__ = "claims"
    __table_args__ = (Index("ix_claims_chat_index_created_at", "chat_index", "created_at"),)

    chat_index: Mapped[bytes] = mapped_column(LargeBinary(16))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    code_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """Of the national code, known or not; none in a claim of an older release."""
    link_id: Mapped[uuid.UUID | None]
    """The chat's link, where another person is added to it; a right code links nobody then."""
    phone_index: Mapped[bytes] = mapped_column(LargeBinary(16))
    """Of the phone that was shared; whether it is the registered one goes into the audit.

    Where another person is added none is shared: it is that of the number the code went to.
    """
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default=ClaimState.ASKED)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    codes: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How many were sent; the latest alone counts."""
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    code_tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    code_expires_at: Mapped[datetime | None] = mapped_column(Moment)


class Guard(Base):
    """What a chat has got wrong since it was last linked."""

    __tablename__ = "claim_guards"

    chat_index: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    misses: Mapped[int] = mapped_column(SmallInteger, default=0)
    locks: Mapped[int] = mapped_column(SmallInteger, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    counted_at: Mapped[datetime] = mapped_column(Moment, index=True)


class Confirmation(WithId, Base):
    """What somebody asked for by SMS, and the code that says it was they."""

    __tablename__ = "confirmations"

    chat_index: Mapped[bytes] = mapped_column(LargeBinary(16))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class Pin(Base):
    """The four digits with which a person sees amounts and names by SMS, as a slow keyed hash."""

    __tablename__ = "pins"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    chosen_at: Mapped[datetime] = mapped_column(Moment)
    misses: Mapped[int] = mapped_column(SmallInteger, default=0)
    """Wrong ones on the day `missed_on`."""
    missed_on: Mapped[date | None]


class WorkplaceChoice(Base):
    """The workplaces that were shown for a national code, known or not, and the guesses at them."""

    __tablename__ = "workplace_choices"

    code_index: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    shown: Mapped[str] = mapped_column(Sealed("workplace_choices.shown"))
    """JSON: `names` in their order, and which is `right`, from 1; null where none is."""
    guesses: Mapped[int] = mapped_column(SmallInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(Moment, index=True)


class SentCode(Base):
    """One code to a number on a day; its key lets no more through than there are ordinals."""

    __tablename__ = "sent_codes"

    phone_index: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(Moment)
