"""What passes through the doors of access."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class GrantOut(BaseModel):
    """A workplace or a child the chat may act for; its id goes into X-For."""

    id: UUID
    kind: str = Field(examples=["workshop", "child"])
    label: str = Field(examples=["*4521 کارگاه نان سحر"])
    role: str = Field(examples=["owner", "child"])


class Me(BaseModel):
    """Who the core takes this chat for."""

    linked: bool
    name: str | None = Field(examples=["م*** ا***"])
    language: str = Field(examples=["fa"])
    grants: list[GrantOut]
    elsewhere: bool = False
    """Whether this is a phone number that speaks with the link of a chat on a messenger."""


class SigninOut(BaseModel):
    """An address that signs the chat's person in to the pages; it opens once."""

    url: str = Field(examples=["https://hub.example.org/enter/3q2-7wAAAAAAAAAAAAAAAAAAAAA?lang=fa"])
    expires_at: datetime
