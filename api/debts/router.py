"""The doors of debts: what my workplace owes, and the organisation's systems putting debts in."""

import uuid
from typing import Annotated

from fastapi import Path
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.access.doors import Acting, Machine, Now, Router, Today, answers
from api.audit import service as audit
from api.debts import service
from api.debts.refusals import DebtNotFound, DebtsOvertaken
from api.debts.rules import DebtRow, about
from api.debts.schemas import DebtDetails, DebtPage, DebtsIn, DebtsTaken, RowRefused
from api.kit.calendar import Month
from api.organisation.refusals import NoRule

router = Router(prefix="/v1/debts", tags=["debts"])

_SCOPE = "debts"


@router.get("", responses=answers(NoRule))
def mine(session: Session, caller: Acting, today: Today) -> DebtPage:
    """What this workplace owes as of today."""
    return service.mine(session, workshop_id=caller.workshop_id, today=today)


@router.get("/{debt}", responses=answers(DebtNotFound, NoRule))
def show(session: Session, caller: Acting, today: Today, debt: uuid.UUID) -> DebtDetails:
    """Why a debt of this workplace is owed, line by line; the lines add up to the total."""
    return service.show(session, workshop_id=caller.workshop_id, debt_id=debt, today=today)


@router.put("", responses=answers(DebtsOvertaken))
def register(session: Session, caller: Machine, now: Now, debts: DebtsIn) -> DebtsTaken:
    """Put in at most a thousand debts, new or changed, known by their numbers.

    Needs the scope `debts`. Rows that cannot be taken are named in the answer; the others are in.
    """
    caller.needs(_SCOPE)
    rows = [
        DebtRow(
            **{
                **dict(row),
                "period_from": Month.parse(row.period_from),
                "period_to": Month.parse(row.period_to),
            }
        )
        for row in debts.rows
    ]
    try:
        taken = service.register(session, rows=rows, now=now)
    except IntegrityError:
        raise DebtsOvertaken from None
    audit.note(
        session,
        actor=caller.actor,
        verb="debts.register",
        subject="debts",
        detail={"loaded": taken.loaded, "unchanged": taken.unchanged},
        now=now,
    )
    return DebtsTaken(
        loaded=taken.loaded,
        unchanged=taken.unchanged,
        refused=[
            RowRefused(place=one.place, field=one.column, reason=one.reason)
            for one in taken.refused
        ],
    )


@router.post("/{number}/close", responses=answers(DebtNotFound))
def close(
    session: Session,
    caller: Machine,
    now: Now,
    number: Annotated[str, Path(pattern="^[0-9]{13}$")],
) -> None:
    """Say that nothing is owed any more of a debt; once is enough. Needs the scope `debts`."""
    caller.needs(_SCOPE)
    closed = about(service.close(session, number=number, now=now))
    audit.note(session, actor=caller.actor, verb="debts.close", subject=closed, detail={}, now=now)
