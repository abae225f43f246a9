"""The verbs of bills: issuing, settling, cancelling, and showing them to those who pay."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from api import sets
from api.bills import checking, queries, rules
from api.bills.models import Bill
from api.bills.queries import of_about, open_of, unannounced
from api.bills.refusals import BillNotFound
from api.bills.rules import NewBill, Purpose, State, about
from api.bills.schemas import BillDetails, BillOut, BillPage
from api.db import new_id
from api.kit import calendar
from api.kit.calendar import Month
from api.ledger import service as ledger
from api.ledger.rules import Account, Kind, NewTransfer
from api.organisation import service as organisation
from api.sets import Bound

__all__ = [
    "Ready",
    "cancel",
    "issue",
    "issue_ready",
    "mark_announced",
    "mine",
    "of_about",
    "open_of",
    "prepare",
    "settle",
    "show",
    "still_open",
    "unannounced",
]

_EARNED = {
    Purpose.CONTRIBUTION: Account(Kind.CONTRIBUTIONS),
    Purpose.BOOKLET_FEE: Account(Kind.FEES),
}


@dataclass(frozen=True, slots=True)
class Ready:
    """Bills that are made and not yet issued; `transfers` say what is owed for all of them.

    `owed` are the transfers of those that a bill comes of, by its id; `carried` the others.
    """

    bills: Bound
    transfers: Bound
    owed: Mapping[uuid.UUID, NewTransfer]
    carried: Sequence[NewTransfer]


def issue(session: Session, rows: Sequence[NewBill], now: datetime) -> int:
    """Issue a slice of bills in a few statements; gives how many are new.

    A bill for the same subject, purpose and period is passed over, whatever it says. What a row
    assessed is owed in the ledger from now on, exactly, also where its amount is 0 and no bill
    comes of it. Raises NoRule where no rule says what bill ids are made of, ValueError for a file
    code or an amount that fits no number.
    """
    return issue_ready(session, prepare(session, rows, now), now)


def prepare(session: Session, rows: Sequence[NewBill], now: datetime) -> Ready:
    """Make a slice of bills for `issue_ready`; writes nothing. Raises as `issue` does."""
    codes = _bill_codes(session)
    values, owed = [], {}
    for row in rows:
        if row.amount:
            bill = _values(row, codes(row.issued_on), now)
            values.append(bill)
            subject = about(bill["id"])
            owed[bill["id"]] = _assessed(subject.replace("bill:", "issue:"), subject, row)
    carried = [
        _assessed(f"carry:{row.about}:{row.purpose}:{row.period}", row.about, row)
        for row in rows
        if row.assessed and not row.amount
    ]
    return Ready(
        sets.bind(session, Bill, values),
        ledger.bind(session, [*owed.values(), *carried], now),
        owed,
        carried,
    )


def issue_ready(session: Session, ready: Ready, now: datetime) -> int:
    """Issue what `prepare` made, as `issue` does; gives how many bills are new."""
    added = sets.add_bound(session, ready.bills)
    if added == len(ready.owed):
        sets.add_bound(session, ready.transfers)
        return added
    fresh = queries.known_among(session, ready.owed)
    owed = [one for bill_id, one in ready.owed.items() if bill_id in fresh]
    ledger.post(session, [*owed, *ready.carried], now)
    return added


def settle(
    session: Session, bills: Collection[Bill], *, attempt: str, at: datetime
) -> frozenset[uuid.UUID]:
    """Settle those of these bills that are open, each once and for ever; gives which they were.

    The bills are held (`queries.held`) by the caller; `attempt` names the payment whose money it is.
    """
    settled = [bill for bill in bills if bill.state is State.OPEN]
    for bill in settled:
        bill.state, bill.settled_at = State.SETTLED, at
    session.flush()
    posted = ledger.post(
        session,
        [
            NewTransfer(
                key=f"settle:{bill.id}",
                debit=Account(Kind.BANK),
                credit=Account(Kind.PAYER, bill.payer_of),
                amount=bill.amount,
                about=attempt,
                on=calendar.today(at),
            )
            for bill in settled
        ],
        at,
    )
    if posted != len(settled):
        # The ledger's own key is the last lock: better no answer than a bill settled twice.
        raise RuntimeError("a bill that is open was settled before")
    return frozenset(bill.id for bill in settled)


def cancel(session: Session, ids: Collection[uuid.UUID], now: datetime) -> frozenset[uuid.UUID]:
    """Close what is open of these bills: nobody owes them any more. Gives which they were."""
    closed = [bill for bill in queries.held(session, ids) if bill.state is State.OPEN]
    if not closed:
        return frozenset()
    session.execute(
        update(Bill).where(Bill.id.in_([bill.id for bill in closed])).values(state=State.CANCELLED)
    )
    ledger.post(
        session,
        [
            NewTransfer(
                key=f"cancel:{bill.id}",
                debit=_EARNED[bill.purpose],
                credit=Account(Kind.PAYER, bill.payer_of),
                amount=bill.amount,
                about=about(bill.id),
                on=calendar.today(now),
            )
            for bill in closed
        ],
        now,
    )
    return frozenset(bill.id for bill in closed)


def mark_announced(session: Session, ids: Collection[uuid.UUID], now: datetime) -> None:
    """Note that who owes these bills was told of them."""
    session.execute(update(Bill).where(Bill.id.in_(ids)).values(announced_at=now))


def still_open(session: Session, abouts: Collection[str]) -> set[str]:
    """Say which of these subjects (`bill:<uuid>`) are to be paid still.

    One that is being confirmed is not: who has paid is not asked to.
    """
    ids = {rules.id_of(subject) for subject in abouts}
    unpaid = queries.open_among(session, ids)
    return {about(bill_id) for bill_id in unpaid - checking.being_checked(session, unpaid)}


def mine(session: Session, *, person_id: uuid.UUID, today: date) -> BillPage:
    """Give the open bills of a person, oldest first."""
    bills = open_of(session, person_id)
    pending = checking.being_checked(session, [bill.id for bill in bills])
    return BillPage(
        items=[BillOut(**_shown(bill, pending=bill.id in pending)) for bill in bills],
        count=len(bills),
        total=sum(bill.amount for bill in bills),
        as_of=today,
    )


def show(session: Session, *, person_id: uuid.UUID, bill_id: uuid.UUID) -> BillDetails:
    """Give a bill of a person with the lines that say why; raises BillNotFound."""
    bill = queries.one_of(session, person_id, bill_id)
    if bill is None:
        raise BillNotFound
    pending = checking.being_checked(session, [bill.id])
    return BillDetails(
        **_shown(bill, pending=bill.id in pending),
        lines=bill.lines,
        issued_on=bill.issued_on,
        carried=bill.carried,
    )


def _bill_codes(session: Session) -> Callable[[date], dict[str, Any]]:
    return cache(lambda day: organisation.rules_on(session, "bill_ids", day))


def _values(row: NewBill, codes: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "person_id": row.person_id,
        "payer_of": row.payer_of,
        "about": row.about,
        "purpose": row.purpose,
        "period": row.period,
        "assessed": row.assessed,
        "amount": row.amount,
        "carried": row.carried,
        "bill_id": rules.bill_id(
            row.file_code, codes["company_code"], codes["service_types"][row.purpose]
        ),
        "lines": row.lines,
        "issued_on": row.issued_on,
        "due_on": row.due_on,
        "state": State.OPEN,
        "settled_at": None,
        "announced_at": None,
        "created_at": now,
    }


def _assessed(key: str, subject: str, row: NewBill) -> NewTransfer:
    return NewTransfer(
        key=key,
        debit=Account(Kind.PAYER, row.payer_of),
        credit=_EARNED[row.purpose],
        amount=row.assessed,
        about=subject,
        on=row.issued_on,
    )


def _shown(bill: Bill, *, pending: bool) -> dict[str, Any]:
    return {
        "id": bill.id,
        "payer_of": bill.payer_of,
        "title_code": bill.purpose,
        "period": bill.period,
        "amount": bill.amount,
        "due_on": bill.due_on,
        "state": bill.state,
        "bill_id": bill.bill_id,
        "payment_ids": list(rules.payment_ids(bill.bill_id, bill.amount, Month.parse(bill.period))),
        "pending": pending,
    }
