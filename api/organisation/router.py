"""The doors of the organisation: its day, what it offers, and where its branches are."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from api.access.doors import Acting, Anyone, Router, Today, answers
from api.errors import Invalid
from api.kit.text import normalise
from api.organisation import nearness, queries, schemas, service
from api.organisation.nearness import Near
from api.organisation.refusals import NoBranch
from api.organisation.rules import Point
from api.organisation.schemas import (
    Branches,
    BranchesNear,
    BranchNear,
    BranchOut,
    ServiceOut,
    Services,
)

router = Router(prefix="/v1/organisation", tags=["organisation"])

_BRANCHES = 50


@router.get("/today")
def today(caller: Anyone, today: Today) -> schemas.Today:  # noqa: ARG001 - the caller is asked for.
    """Tehran's day by the core's clock."""
    return schemas.Today(day=today)


@router.get("/services")
def services(session: Session, caller: Anyone, today: Today) -> Services:  # noqa: ARG001
    """What is said about services today; those that are not listed are offered to all."""
    offers = service.available_services(session, None, today)
    return Services(
        day=today,
        items=[ServiceOut(service=o.service, state=o.state, reason=o.reason) for o in offers],
    )


@router.get("/branch", responses=answers(NoBranch))
def branch(session: Session, caller: Acting) -> BranchOut:
    """The branch that keeps this workplace's file."""
    found = service.branch_of_workshop(session, caller.workshop_id)
    return BranchOut.model_validate(found, from_attributes=True)


@router.get("/branches")
def branches(
    session: Session,
    caller: Anyone,  # noqa: ARG001
    city: Annotated[str, Query(min_length=1, max_length=100)],
) -> Branches:
    """The branches of a city by name, at most fifty."""
    found = queries.branches_of_city(session, normalise(city), limit=_BRANCHES)
    return Branches(items=[BranchOut.model_validate(one, from_attributes=True) for one in found])


@router.get("/branches/near", responses=answers(Invalid))
def near(
    session: Session,
    caller: Anyone,  # noqa: ARG001
    today: Today,
    *,
    latitude: Annotated[float | None, Query(ge=-90, le=90)] = None,
    longitude: Annotated[float | None, Query(ge=-180, le=180)] = None,
    place: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    province: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    service: Annotated[str | None, Query(max_length=64)] = None,
) -> BranchesNear:
    """The branches near a pin (three within 50 km), of a town, or of a province.

    With `service`, those that offer it today. Where there is none, the provinces that have some.
    """
    if latitude is not None and longitude is not None:
        point = Point(latitude, longitude)
        found = nearness.near_point(session, point, service=service, day=today)
    elif place is not None:
        found = nearness.of_town(session, place, service=service, day=today)
    elif province is not None:
        found = nearness.of_province(session, province, service=service, day=today)
    else:
        raise Invalid(field="place", reason="missing")
    return BranchesNear(
        items=_near(found), provinces=[] if found else list(queries.provinces(session))
    )


def _near(found: Sequence[Near]) -> list[BranchNear]:
    return [
        BranchNear(
            **BranchOut.model_validate(near.branch, from_attributes=True).model_dump(),
            id=near.branch.id,
            distance_km=None if near.km is None else round(near.km, 1),
        )
        for near in found
    ]
