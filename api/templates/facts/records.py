"""Insurance records."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.spans import span
from api.templates.facts.base import Facts, Period


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
