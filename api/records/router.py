"""The doors of records: one's own months, or a child's."""

from typing import Annotated

from fastapi import Path
from sqlalchemy.orm import Session

from api.access.doors import Entrusted, Now, Router, answers
from api.errors import NotFound
from api.printing.printer import Sheet
from api.records import papers, service
from api.records.schemas import RecordOut, YearDetails
from api.settings import Settings

router = Router(prefix="/v1/records", tags=["records"])


@router.get("")
def mine(session: Session, caller: Entrusted) -> RecordOut:
    """Show the record: years with twelve cells of days, the total, and the gaps."""
    return service.mine(session, person_id=caller.subject_id)


@router.get("/picture", responses=answers(NotFound))
def picture(session: Session, caller: Entrusted, now: Now) -> Sheet:
    """Draw the record by year, as wide as a phone; NotFound where it is empty."""
    return papers.picture(session, person_id=caller.subject_id, language=caller.language, now=now)


@router.get("/paper", responses=answers(NotFound))
def paper(session: Session, caller: Entrusted, now: Now, settings: Settings) -> Sheet:
    """Draw the record for printing, with a code by which anybody can ask whether it is ours.

    NotFound where it is empty.
    """
    return papers.paper(
        session,
        person_id=caller.subject_id,
        language=caller.language,
        now=now,
        public_url=settings.public_url,
    )


@router.get("/{year}")
def year(
    session: Session, caller: Entrusted, year: Annotated[int, Path(ge=1300, le=1498)]
) -> YearDetails:
    """Show a Jalali year of the record, month by month and place by place."""
    return service.year(session, person_id=caller.subject_id, number=year)
