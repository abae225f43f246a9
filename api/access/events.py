"""What happens to links, and to the rights of a chat to act for another person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.access.rules import EndedBy


@dataclass(frozen=True, slots=True)
class ChatLinked:
    """A chat now speaks for a person."""

    person_id: UUID
    link_id: UUID
    audience: str
    messenger: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChatUnlinked:
    """A chat no longer speaks for a person."""

    person_id: UUID
    link_id: UUID
    audience: str
    messenger: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AllUnlinked:
    """No chat speaks for a person any more, and none of another acts for them."""

    person_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class LinkBroken:
    """The messenger refuses to deliver to a linked chat; the person may still write from it."""

    person_id: UUID
    link_id: UUID
    audience: str
    messenger: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonAdded:
    """A chat may now act for another person than its own, who proved themself to it."""

    grant_id: UUID
    link_id: UUID
    holder_id: UUID
    """Whose chat it is."""
    holder_name: str
    """Masked."""
    person_id: UUID
    """For whom it acts."""
    messenger: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonEnded:
    """A chat no longer acts for another person, though it is still linked to its own."""

    grant_id: UUID
    link_id: UUID
    holder_id: UUID
    holder_name: str
    """Masked."""
    person_id: UUID
    """For whom it acted."""
    person_name: str
    """Masked."""
    messenger: str
    by: EndedBy
    at: datetime
