"""The doors of bills: what I have to pay, and why."""

import uuid

from sqlalchemy.orm import Session

from api.access.doors import Entrusted, Router, Today, answers
from api.bills import service
from api.bills.refusals import BillNotFound
from api.bills.schemas import BillDetails, BillPage

router = Router(prefix="/v1/bills", tags=["bills"])


@router.get("")
def mine(session: Session, caller: Entrusted, today: Today) -> BillPage:
    """What this person has to pay, oldest first."""
    return service.mine(session, person_id=caller.subject_id, today=today)


@router.get("/{bill}", responses=answers(BillNotFound))
def show(session: Session, caller: Entrusted, bill: uuid.UUID) -> BillDetails:
    """Why a bill of this person is what it is, line by line."""
    return service.show(session, person_id=caller.subject_id, bill_id=bill)
