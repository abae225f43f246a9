"""The doors of contracts: mine, the day of my reminder, and the organisation's systems."""

import uuid

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.access.doors import Entrusted, Machine, Now, Router, Today, answers
from api.audit import service as audit
from api.contracts import service
from api.contracts.refusals import ContractClosed, ContractNotFound, ContractsOvertaken
from api.contracts.rules import ContractRow
from api.contracts.schemas import (
    ContractPage,
    ContractsIn,
    ContractsTaken,
    ReminderIn,
    RowRefused,
)
from api.kit.calendar import Month
from api.organisation.refusals import NoRule

router = Router(prefix="/v1/contracts", tags=["contracts"])

_SCOPE = "contracts"


@router.get("", responses=answers(NoRule))
def mine(session: Session, caller: Entrusted, today: Today) -> ContractPage:
    """The contracts of this person, those in force first."""
    return service.mine(session, person_id=caller.subject_id, today=today)


@router.post("/{contract}/reminder", responses=answers(ContractNotFound, ContractClosed))
def remind(
    session: Session, caller: Entrusted, now: Now, contract: uuid.UUID, reminder: ReminderIn
) -> None:
    """Be reminded of what is unpaid on this day of every month; none for no such day."""
    service.choose_day(
        session, person_id=caller.subject_id, contract_id=contract, day=reminder.day, now=now
    )


@router.put("", responses=answers(ContractsOvertaken, NoRule))
def register(session: Session, caller: Machine, now: Now, contracts: ContractsIn) -> ContractsTaken:
    """Put in at most a thousand contracts, new or changed, known by their numbers.

    Needs the scope `contracts`. Rows that cannot be taken are named in the answer; the others are
    in.
    """
    caller.needs(_SCOPE)
    rows = [
        ContractRow(
            **{
                **dict(row),
                "starts_on": Month.parse(row.starts_on),
                "ends_on": None if row.ends_on is None else Month.parse(row.ends_on),
            }
        )
        for row in contracts.rows
    ]
    try:
        taken = service.register(session, rows=rows, now=now)
    except IntegrityError:
        raise ContractsOvertaken from None
    audit.note(
        session,
        actor=caller.actor,
        verb="contracts.register",
        subject="contracts",
        detail={"loaded": taken.loaded, "unchanged": taken.unchanged},
        now=now,
    )
    return ContractsTaken(
        loaded=taken.loaded,
        unchanged=taken.unchanged,
        refused=[
            RowRefused(place=one.place, field=one.column, reason=one.reason)
            for one in taken.refused
        ],
    )
