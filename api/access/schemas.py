"""What passes through the doors of access."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class GrantOut(BaseModel):
    """A workplace, a child or another person the chat may act for; its id goes into X-For."""

    id: UUID
    kind: str = Field(examples=["workshop", "child", "person"])
    label: str = Field(examples=["*4521 کارگاه نان سحر"])
    role: str = Field(examples=["owner", "child", "person"])


class Me(BaseModel):
    """Who the core takes this chat for."""

    linked: bool
    name: str | None = Field(examples=["م*** ا***"])
    language: str = Field(examples=["fa"])
    grants: list[GrantOut]
    elsewhere: bool = False
    """Whether this is a phone number that speaks with the link of a chat on a messenger."""
    person: str | None = None
    """An opaque mark of who it is: the same in every chat of theirs, and good for nothing else."""


class TrustedOut(BaseModel):
    """A chat of somebody else that may act for the caller's person."""

    id: UUID
    name: str = Field(examples=["م*** ا***"])
    """Whose chat it is, masked."""
    messenger: str = Field(examples=["telegram"])
    since: date


class Trusted(BaseModel):
    """All of them, the first trusted first, and how many chats are the person's own."""

    items: list[TrustedOut]
    chats: int = 1


class SigninOut(BaseModel):
    """An address that signs the chat's person in to the pages; it opens once."""

    url: str = Field(examples=["https://hub.example.org/enter/3q2-7wAAAAAAAAAAAAAAAAAAAAA?lang=fa"])
    expires_at: datetime
