"""What passes through the doors of people."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from api.people.rules import Relation


class MemberOut(BaseModel):
    """A dependant of the person who asks; `id` is the dependant's own as a person."""

    id: UUID
    name: str = Field(examples=["م*** ا***"])
    relation: Relation
    birth_date: date | None
    is_child_under_18: bool


class Family(BaseModel):
    """The dependants of a person whose relation is in force today, the oldest relation first."""

    items: list[MemberOut]
