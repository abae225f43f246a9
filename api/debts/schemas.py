"""What passes through the doors of debts; amounts are whole rials, periods are like 1405-05."""

import uuid
from datetime import date
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.debts.rules import LARGEST, Kind, LineCode, State, Step
from api.kit import identifiers
from api.kit.calendar import Month

Amount = Annotated[int, Field(ge=0, le=LARGEST)]
Period = Annotated[
    str,
    Field(max_length=16, examples=["1405-05"]),
    AfterValidator(lambda text: str(Month.parse(text))),
]


class DebtOut(BaseModel):
    """A debt in a list; `number_tail` is the end of its number."""

    id: uuid.UUID
    number_tail: str
    period_from: str
    period_to: str
    total: int
    objection_until: date
    state: State
    step: Step
    kind: Kind


class DebtPage(BaseModel):
    """What a workplace owes as of a day: the debts, their number and their sum."""

    items: list[DebtOut]
    count: int
    total: int
    as_of: date


class LineOut(BaseModel):
    """One line of why: what it adds (or takes), and the facts that say why."""

    code: LineCode
    amount: int
    facts: dict[str, Any]


class DebtDetails(DebtOut):
    """A debt, explained line by line as of a day; a closed one comes to nothing."""

    number: str
    workshop: str
    reason: str
    issued_on: date
    due_on: date
    lines: list[LineOut]
    as_of: date


class DebtIn(BaseModel):
    """A debt as another system lists it; days are ISO days."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(max_length=32), AfterValidator(identifiers.debt_number)]
    workshop_code: Annotated[str, Field(max_length=32), AfterValidator(identifiers.workshop_code)]
    reason: str = Field(max_length=16, pattern="^[0-9A-Za-z_-]+$")
    period_from: Period
    period_to: Period
    principal: Amount
    list_fine: Amount = 0
    paid: Amount = 0
    kind: Kind
    step: Step
    issued_on: date
    due_on: date
    objection_until: date
    state: State = State.OPEN


class DebtsIn(BaseModel):
    """At most a thousand debts, no two of one number."""

    model_config = ConfigDict(extra="forbid")

    rows: list[DebtIn] = Field(min_length=1, max_length=1000)

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


class DebtsTaken(BaseModel):
    """What became of what was sent."""

    loaded: int
    unchanged: int
    refused: list[RowRefused]
