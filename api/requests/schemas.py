"""What passes through the doors of requests."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.requests.rules import Satisfaction


class RequestOut(BaseModel):
    """A request in a list: its stage, since when, and by when it is expected."""

    number: str = Field(examples=["4820193370"])
    kind: str = Field(examples=["booklet"])
    stage: str = Field(examples=["printed"])
    since: date
    due_on: date | None
    closed: bool
    for_whom: str | None
    """The masked name of whom it is for; none where that is the one who asked."""


class RequestPage(BaseModel):
    """What one asked for, newest first; at most a hundred."""

    items: list[RequestOut]


class StageOut(BaseModel):
    """A stage it came through, and the facts noted there."""

    stage: str
    on: date
    note: dict[str, Any]


class RequestDetails(RequestOut):
    """A request and its way so far, the oldest stage first."""

    asked_on: date
    stages: list[StageOut]
    satisfaction: Satisfaction | None = None
    """How satisfied they said they were; none before it is delivered and said."""


class SatisfactionIn(BaseModel):
    """How satisfied one is with a request that was delivered."""

    model_config = ConfigDict(extra="forbid")

    satisfaction: Satisfaction
