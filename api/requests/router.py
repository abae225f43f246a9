"""The doors of requests: what I asked for, how far it came, and how satisfied I am with it."""

from typing import Annotated

from fastapi import Path
from sqlalchemy.orm import Session

from api.access.doors import Grown, Router, answers
from api.requests import service
from api.requests.refusals import NotDelivered, RequestNotFound
from api.requests.schemas import RequestDetails, RequestPage, SatisfactionIn

router = Router(prefix="/v1/requests", tags=["requests"])

Number = Annotated[str, Path(pattern="^[0-9]{10}$")]


@router.get("")
def mine(session: Session, caller: Grown) -> RequestPage:
    """What this person asked for, newest first; at most a hundred."""
    return service.mine(session, person_id=caller.subject_id)


@router.get("/{number}", responses=answers(RequestNotFound))
def show(session: Session, caller: Grown, number: Number) -> RequestDetails:
    """A request of this person, and the stages it came through."""
    return service.show(session, person_id=caller.subject_id, number=number)


@router.post("/{number}/satisfaction", responses=answers(RequestNotFound, NotDelivered))
def satisfied(session: Session, caller: Grown, number: Number, said: SatisfactionIn) -> None:
    """Say how satisfied this person is with what was delivered; said again, the last answer counts."""
    service.satisfied(
        session, person_id=caller.subject_id, number=number, satisfaction=said.satisfaction
    )
