"""The doors of requests: what I asked for, and how far it came."""

from typing import Annotated

from fastapi import Path
from sqlalchemy.orm import Session

from api.access.doors import Linked, Router, answers
from api.requests import service
from api.requests.refusals import RequestNotFound
from api.requests.schemas import RequestDetails, RequestPage

router = Router(prefix="/v1/requests", tags=["requests"])


@router.get("")
def mine(session: Session, caller: Linked) -> RequestPage:
    """What this person asked for, newest first; at most a hundred."""
    return service.mine(session, person_id=caller.person_id)


@router.get("/{number}", responses=answers(RequestNotFound))
def show(
    session: Session, caller: Linked, number: Annotated[str, Path(pattern="^[0-9]{10}$")]
) -> RequestDetails:
    """A request of this person, and the stages it came through."""
    return service.show(session, person_id=caller.person_id, number=number)
