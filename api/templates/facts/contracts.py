"""Contracts of those who pay for themselves, and their bills."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.kit.language import _n
from api.templates.facts.base import Amount, Facts, Period, left, tail


class BillFacts(Facts):
    """A monthly bill; `contract_tail` is the end of its contract's number."""

    contract_tail: str
    period: Period
    amount: Amount
    due_on: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:
        is_over = today is not None and today > self.due_on
        return {
            "contract": tail(self.contract_tail),
            "period": self.period,
            "amount": self.amount,
            "due_on": self.due_on,
            "due_by": None if is_over else self.due_on,
            "was_due": self.due_on if is_over else None,
            "left": left(self.due_on, today),
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
            "contract": tail(self.contract_tail),
            "period": self.period,
            "unpaid": _n("{n} unpaid month", "{n} unpaid months", self.months),
            "amount": self.amount,
            "lapses_on": self.lapses_on,
            "left": left(self.lapses_on, today),
        }


class LapsedFacts(Facts):
    """A contract that has lapsed: the bill of `period` could be paid until `lapsed_on`."""

    contract_tail: str
    period: Period
    lapsed_on: date

    def words(self, *, today: date | None) -> Mapping[str, Any]:  # noqa: ARG002
        return {
            "contract": tail(self.contract_tail),
            "period": self.period,
            "lapsed_on": self.lapsed_on,
        }
