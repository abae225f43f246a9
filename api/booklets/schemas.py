"""What passes through the doors of booklets; amounts are whole rials."""

import uuid
from datetime import date
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.booklets.rules import Kind, LineCode, Loss, Stage, Way
from api.kit import identifiers
from api.kit.text import normalise


def _address(text: str) -> str:
    """Keep an address as it is read; ValueError where it cannot be one."""
    kept = normalise(text)
    if not SHORTEST_ADDRESS <= len(kept) <= LONGEST_ADDRESS:
        raise ValueError("an address has 10 to 300 letters")
    return kept


SHORTEST_ADDRESS, LONGEST_ADDRESS = 10, 300
Address = Annotated[str, Field(max_length=1000), AfterValidator(_address)]
PostalCode = Annotated[str, Field(max_length=32), AfterValidator(identifiers.postal_code)]


class Terms(BaseModel):
    """What is known before the questions: the registered address (masked), where there is one."""

    registered_address: str | None


class OfferIn(BaseModel):
    """What is asked for. Without `whom` it is for the caller."""

    model_config = ConfigDict(extra="forbid")

    whom: uuid.UUID | None = None
    kind: Kind
    loss: Loss | None = None
    how: Way
    address: Address | None = None
    postal_code: PostalCode | None = None
    branch: uuid.UUID | None = None
    paper: uuid.UUID | None = None
    """A file that was kept as `loss_paper`."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.kind is Kind.DUPLICATE) != (self.loss is not None):
            raise ValueError("a duplicate says what happened to the old one, and only a duplicate")
        if self.paper is not None and self.loss is None:
            raise ValueError("a paper says what happened to the old one")
        if (self.how is Way.ANOTHER) != (self.address is not None):
            raise ValueError("another address is given, and only another")
        if (self.address is None) != (self.postal_code is None):
            raise ValueError("an address has its postal code")
        if (self.how is Way.BRANCH) != (self.branch is not None):
            raise ValueError("a branch is named where it is collected, and only there")
        return self


class LineOut(BaseModel):
    """One line of a cost, and the facts that say why."""

    code: LineCode
    amount: int
    facts: dict[str, Any]


class OfferOut(BaseModel):
    """What it costs and by which day it is expected; good for an hour."""

    id: uuid.UUID
    cost: int
    lines: list[LineOut]
    day: date


class BookletIn(BaseModel):
    """The offer that is taken."""

    model_config = ConfigDict(extra="forbid")

    offer: uuid.UUID


class BookletOut(BaseModel):
    """The request that came of an offer; `bill` is to be paid first where it costs something."""

    number: str
    stage: Stage
    due: date
    cost: int
    bill: uuid.UUID | None
