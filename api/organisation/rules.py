"""The words of the organisation, which of several availabilities counts, and how far it is; pure."""

import math
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


EARTH_KM = 6371.0088
"""The mean radius of the earth (IUGG)."""

_KM_OF_A_DEGREE = math.radians(EARTH_KM)


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees of latitude and longitude."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Box:
    """Whatever lies within its edges, in degrees; `west` is greater than `east` across the date line."""

    south: float
    north: float
    west: float
    east: float


def distance_km(one: Point, other: Point) -> float:
    """Give the way between two points as the crow flies (haversine)."""
    south, north = math.radians(one.latitude), math.radians(other.latitude)
    half_up = (north - south) / 2
    half_over = math.radians(other.longitude - one.longitude) / 2
    part = math.sin(half_up) ** 2 + math.cos(south) * math.cos(north) * math.sin(half_over) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, part)))


def box_round(point: Point, km: float) -> Box:
    """Give a box that holds all that is so near to a point, and something more."""
    up = km / _KM_OF_A_DEGREE
    south, north = point.latitude - up, point.latitude + up
    if south <= -90 or north >= 90:
        return Box(max(south, -90), min(north, 90), -180, 180)
    # The circle is widest a little nearer to the pole than its middle.
    over = math.degrees(
        math.asin(min(1.0, math.sin(km / EARTH_KM) / math.cos(math.radians(point.latitude))))
    )
    return Box(south, north, _turned(point.longitude - over), _turned(point.longitude + over))


def middle_of(points: Sequence[Point]) -> Point:
    """Give the middle of some points of one town; ValueError for none."""
    if not points:
        raise ValueError("nothing has no middle")
    return Point(
        sum(one.latitude for one in points) / len(points),
        sum(one.longitude for one in points) / len(points),
    )


def _turned(longitude: float) -> float:
    return (longitude + 180) % 360 - 180
