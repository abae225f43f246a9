"""The words of the organisation, and which of several availabilities counts; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any


class BranchKind(StrEnum):
    BRANCH = "branch"
    AGENCY_OFFICE = "agency_office"


class Origin(StrEnum):
    """Who brought a version of a rule table: the repository's files, or the operator's own."""

    REPOSITORY = "repository"
    OPERATOR = "operator"


class AvailabilityState(StrEnum):
    """Whether a service is offered: to all, to try out, or not (with a reason)."""

    ACTIVE = "active"
    PILOT = "pilot"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRow:
    """A branch as the organisation lists it; known by `code`."""

    code: str
    kind: BranchKind
    name: str
    province: str
    city: str
    address: str
    phone: str
    hours: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayRow:
    """An official holiday; known by `day`."""

    day: date
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityRow:
    """A word about a service, from one day to another; without a branch, for all of them.

    Known by service, branch and first day.
    """

    service: str
    branch_code: str | None
    from_day: date
    to_day: date | None
    state: AvailabilityState
    reason: str


@dataclass(frozen=True, slots=True)
class Offer:
    """How a service is offered from one day on: at one branch, or everywhere."""

    service: str
    state: AvailabilityState
    reason: str
    at_branch: bool
    from_day: date


def counting(offers: Iterable[Offer]) -> dict[str, Offer]:
    """Pick for each service the offer that counts: a branch's own, then the one that began last.

    The offers are those that touch the day and the branch in question.
    """
    ordered = sorted(offers, key=lambda offer: (offer.at_branch, offer.from_day))
    return {offer.service: offer for offer in ordered}


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule table: from its first day to its last, or on and on."""

    name: str
    valid_from: date
    valid_to: date | None
    body: dict[str, Any]
    source: str
    origin: Origin = Origin.REPOSITORY

    def holds_on(self, day: date) -> bool:
        """Whether a day is in its time."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def in_force(versions: Iterable[RuleVersion]) -> Sequence[RuleVersion]:
    """Cut the versions of one name to the days on which they are the rule, the oldest first.

    No two hold on one day: the operator's goes before the repository's, then the one that began
    last. A version that another interrupts is there twice.
    """
    weakest_first = sorted(
        versions, key=lambda one: (one.origin == Origin.OPERATOR, one.valid_from)
    )
    kept: list[RuleVersion] = []
    for stronger in weakest_first:
        kept = [part for one in kept for part in _outside(one, stronger)]
        kept.append(stronger)
    return sorted(kept, key=lambda one: one.valid_from)


def _outside(one: RuleVersion, other: RuleVersion) -> Iterable[RuleVersion]:
    """Give what is left of a version before another begins and after it ends."""
    day = timedelta(days=1)
    if one.valid_from < other.valid_from:
        before = other.valid_from - day
        last = before if one.valid_to is None else min(one.valid_to, before)
        yield replace(one, valid_to=last)
    if other.valid_to is not None and (one.valid_to is None or one.valid_to > other.valid_to):
        yield replace(one, valid_from=max(one.valid_from, other.valid_to + day))
