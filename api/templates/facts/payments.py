"""Money that came in, and money that went back."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.text import Code
from api.templates.facts.base import Amount, Facts, Period

# A purpose or a reason of a newer release is passed over.
_CONTRIBUTION = "contribution"
_WHY_LEFT = {
    "already_settled": _("The bill had been paid before."),
    "bill_closed": _("The bill had been closed before."),
}
_WHAT_OF_THE_RECORD = {
    "already_settled": _("Its month counts once in the record."),
    "bill_closed": _("So no month was added to the record."),
}


class Paid(BaseModel):
    """A bill that a payment settled."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    purpose: str
    period: Period


class PaymentFacts(Facts):
    """Money that came in for bills; `reference` is the gateway's number of the payment.

    `own` says that the bills are those of whoever is told: a parent pays for a child's record.
    `full` are the months that it pays for and that add nothing, one for each such bill.
    """

    amount: Amount
    items: tuple[Paid, ...]
    paid_on: date
    reference: str
    own: bool = True
    full: tuple[Period, ...] = ()

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {
            "amount": self.amount,
            "what": self._what(),
            "paid_on": self.paid_on,
            "reference": Code(self.reference),
            "record": self._added(),
            "not_added": self._not_added(),
        }

    def _added(self) -> Sentence | None:
        months = sum(item.purpose == _CONTRIBUTION for item in self.items) - len(self.full)
        if not self.own or months < 1:
            return None
        if self.full:
            return _("The rest is in your record from now on.")
        return _("It is in your record from now on.")

    def _not_added(self) -> Sentence | None:
        """Say of which months the record has all days already: from a workplace, or a contract."""
        if not self.full:
            return None
        return _("The record had all days of {months} already, so none were added.").using(
            months=_named(self.full)
        )

    def _what(self) -> Sentence:
        months = sorted(item.period for item in self.items)
        if any(item.purpose != _CONTRIBUTION for item in self.items):
            if len(months) > 1:
                return _("{count} bills").using(count=len(months))
            return _("Fee for a booklet")
        if len(months) == 1:
            return _("Bill for {month}").using(month=months[0])
        return _("Bills for {first} to {last}").using(first=months[0], last=months[-1])


class CreditFacts(Facts):
    """Money of a payment that settled nothing, and why.

    `contribution` says that it was for a month, which is not added to the record by it.
    """

    amount: Amount
    reason: str
    paid_on: date
    reference: str
    contribution: bool = False

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {
            "amount": self.amount,
            "why": _WHY_LEFT.get(self.reason),
            "record": _WHAT_OF_THE_RECORD.get(self.reason) if self.contribution else None,
            "paid_on": self.paid_on,
            "reference": Code(self.reference),
        }


class RefundFacts(Facts):
    """Money of a payment that was paid back."""

    amount: Amount
    paid_on: date
    given_back_on: date
    reference: str

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {
            "amount": self.amount,
            "paid_on": self.paid_on,
            "given_back_on": self.given_back_on,
            "reference": Code(self.reference),
        }


class UnpaidFacts(Facts):
    """A payment that was being confirmed, and of which the bank says that it did not come in."""

    amount: Amount
    begun_on: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {"amount": self.amount, "begun_on": self.begun_on}


def _named(months: Collection[Month]) -> Month | Sentence:
    """Name a month or two; of more say how many they are, for an SMS has no room."""
    match sorted(set(months)):
        case [one]:
            return one
        case [first, last]:
            return _("{first} and {last}").using(first=first, last=last)
        case more:
            return _n("{n} month", "{n} months", len(more))
