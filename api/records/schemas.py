"""What passes through the doors of records; months are like 1405-08, wages are whole rials."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Days = Annotated[int, Field(ge=0, le=31)]


class YearOut(BaseModel):
    """A Jalali year: twelve cells of days (null where nothing is on record) and their sum."""

    year: int
    days: list[Days | None] = Field(min_length=12, max_length=12)
    total: int


class TotalOut(BaseModel):
    """What all days make: years of twelve months of thirty days."""

    years: int
    months: int
    days: int
    all_days: int


class GapOut(BaseModel):
    """Months in a row without an insured day, both ends counted."""

    since: str = Field(examples=["1399-03"])
    until: str = Field(examples=["1399-07"])
    months: int


class RecordOut(BaseModel):
    """A person's record; `rule` names how the total is counted."""

    years: list[YearOut]
    total: TotalOut
    rule: Literal["thirty_days_a_month"] = "thirty_days_a_month"
    last_month: str | None = Field(examples=["1405-08"])
    gaps: list[GapOut]


class PartOut(BaseModel):
    """The days of a month at one place, as it was listed; no place names one's own contract."""

    place: str
    days: int
    wage: int | None


class MonthOut(BaseModel):
    """A month: its days, never more than it has, and where they come from."""

    month: str = Field(examples=["1405-08"])
    days: Days
    parts: list[PartOut]


class YearDetails(BaseModel):
    """The months of a year that are on record, by place."""

    year: int
    months: list[MonthOut]
