"""The words of the organisation, and which of several availabilities counts; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class BranchKind(StrEnum):
    BRANCH = "branch"
    AGENCY_OFFICE = "agency_office"


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
