"""The doors of records: one's own months, or a child's."""

from typing import Annotated

from fastapi import Path
from sqlalchemy.orm import Session

from api.access.doors import Entrusted, Router
from api.records import service
from api.records.schemas import RecordOut, YearDetails

router = Router(prefix="/v1/records", tags=["records"])


@router.get("")
def mine(session: Session, caller: Entrusted) -> RecordOut:
    """Show the record: years with twelve cells of days, the total, and the gaps."""
    return service.mine(session, person_id=caller.subject_id)


@router.get("/{year}")
def year(
    session: Session, caller: Entrusted, year: Annotated[int, Path(ge=1300, le=1498)]
) -> YearDetails:
    """Show a Jalali year of the record, month by month and place by place."""
    return service.year(session, person_id=caller.subject_id, number=year)
