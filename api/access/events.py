"""What happens to links."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


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
class LinkBroken:
    """The messenger refuses to deliver to a linked chat; the person may still write from it."""

    person_id: UUID
    link_id: UUID
    audience: str
    messenger: str
    at: datetime
