"""What passes through the doors of identity."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from api.access.schemas import GrantOut
from api.identity.rules import WORKPLACES, Question


class ClaimIn(BaseModel):
    """Who somebody says they are, and the phone they shared (any country's)."""

    national_code: str = Field(max_length=40, examples=["0012345679"])
    phone: str = Field(max_length=40, examples=["+989990000001"])


class PersonIn(BaseModel):
    """For whom else a linked chat shall act."""

    national_code: str = Field(max_length=40, examples=["0012345679"])


class ClaimOut(BaseModel):
    """An open claim and the question to answer; the same for people we know and do not know."""

    id: UUID
    question: Question = Question.REGISTRATION_MONTH


class WorkplacesOut(BaseModel):
    """Four workplaces; of somebody insured one is their last, of anybody else none is theirs."""

    names: list[str]


class FactIn(BaseModel):
    """The Jalali month that the question of the claim asks for.

    Or which of the workplaces that were shown is the last, from 1.
    """

    month: str | None = Field(default=None, max_length=20, examples=["1398-04"])
    workplace: int | None = Field(default=None, ge=1, le=WORKPLACES)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.month is None) == (self.workplace is None):
            raise ValueError("one fact is given: the month, or the workplace")
        return self


class CodeSent(BaseModel):
    """Where a one-time code went, until when it holds, and how many digits it has."""

    to: str = Field(examples=["0912•••4567"])
    expires_at: datetime
    digits: int = Field(examples=[6])


class CodeIn(BaseModel):
    """The code as it was typed."""

    code: str = Field(max_length=40, examples=["204817"])


class Welcome(BaseModel):
    """The chat is linked: to whom, and for which workplaces or children it may act."""

    name: str = Field(examples=["م*** ا***"])
    grants: list[GrantOut]


class PersonAddedOut(BaseModel):
    """The chat may act for another person: the grant's id goes into X-For."""

    grant: UUID
    name: str = Field(examples=["م*** ا***"])


class ConfirmationOut(CodeSent):
    """A code that confirms what was asked for by SMS."""

    id: UUID


class Unlocked(BaseModel):
    """The PIN was right; `changed` where from now on another of the people of a phone is answered."""

    changed: bool = False


class PinIn(BaseModel):
    """Four digits."""

    pin: str = Field(pattern="^[0-9]{4}$", examples=["4831"])
