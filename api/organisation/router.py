"""The doors of the organisation: its day, what it offers, and where its branches are."""

from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from api.access.doors import Acting, Anyone, Router, Today, answers
from api.kit.text import normalise
from api.organisation import queries, schemas, service
from api.organisation.refusals import NoBranch
from api.organisation.schemas import Branches, BranchOut, ServiceOut, Services

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
