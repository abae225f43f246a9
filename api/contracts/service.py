"""The verbs of contracts: showing them, and what a paid month adds; the others by their files."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.bills import queries as bill_queries
from api.bills import service as bills
from api.bills.rules import Purpose
from api.bills.rules import State as BillState
from api.contracts import queries, rules
from api.contracts.billing import bill, bill_ahead
from api.contracts.lapsing import Grace, lapse
from api.contracts.refusals import ContractClosed, ContractNotFound
from api.contracts.registering import register
from api.contracts.rules import LineCode, State
from api.contracts.schemas import ContractOut, ContractPage
from api.contracts.telling import announce, preview, remind
from api.kit.calendar import Month
from api.payments.events import BillsSettled
from api.records import service as records
from api.records.rules import NewMonth

__all__ = [
    "announce",
    "bill",
    "bill_ahead",
    "choose_day",
    "grow_records",
    "lapse",
    "mine",
    "preview",
    "register",
    "remind",
]


def mine(session: Session, *, person_id: uuid.UUID, today: date) -> ContractPage:
    """Give the contracts of a person, those in force first. Raises organisation's NoRule."""
    contracts = queries.of_person(session, person_id)
    if not contracts:
        return ContractPage(items=[])
    grace = Grace(session, today)
    months: dict[str, list[tuple[str, bool]]] = {}
    for one in bills.of_about(session, [rules.about(contract.id) for contract in contracts]):
        if one.state is not BillState.CANCELLED:
            months.setdefault(one.about, []).append((one.period, one.state is BillState.SETTLED))
    items = []
    for contract in contracts:
        its = months.get(rules.about(contract.id), [])
        oldest = min((month for month, paid in its if not paid), default=None)
        in_force = contract.state is State.ACTIVE
        items.append(
            ContractOut(
                id=contract.id,
                number_tail=contract.number[-4:],
                kind=contract.kind,
                cover=contract.cover,
                monthly_base=contract.monthly_base,
                state=contract.state,
                paid_until=rules.paid_until(its),
                lapses_on=grace.last_day(contract.kind, oldest) if in_force and oldest else None,
                remind_day=contract.remind_day,
            )
        )
    return ContractPage(items=items)


def choose_day(
    session: Session,
    *,
    person_id: uuid.UUID,
    contract_id: uuid.UUID,
    day: int | None,
    now: datetime,
) -> None:
    """Note the day of every month on which a person wants to be reminded; None for no such day.

    Raises ContractNotFound, for another's contract too, and ContractClosed.
    """
    contract = queries.one_of_person(session, person_id, contract_id)
    if contract is None:
        raise ContractNotFound
    if contract.state is not State.ACTIVE:
        raise ContractClosed
    contract.remind_day = day
    contract.changed_at = now
    session.flush()


def grow_records(session: Session, happened: BillsSettled) -> None:
    """Add the months that were paid for to the person's record: all days of each, with its base."""
    paid = [
        bill
        for bill in bill_queries.by_ids(session, happened.bill_ids)
        if bill.purpose is Purpose.CONTRIBUTION
    ]
    if not paid:
        return
    contracts = queries.by_ids(session, {bill.payer_of for bill in paid})
    codes = queries.branch_codes(session, {one.branch_id for one in contracts.values()})
    records.add_months(
        session,
        rows=[
            NewMonth(
                person_id=bill.person_id,
                month=(month := Month.parse(bill.period)),
                source=bill.about,
                days=month.days,
                wage=_base(bill.lines),
                place_name="",
                branch_code=codes[contracts[bill.payer_of].branch_id],
            )
            for bill in paid
        ],
        now=happened.at,
    )


def _base(lines: Sequence[dict[str, Any]]) -> int | None:
    """The base of the month, as it was billed: the contract's own may be another by now."""
    return next(
        (line["facts"]["base"] for line in lines if line["code"] == LineCode.CONTRIBUTION), None
    )
