"""Who knocks: from the headers of a request to a Caller.

    Caller
      Anyone      the bots, perhaps for a chat that is linked to nobody
      Linked      a chat that speaks for a person
      Insured     a linked chat, for its person or a child of theirs (X-For)
        Entrusted   the same, or for another person who let the chat act for them
        Grown       for its person or another one, and no child
      Acting      a linked chat, for one of its person's workplaces (X-For)
      Machine     a program with a key of its own

A door names in its signature the one it is for. The bots show their service key and the chat in
X-Chat; a machine shows its own key.
"""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from api.access import grants, numbers, persons, queries, service
from api.access.grants import Held
from api.access.refusals import GrantEnded, NotLinked, ScopeMissing
from api.access.rules import SMS, ChatAddress, Given, Link
from api.errors import Invalid, NotFound, NotKnown
from api.kit import calendar
from api.kit.language import Language, asked_for

LANGUAGE = Language.FA
"""Spoken to a chat of which nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Knock:
    """What the headers say, not yet believed. `chat` is not read before the key is known."""

    key: str
    chat: str | None
    grant: str
    language: Language | None

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Self:
        """Read the headers, whatever stands in them."""
        key = headers.get("x-key", "")
        if not key:
            scheme, _, rest = headers.get("authorization", "").partition(" ")
            key = rest.strip() if scheme.lower() == "bearer" else ""
        language = asked_for(headers.get("accept-language", ""))
        return cls(key, headers.get("x-chat"), headers.get("x-for", ""), language)


@dataclass(frozen=True, slots=True)
class Keyholder:
    """Whose key it is: the bots' (no id) or a machine's."""

    key_id: UUID | None
    name: str
    scopes: frozenset[str]
    chat: ChatAddress | None
    grant: str
    language: Language | None

    @property
    def is_bots(self) -> bool:
        return self.key_id is None

    @property
    def owner(self) -> str:
        """In whose name an idempotency key is kept."""
        return f"bots:{self.chat or ''}" if self.is_bots else f"key:{self.key_id}"


def keyholder(session: Session, knock: Knock, bots_key: SecretStr) -> Keyholder:
    """Say whose key was shown; raises NotKnown, and Invalid for a chat's address of another form."""
    if hmac.compare_digest(knock.key.encode(), bots_key.get_secret_value().encode()):
        return Keyholder(None, "bots", frozenset(), _chat(knock), knock.grant, knock.language)
    found = queries.machine_key(session, knock.key) if knock.key else None
    if found is None:
        raise NotKnown
    return Keyholder(found.id, found.name, frozenset(found.scopes), None, "", None)


def _chat(knock: Knock) -> ChatAddress | None:
    try:
        return None if knock.chat is None else ChatAddress.parse(knock.chat)
    except ValueError:
        raise Invalid(field="X-Chat") from None


