"""What passes through the doors of bills; amounts are whole rials, periods are like 1405-08."""

import uuid
from datetime import date
from typing import Any

from pydantic import BaseModel

from api.bills.rules import Purpose, State


class BillOut(BaseModel):
    """A bill in a list.

    `payer_of` is the contract of a contribution, the person of a fee; a page that a talk kept
    before it was told has none. `payment_ids` are one, or several that cover it together. `pending`
    says that money for it is on its way and being confirmed: it is not to be paid again.
    """

    id: uuid.UUID
    payer_of: uuid.UUID | None = None
    title_code: Purpose
    period: str
    amount: int
    due_on: date
    state: State
    bill_id: str
    payment_ids: list[str]
    pending: bool


class BillPage(BaseModel):
    """The open bills as of a day, oldest first: the bills, their number and their sum."""

    items: list[BillOut]
    count: int
    total: int
    as_of: date


class BillLine(BaseModel):
    """One line of why: what it adds (or takes), and the facts that say why."""

    code: str
    amount: int
    facts: dict[str, Any]


class BillDetails(BillOut):
    """A bill, explained line by line; the lines add up to `amount` and what is `carried` on."""

    lines: list[BillLine]
    issued_on: date
    carried: int
