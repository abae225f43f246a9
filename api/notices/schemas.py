"""What passes through the doors of notices."""

import uuid
from datetime import date

from pydantic import BaseModel, Field


class NoticeLine(BaseModel):
    """A notice in a list; `subject` tells it from the others there."""

    code: str
    template: str
    subject: str
    day: date
    status: str


class NoticePage(BaseModel):
    """A page of one's notices; `after` continues it, None at the end."""

    items: list[NoticeLine]
    after: uuid.UUID | None


class NoticeOut(BaseModel):
    """One notice, worded in the reader's language.

    `about` is its subject (`debt:<uuid>`); `grant_id` the caller's right to the workplace it
    concerns, None when it concerns the person alone or the right has ended. `actions` are the
    template's buttons, by name.
    """

    code: str
    template: str
    subject: str
    day: date
    about: str
    grant_id: uuid.UUID | None
    text: str
    actions: list[str]
    status: str


class CheckIn(BaseModel):
    code: str = Field(max_length=64)


class Genuine(BaseModel):
    """Whether we sent it: yes or no, its day and subject, and nothing else of it."""

    genuine: bool
    paper: bool = False
    """The code is in the form that papers have."""
    day: date | None = None
    subject: str | None = None


class WaitIn(BaseModel):
    """A wait that a messenger imposed on one of its bots, met by the other side."""

    messenger: str = Field(max_length=16, pattern=r"^[a-z]+$")
    audience: str = Field(max_length=16, pattern=r"^[a-z]+$")
    seconds: float = Field(gt=0, le=86_400)


class WaitOut(BaseModel):
    """How long the bot is silent in all, both sides together."""

    seconds: float