class UnheardToday(Exception):
    """A reading door met a link that must be noted as heard of first; carries its id."""

    def __init__(self, link_id: UUID) -> None:
        super().__init__()
        self.link_id = link_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(ABC):
    """Someone the core knows; `actor` names them in the audit."""

    actor: str

    @classmethod
    @abstractmethod
    def resolve(cls, session: Session, holder: Keyholder, *, now: datetime, writing: bool) -> Self:
        """Find the caller behind a key; raises the refusals of access, or UnheardToday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anyone(Caller):
    """Whoever writes to a bot, known to us or not."""

    chat: ChatAddress | None
    link: Link | None
    link_id: UUID | None
    person_id: UUID | None
    language: Language
    """The one being spoken (Accept-Language), else the one the chat was linked in."""

    @classmethod
    def resolve(cls, session: Session, holder: Keyholder, *, now: datetime, writing: bool) -> Self:
        if not holder.is_bots:
            raise ScopeMissing(scope="bots")
        link = _link(session, holder.chat, now=now, writing=writing)
        if link is not None:
            return cls(
                actor=f"person:{link.person_id}",
                chat=holder.chat,
                link=link,
                link_id=link.id,
                person_id=link.person_id,
                language=holder.language or Language(link.language),
            )
        chat = "none" if holder.chat is None else queries.chat_index(holder.chat).hex()
        return cls(
            actor=f"chat:{chat}",
            chat=holder.chat,
            link=None,
            link_id=None,
            person_id=None,
            language=holder.language or LANGUAGE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Caller):
    """A person, through a chat of theirs."""

    chat: ChatAddress
    person_id: UUID
    link_id: UUID
    linked_at: datetime
    language: Language
    """The one being spoken (Accept-Language), else the one the chat was linked in."""

    @classmethod
    def resolve(cls, session: Session, holder: Keyholder, *, now: datetime, writing: bool) -> Self:
        chat, link = _linked(session, holder, now=now, writing=writing)
        return cls(
            actor=f"person:{link.person_id}",
            chat=chat,
            person_id=link.person_id,
            link_id=link.id,
            linked_at=link.linked_at,
            language=holder.language or Language(link.language),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Insured(Linked):
    """A person, through a chat of theirs, for themself or for a child of theirs."""

    grant_id: UUID | None
    """The grant that names the child; None for the person themself."""
    subject_id: UUID
    """Whose bills, records and requests these are."""

    kinds: ClassVar[frozenset[str]] = frozenset({grants.CHILD})
    """Of the grants that are taken: of any other kind there is none behind this door."""

    @classmethod
    def resolve(cls, session: Session, holder: Keyholder, *, now: datetime, writing: bool) -> Self:
        grant = None
        if holder.grant:
            chat, link, grant, _ = _granted(session, holder, cls.kinds, now=now, writing=writing)
        else:
            chat, link = _linked(session, holder, now=now, writing=writing)
        return cls(
            actor=f"person:{link.person_id}",
            chat=chat,
            person_id=link.person_id,
            link_id=link.id,
            linked_at=link.linked_at,
            language=holder.language or Language(link.language),
            grant_id=None if grant is None else grant.id,
            subject_id=link.person_id if grant is None else grant.held_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrusted(Insured):
    """As Insured, or for another person who let the chat act for them.

    Such a right is narrow: a door that does not name it is closed to it.
    """

    kinds: ClassVar[frozenset[str]] = frozenset({grants.CHILD, grants.PERSON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown(Insured):
    """A person, for themself or for another who let the chat act for them.

    For a child a parent asks in their own name.
    """

    kinds: ClassVar[frozenset[str]] = frozenset({grants.PERSON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting(Linked):
    """A person, through a chat of theirs, for a workplace."""

    grant_id: UUID
    workshop_id: UUID
    role: str

    @classmethod
    def resolve(cls, session: Session, holder: Keyholder, *, now: datetime, writing: bool) -> Self:
        chat, link, grant, held = _granted(
            session, holder, {grants.WORKSHOP}, now=now, writing=writing
        )
        return cls(
            actor=f"person:{link.person_id}",
            chat=chat,
            person_id=link.person_id,
            link_id=link.id,
            linked_at=link.linked_at,
            language=holder.language or Language(link.language),
            grant_id=grant.id,
            workshop_id=grant.held_id,
            role=held.role,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Caller):
    """A program of the organisation's."""

    name: str
    scopes: frozenset[str]

    def needs(self, scope: str) -> None:
        """Raise ScopeMissing unless the key was made for this."""
        if scope not in self.scopes:
            raise ScopeMissing(scope=scope)

    @classmethod
    def resolve(
        cls,
        session: Session,  # noqa: ARG003 - as every Caller.
        holder: Keyholder,
        *,
        now: datetime,  # noqa: ARG003
        writing: bool,  # noqa: ARG003
    ) -> Self:
        if holder.is_bots:
            raise ScopeMissing(scope="machine")
        return cls(actor=f"key:{holder.key_id}", name=holder.name, scopes=holder.scopes)


def _linked(
    session: Session, holder: Keyholder, *, now: datetime, writing: bool
) -> tuple[ChatAddress, Link]:
    if not holder.is_bots:
        raise ScopeMissing(scope="bots")
    link = _link(session, holder.chat, now=now, writing=writing)
    if link is None or holder.chat is None:
        raise NotLinked
    return holder.chat, link


def _granted(
    session: Session, holder: Keyholder, kinds: Collection[str], *, now: datetime, writing: bool
) -> tuple[ChatAddress, Link, Given, Held]:
    """Find the grant of one of these kinds that X-For names, if it still holds today."""
    if not holder.is_bots:
        raise ScopeMissing(scope="bots")
    try:
        grant_id = UUID(holder.grant)
    except ValueError:
        raise Invalid(field="X-For") from None
    index = holder.chat and _index_of_grants(session, holder.chat, now=now)
    grant = index and queries.given_to_chat(session, grant_id, index)
    if grant and grant.kind not in kinds:
        grant = None
    if grant and grant.ended_at is not None:
        raise GrantEnded
    chat, link = _linked(session, holder, now=now, writing=writing)
    if not grant or grant.link_id != link.id:
        raise NotFound
    if grant.kind == grants.PERSON:
        # By SMS a number speaks for its own people alone.
        held = {} if chat.messenger == SMS else persons.held(session, link.id)
    else:
        today = calendar.today(now)
        held = grants.held_by(session, grant.kind, person_id=link.person_id, today=today)
    if grant.held_id not in held:
        raise GrantEnded
    return chat, link, grant, held[grant.held_id]


def _link(
    session: Session, chat: ChatAddress | None, *, now: datetime, writing: bool
) -> Link | None:
    today = calendar.today(now)
    link = None if chat is None else numbers.speaking_link(session, chat, now=now)
    if link is None or chat is None or link.is_idle(now=now):
        return None
    # What was heard by SMS keeps no chat of a messenger awake: its sender may be forged.
    if link.messenger != chat.messenger or link.is_up_to_date(today=today):
        return link
    if not writing:
        raise UnheardToday(link.id)
    service.heard_of(session, link_id=link.id, now=now)
    return link


def _index_of_grants(session: Session, chat: ChatAddress, *, now: datetime) -> bytes:
    """The blind index of the chat to which the grants were given; by SMS it may be another one."""
    if chat.messenger == SMS:
        link = numbers.speaking_link(session, chat, now=now)
        if link is not None:
            return link.chat_index
    return queries.chat_index(chat)
