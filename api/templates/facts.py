"""The facts each template speaks of: stored as JSON with a notice, typed when it is worded."""

from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from textwrap import shorten
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, PlainValidator

from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.money import Rials
from api.kit.spans import span
from api.kit.text import Code


@lru_cache(maxsize=1024)
def _month(value: object) -> Month:
    return value if isinstance(value, Month) else Month.parse(str(value))


Amount = Annotated[int, AfterValidator(Rials)]
Period = Annotated[Month, PlainValidator(_month), PlainSerializer(str)]

# What the messengers and the bots are called; a name we do not know is said as it is.
MESSENGERS = {"telegram": _("Telegram"), "bale": _("Bale"), "sms": _("SMS"), "web": _("web")}
AUDIENCES = {
    "people": _("people's bot"),
    "employers": _("employers' bot"),
    "inspectors": _("inspectors' bot"),
}

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


class Facts(BaseModel):
    """Facts of a notice. Those of an older release may hold more than today's template asks for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        """Give what the holes of the wording are filled with; `today` is the day of sending."""
        return dict(self)

    def offers(self, action: str) -> bool:  # noqa: ARG002
        """Whether a button of the template belongs to what these facts tell."""
        return True


class CodeFacts(Facts):
    """A one-time code: the code itself is a secret, given when it is sent and not kept here."""

    minutes: int | None = None


class PersonCodeFacts(CodeFacts):
    """A code that lets the chat of somebody else act for its reader; `name` is theirs, masked."""

    name: str


class PersonFacts(Facts):
    """That a chat acts for another person now, or no more; `name` is the other's of the two, masked."""

    name: str
    messenger: str
    day: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {**dict(self), "messenger": MESSENGERS.get(self.messenger, self.messenger)}


class DayFacts(Facts):
    """What happened on a day."""

    day: date


class LinkFacts(Facts):
    """A chat that was linked to a person, or is no more."""

    messenger: str
    audience: str
    day: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {
            "messenger": MESSENGERS.get(self.messenger, self.messenger),
            "audience": AUDIENCES.get(self.audience, self.audience),
            "day": self.day,
        }


class DebtFacts(Facts):
    """A debt of a workplace: `workshop_tail` and `debt_tail` are the last digits of their numbers."""

    workshop_tail: str
    workshop_name: str
    debt_tail: str
    period_from: Period
    period_to: Period
    amount: Amount
    as_of: date
    objection_until: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:
        return {
            "workshop": _tail(self.workshop_tail),
            "workshop_name": self.workshop_name,
            "debt": _tail(self.debt_tail),
            "period": self._period(),
            "amount": self.amount,
            "as_of": self.as_of,
            "objection_until": self.objection_until,
            "object_by": self.objection_until if self._may_object(today) else None,
            "left": _left(self.objection_until, today),
        }

    def _period(self) -> Month | Sentence:
        if self.period_from == self.period_to:
            return self.period_from
        return _("{first} to {last}").using(first=self.period_from, last=self.period_to)

    def _may_object(self, today: date | None) -> bool:
        return today is None or today <= self.objection_until


class ReminderFacts(DebtFacts):
    """A debt whose last day to object comes near; `days_left` as it was planned."""

    days_left: int


class BillFacts(Facts):
    """A monthly bill; `contract_tail` is the end of its contract's number."""

    contract_tail: str
    period: Period
    amount: Amount
    due_on: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:
        is_over = today is not None and today > self.due_on
        return {
            "contract": _tail(self.contract_tail),
            "period": self.period,
            "amount": self.amount,
            "due_on": self.due_on,
            "due_by": None if is_over else self.due_on,
            "was_due": self.due_on if is_over else None,
            "left": _left(self.due_on, today),
        }


class LapseFacts(Facts):
    """A contract that lapses unless the bill of `period` is paid; `months` unpaid, `amount` in all."""

    contract_tail: str
    period: Period
    months: int
    amount: Amount
    lapses_on: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:
        return {
            "contract": _tail(self.contract_tail),
            "period": self.period,
            "unpaid": _n("{n} unpaid month", "{n} unpaid months", self.months),
            "amount": self.amount,
            "lapses_on": self.lapses_on,
            "left": _left(self.lapses_on, today),
        }


