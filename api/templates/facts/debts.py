"""Debts of workplaces."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.kit.calendar import Month
from api.kit.language import Sentence, _
from api.templates.facts.base import Amount, Facts, Period, left, tail


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
            "workshop": tail(self.workshop_tail),
            "workshop_name": self.workshop_name,
            "debt": tail(self.debt_tail),
            "period": self._period(),
            "amount": self.amount,
            "as_of": self.as_of,
            "objection_until": self.objection_until,
            "object_by": self.objection_until if self._may_object(today) else None,
            "left": left(self.objection_until, today),
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
