"""Paying: the page to pay on, receipts, and money that is given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.client.knock import Door, Knocker
from api.payments.schemas import CreditOut, CreditPage, PayLinkOut, PaymentPage

LINK = Door[PayLinkOut]("POST", "/v1/payments/links", PayLinkOut)
MINE = Door[PaymentPage]("GET", "/v1/payments", PaymentPage)
CREDITS = Door[CreditPage]("GET", "/v1/payments/credits", CreditPage)
REFUND = Door[CreditOut]("POST", "/v1/payments/credits/{credit}/refund", CreditOut)


@dataclass(frozen=True)
class Payments:
    """The payments of the person one acts for."""

    knock: Knocker

    async def link(self, *, bills: Sequence[UUID]) -> PayLinkOut:
        """Make a page on which these bills are paid together."""
        return await self.knock(LINK, bills=bills)

    async def mine(self) -> PaymentPage:
        """Receipts, the newest first."""
        return await self.knock(MINE)

    async def credits(self) -> CreditPage:
        """Money that settled nothing, and what became of it."""
        return await self.knock(CREDITS)

    async def refund(self, *, credit: UUID) -> CreditOut:
        """Ask for a credit back; once is enough."""
        return await self.knock(REFUND, credit=credit)
