"""What passes through the doors of contracts; amounts are whole rials, months are like 1405-08."""

import uuid
from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.contracts.rules import LAST_REMIND_DAY, MOST_HEADS, Cover, Kind, State
from api.kit import identifiers
from api.kit.calendar import Month

Period = Annotated[
    str,
    Field(max_length=16, examples=["1405-08"]),
    AfterValidator(lambda text: str(Month.parse(text))),
]


class ContractOut(BaseModel):
    """A contract of a person; `number_tail` is the end of its number.

    `paid_until` is the last month before the oldest unpaid one, `lapses_on` the last day to pay
    that one before the contract lapses; none where there is none.
    """

    id: uuid.UUID
    number_tail: str
    kind: Kind
    cover: Cover
    monthly_base: int
    state: State
    paid_until: str | None
    lapses_on: date | None
    remind_day: int | None


class ContractPage(BaseModel):
    """The contracts of a person."""

    items: list[ContractOut]


class ReminderIn(BaseModel):
    """The day of every month on which to be reminded of what is unpaid; none for no such day."""

    model_config = ConfigDict(extra="forbid")

    day: Annotated[int, Field(ge=1, le=LAST_REMIND_DAY)] | None = None


class ContractIn(BaseModel):
    """A contract as another system lists it.

    Months before the one that is billed next are not billed here, however early `starts_on` is.
    """

    model_config = ConfigDict(extra="forbid")

    number: str = Field(pattern="^[0-9]{8}$")
    national_code: Annotated[str, Field(max_length=32), AfterValidator(identifiers.national_code)]
    kind: Kind
    cover: Cover = Cover.FULL
    monthly_base: int = Field(gt=0, lt=2**63)
    medical_heads: int = Field(default=0, ge=0, le=MOST_HEADS)
    branch_code: str = Field(pattern="^[0-9]{3}$")
    starts_on: Period
    ends_on: Period | None = None
    state: State = State.ACTIVE


class ContractsIn(BaseModel):
    """At most a thousand contracts, no two of one number."""

    model_config = ConfigDict(extra="forbid")

    rows: list[ContractIn] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if len({row.number for row in self.rows}) < len(self.rows):
            raise ValueError("two rows have one number")
        return self


class RowRefused(BaseModel):
    """A row that was not taken: its place in what was sent (from 0), the field and the reason."""

    place: int
    field: str
    reason: str


class ContractsTaken(BaseModel):
    """What became of what was sent."""

    loaded: int
    unchanged: int
    refused: list[RowRefused]