class LapsedFacts(Facts):
    """A contract that has lapsed: the bill of `period` could be paid until `lapsed_on`."""

    contract_tail: str
    period: Period
    lapsed_on: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {
            "contract": _tail(self.contract_tail),
            "period": self.period,
            "lapsed_on": self.lapsed_on,
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


class RecordFacts(Facts):
    """Months that were added to a record, and what the whole record makes by then."""

    months: tuple[Period, ...]
    years: int
    more_months: int
    more_days: int

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {"added": self._added(), "record": self._record()}

    def _added(self) -> Month | Sentence:
        months = sorted(self.months)
        if len(months) == 1:
            return months[0]
        if months[0].plus(len(months) - 1) == months[-1]:
            return _("{first} to {last}").using(first=months[0], last=months[-1])
        return _n("{n} month", "{n} months", len(months))

    def _record(self) -> Sentence:
        return span(years=self.years, months=self.more_months, days=self.more_days)


def _named(months: Collection[Month]) -> Month | Sentence:
    """Name a month or two; of more say how many they are, for an SMS has no room."""
    match sorted(set(months)):
        case [one]:
            return one
        case [first, last]:
            return _("{first} and {last}").using(first=first, last=last)
        case more:
            return _n("{n} month", "{n} months", len(more))


def _tail(digits: str) -> str:
    return f"*{digits.removeprefix('*')}"


def _left(last_day: date, today: date | None) -> Sentence | None:
    """Say how long there is, counted from the day of sending: a held message stays true."""
    if today is None or today > last_day:
        return None
    days = (last_day - today).days
    return _n("{n} day is left.", "{n} days are left.", days) if days else _("That is today.")


# A kind or stage of a newer release is said as it is.
REQUESTS = {"booklet": _("health insurance booklet")}
STAGES = {
    "requested": _("received"),
    "entitlement_checked": _("cover checked"),
    "fee_due": _("waiting for the fee"),
    "issued": _("accepted"),
    "printed": _("printed"),
    "handed_to_post": _("handed to the post"),
    "ready_at_branch": _("ready at the branch"),
    "delivered": _("delivered"),
    "returned": _("came back undelivered"),
    "rejected": _("not approved"),
    "cancelled": _("cancelled"),
}
_ON_ITS_WAY = frozenset({"issued", "printed", "handed_to_post"})
_TURNED_BACK = frozenset({"rejected", "cancelled", "returned"})
_ROOM_FOR_A_REASON = 36
"""So many letters of it leave an SMS in two parts in every language; the chat has it whole."""


class RequestFacts(Facts):
    """A request that came to a stage; `due_on` is the day by which it is expected."""

    number: str
    kind: str
    stage: str
    due_on: date | None = None
    tracking: str | None = None
    reason: str | None = None
    branch: str | None = None
    amount: Amount | None = None
    asked_by: str | None = None
    """The masked name of somebody else in whose chat it was asked for."""

    def words(self, *, today: date | None) -> Mapping[str, Any]:
        return {
            "number": self.number,
            "asked_by": self.asked_by,
            "what": REQUESTS.get(self.kind, self.kind),
            "stage": STAGES.get(self.stage, self.stage),
            "more": self._more(),
            "why": self._why(),
            "asked": _("Please tell us how satisfied you are.") if self._is_delivered else None,
            "due_on": self.due_on if self._is_awaited(today) else None,
        }

    def offers(self, action: str) -> bool:
        return self._is_delivered or action != "rate_request"

    @property
    def _is_delivered(self) -> bool:
        return self.stage == "delivered"

    def _why(self) -> Sentence | None:
        """Say why it was turned down or sent back, as briefly as an SMS has to."""
        if not self.reason or self.stage not in _TURNED_BACK:
            return None
        reason = shorten(self.reason, _ROOM_FOR_A_REASON, placeholder="…")
        return _("Why: {reason:digits}").using(reason=reason)

    def _is_awaited(self, today: date | None) -> bool:
        if self.due_on is None or self.stage not in _ON_ITS_WAY:
            return False
        return today is None or today <= self.due_on

    def _more(self) -> Sentence | None:
        """Say what belongs to the stage alone."""
        match self.stage:
            case "fee_due" if self.amount is not None:
                return _("It goes on when the fee of {amount:toman} is paid.").using(
                    amount=self.amount
                )
            case "handed_to_post" if self.tracking:
                return _("Tracking number of the post: {tracking:digits}").using(
                    tracking=self.tracking
                )
            case "ready_at_branch" if self.branch:
                return _("It waits for you at {branch:digits}.").using(branch=self.branch)
            case "rejected" | "cancelled" | "returned" if self.reason:
                return _("Why: {reason:digits}").using(reason=self.reason)
            case "cancelled" if self.amount is not None:
                return _("Its fee of {amount:toman} was not paid in time. You can ask anew.").using(
                    amount=self.amount
                )
        return None
