"""The facts each template speaks of: stored as JSON with a notice, typed when it is worded."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, PlainValidator

from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.money import Rials


@lru_cache(maxsize=1024)
def _month(value: object) -> Month:
    return value if isinstance(value, Month) else Month.parse(str(value))


Amount = Annotated[int, AfterValidator(Rials)]
Period = Annotated[Month, PlainValidator(_month), PlainSerializer(str)]

# What the messengers and the bots are called; a name we do not know is said as it is.
MESSENGERS = {"telegram": _("Telegram"), "bale": _("Bale"), "sms": _("SMS")}
AUDIENCES = {
    "people": _("people's bot"),
    "employers": _("employers' bot"),
    "inspectors": _("inspectors' bot"),
}


class Facts(BaseModel):
    """Facts of a notice. Those of an older release may hold more than today's template asks for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        """Give what the holes of the wording are filled with; `today` is the day of sending."""
        return dict(self)


class CodeFacts(Facts):
    """A one-time code: the code itself is a secret, given when it is sent and not kept here."""

    minutes: int | None = None


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
            "workshop": f"*{self.workshop_tail.removeprefix('*')}",
            "workshop_name": self.workshop_name,
            "debt": f"*{self.debt_tail.removeprefix('*')}",
            "period": self._period(),
            "amount": self.amount,
            "as_of": self.as_of,
            "objection_until": self.objection_until,
            "object_by": self.objection_until if self._may_object(today) else None,
            "left": self._left(today),
        }

    def _period(self) -> Month | Sentence:
        if self.period_from == self.period_to:
            return self.period_from
        return _("{first} to {last}").using(first=self.period_from, last=self.period_to)

    def _may_object(self, today: date | None) -> bool:
        return today is None or today <= self.objection_until

    def _left(self, today: date | None) -> Sentence | None:
        """Say how long there is, counted from the day of sending: a held message stays true."""
        if today is None or not self._may_object(today):
            return None
        days = (self.objection_until - today).days
        return _n("{n} day is left.", "{n} days are left.", days) if days else _("That is today.")


class ReminderFacts(DebtFacts):
    """A debt whose last day to object comes near; `days_left` as it was planned."""

    days_left: int
