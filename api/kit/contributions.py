"""What an employer and a worker pay for a month of work; pure.

Source: domain page "Contributions", section 1; Social Security Law, articles 28 and 35. Rates and
the minimum wage are the rule table `contributions`, handed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from api.kit.money import Rials, share


class Work(StrEnum):
    """What besides the two usual shares is paid for a worker."""

    STANDARD = "standard"
    NO_UNEMPLOYMENT = "no_unemployment"
    """Not under the Labour Law."""
    ARDUOUS = "arduous"
    """Hard and arduous work, under the Labour Law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The minimum wage of a year, how many times it counts at most, and shares in per cent."""

    minimum_daily_wage: int
    cap_multiple: int
    insured: Decimal
    employer: Decimal
    unemployment: Decimal
    arduous: Decimal

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read a version of the rule table `contributions`."""
        return cls(
            minimum_daily_wage=int(body["minimum_daily_wage"]),
            cap_multiple=int(body["cap_multiple"]),
            insured=Decimal(body["insured_percent"]),
            employer=Decimal(body["employer_percent"]),
            unemployment=Decimal(body["unemployment_percent"]),
            arduous=Decimal(body["arduous_percent"]),
        )


@dataclass(frozen=True, slots=True)
class Contribution:
    """One worker's month: the base that counts and the share of each, in whole rials."""

    base: Rials
    insured: Rials
    employer: Rials
    unemployment: Rials
    arduous: Rials

    @property
    def total(self) -> Rials:
        return Rials(self.insured + self.employer + self.unemployment + self.arduous)


def cap(days: int, rates: Rates) -> Rials:
    """Give the most that counts of so many days."""
    return Rials(rates.cap_multiple * rates.minimum_daily_wage * days)


def contribution(
    *, work: Work, days: int, daily_wage: int, benefits: int, rates: Rates
) -> Contribution:
    """Say what is paid for a worker's month: each share of the base, rounded half up by itself.

    The base is the wage of the days worked and the benefits that are subject to contribution, up to
    the cap of as many days.
    """
    base = Rials(min(daily_wage * days + benefits, cap(days, rates)))
    nothing = Rials(0)
    return Contribution(
        base=base,
        insured=share(base, rates.insured),
        employer=share(base, rates.employer),
        unemployment=nothing if work is Work.NO_UNEMPLOYMENT else share(base, rates.unemployment),
        arduous=share(base, rates.arduous) if work is Work.ARDUOUS else nothing,
    )
