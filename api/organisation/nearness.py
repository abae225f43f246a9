"""Which branch to go to: near a pin, of a town, or of a province."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from api.kit import text
from api.organisation import queries, rules
from api.organisation.models import Branch
from api.organisation.rules import AvailabilityState, Offer, Point

NEAR_KM = 50.0
"""Further than this nobody is sent without being asked (talks.md, S1)."""

FEW = 3
"""So many branches are offered near a pin."""

MANY = 50

_Offers = Callable[[Branch], bool]


@dataclass(frozen=True, slots=True)
class Near:
    """A branch, and how far it is from where somebody said to be; None where nobody did."""

    branch: Branch
    km: float | None


def near_point(session: Session, point: Point, *, service: str | None, day: date) -> Sequence[Near]:
    """Give the three nearest branches within 50 km that offer a service on a day, nearest first.

    Without a service, of all branches. The way is as the crow flies.
    """
    offers = _offering(session, service, day)
    around = queries.branches_within(session, rules.box_round(point, NEAR_KM))
    found = [
        Near(one, km)
        for one in around
        if (km := rules.distance_km(point, _point(one))) <= NEAR_KM and offers(one)
    ]
    return sorted(found, key=lambda near: (near.km, near.branch.code))[:FEW]


def of_town(session: Session, town: str, *, service: str | None, day: date) -> Sequence[Near]:
    """Give the branches of a town by name; where they are few, those near it after them.

    The town is known by its letters, however it is spelled; of one without a branch we know no
    place, so nothing is given.
    """
    wanted = text.key(town)
    spelled = [city for city in queries.cities(session) if text.key(city) == wanted]
    if not spelled:
        return []
    offers = _offering(session, service, day)
    theirs = queries.branches_of_cities(session, spelled)
    found = [Near(one, None) for one in theirs if offers(one)][:MANY]
    placed = [_point(one) for one in theirs if _is_placed(one)]
    if len(found) >= FEW or not placed:
        return found
    there = {near.branch.id for near in found}
    nearest = near_point(session, rules.middle_of(placed), service=service, day=day)
    others = [near for near in nearest if near.branch.id not in there]
    return [*found, *others][:FEW]


def of_province(
    session: Session, province: str, *, service: str | None, day: date
) -> Sequence[Near]:
    """Give the branches of a province by city and name, at most fifty."""
    offers = _offering(session, service, day)
    found = queries.branches_of_province(session, text.normalise(province), limit=MANY)
    return [Near(one, None) for one in found if offers(one)]


def is_offered_at(session: Session, branch: Branch, *, service: str, day: date) -> bool:
    """Say whether a branch offers a service on a day."""
    return _offering(session, service, day)(branch)


def _offering(session: Session, service: str | None, day: date) -> _Offers:
    """Read what is said of a service once, for any number of branches."""
    if service is None:
        return lambda _branch: True
    said = queries.said_of(session, service, day)

    def offers(branch: Branch) -> bool:
        counting = rules.counting(
            Offer(one.service, one.state, one.reason, one.branch_id is not None, one.from_day)
            for one in said
            if one.branch_id in {None, branch.id}
        ).get(service)
        return counting is None or counting.state is not AvailabilityState.OFF

    return offers


def _is_placed(branch: Branch) -> bool:
    return branch.latitude is not None and branch.longitude is not None


def _point(branch: Branch) -> Point:
    if branch.latitude is None or branch.longitude is None:
        raise ValueError("a branch without a place is near nothing")
    return Point(branch.latitude, branch.longitude)
