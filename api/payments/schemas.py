"""What passes through the doors of payments; amounts are whole rials, periods are like 1405-08."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.bills.rules import Purpose
from api.payments.rules import MOST_BILLS, CreditReason, CreditState


def _told_apart(bills: list[uuid.UUID]) -> list[uuid.UUID]:
    if len(set(bills)) < len(bills):
        raise ValueError("a bill is named twice")
    return bills


class PayLinkIn(BaseModel):
    """The bills to pay together."""

    model_config = ConfigDict(extra="forbid")

    bills: Annotated[
        list[uuid.UUID], Field(min_length=1, max_length=MOST_BILLS), AfterValidator(_told_apart)
    ]


class PayLinkOut(BaseModel):
    """The address of a pay page: whoever has it can pay, until it expires."""

    url: str
    amount: int
    count: int
    expires_at: datetime


class PaidItem(BaseModel):
    """A bill that a payment settled."""

    purpose: Purpose
    period: str
    amount: int


class PaymentOut(BaseModel):
    """A receipt.

    `reference` is the gateway's number. Of what settled nothing, `credit` is kept for the payer
    still, and `given_back` has gone back to them: with the items they add up to the amount.
    """

    id: uuid.UUID
    amount: int
    paid_at: datetime
    reference: str
    card_masked: str | None
    items: list[PaidItem]
    credit: int
    given_back: int = 0


class PaymentPage(BaseModel):
    """Receipts, the newest first; at most fifty."""

    items: list[PaymentOut]
    count: int


class CreditOut(BaseModel):
    """Money that settled nothing, and what became of it."""

    id: uuid.UUID
    amount: int
    reason: CreditReason
    state: CreditState
    created_at: datetime
    reference: str


class CreditPage(BaseModel):
    """Credits, the newest first; `total` is what is not given back yet."""

    items: list[CreditOut]
    count: int
    total: int
