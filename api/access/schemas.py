"""What passes through the doors of access."""

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
