"""The doors of people: one's own family."""

from sqlalchemy.orm import Session

from api.access.doors import Grown, Router, Today
from api.people import service
from api.people.schemas import Family

router = Router(prefix="/v1/people", tags=["people"])


@router.get("/family")
def family(session: Session, caller: Grown, today: Today) -> Family:
    """List a person's registered dependants, by masked name."""
    return service.family(session, person_id=caller.subject_id, today=today)
