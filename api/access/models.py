"""The tables of keys, linked chats, grants, sign-ins and first answers."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.access.rules import LinkState
from api.db import Base, Json, Moment, Sealed, WithId

_CURRENT = text("state <> 'ended'")
_LASTING = text("ended_at IS NULL")
# Written as in the queries that use them: with a parameter in it, the planner could not tell.
ENDED = text("ended_at IS NOT NULL")
KNOWN = text("masked_name <> ''")


class ApiKey(WithId, Base):
    """A machine's key. The key itself is shown once and never kept."""

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(String(64), unique=True)
    key_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class ChatLink(WithId, Base):
    """A chat that was proved to speak for a person; at most one that has not ended per chat."""

    __tablename__ = "chat_links"

    messenger: Mapped[str] = mapped_column(String(16))
    audience: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(Sealed("chat_links.chat"))
    """The messenger's id of the chat."""
    chat_index: Mapped[bytes] = mapped_column(LargeBinary(16))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    masked_name: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8))
    level: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8), default=LinkState.ACTIVE)
    linked_at: Mapped[datetime] = mapped_column(Moment)
    seen_on: Mapped[date]
    """Tehran's day on which the chat was last heard of."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    chosen_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a PIN said last that its person writes, of several on a phone."""

    __table_args__ = (
        Index(
            "uq_chat_links_current",
            "chat_index",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        Index("ix_chat_links_ended", "ended_at", sqlite_where=KNOWN, postgresql_where=KNOWN),
    )


class Grant(WithId, Base):
    """A link's right to act for a workshop, a child, or another person who proved themself to it.

    The first two last as long as the link's person holds them, the third as `api.access.persons`
    says.
    """

    __tablename__ = "grants"

    link_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chat_links.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(16))
    workshop_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workshops.id"))
    ward_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    """The child, for a grant of kind `child`; whoever let the chat act, for one of kind `person`."""
    number_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """Of the registered number that gave the code, for a grant of kind `person`."""
    since: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index(
            "uq_grants_lasting",
            "link_id",
            "workshop_id",
            unique=True,
            sqlite_where=_LASTING,
            postgresql_where=_LASTING,
        ),
        Index(
            "uq_grants_lasting_ward",
            "link_id",
            "ward_id",
            unique=True,
            sqlite_where=_LASTING,
            postgresql_where=_LASTING,
        ),
        Index("ix_grants_ward_id", "ward_id"),
        Index("ix_grants_ended", "ended_at", sqlite_where=ENDED, postgresql_where=ENDED),
        CheckConstraint("(workshop_id IS NULL) <> (ward_id IS NULL)", name="for_one"),
    )

    @property
    def held_id(self) -> uuid.UUID:
        """The id of what the grant is for: a workshop's or a person's."""
        held = self.workshop_id or self.ward_id
        if held is None:
            raise ValueError("a grant is for something")
        return held


class SignIn(WithId, Base):
    """An address that signs a chat's person in to the pages, and the session it opened.

    Neither the token in the address nor the session's secret is kept, only their blind indexes.
    """

    __tablename__ = "sign_ins"

    token_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    link_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chat_links.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    """Until when the address opens; nothing of the row counts a session's length later."""
    taken_at: Mapped[datetime | None] = mapped_column(Moment)
    secret_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), unique=True)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    """Until when the session lasts; moved to now by who leaves."""


class FirstAnswer(Base):
    """What a request with an idempotency key was answered, to be answered again.

    `index` blinds caller and key, `request` is a keyed hash of method, path, grant and body: a key
    names a chat, and a body may hold a national code.
    """

    __tablename__ = "first_answers"

    index: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(Sealed("first_answers.body"))
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)
