"""Payments made at banks by bill id and payment id, as their collection centre lists them."""

import secrets
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from api.bills import queries as bill_queries
from api.bills import rules as bill_rules
from api.bills.models import Bill
from api.bills.rules import BadNumbers, Fault, State
from api.kit import calendar
from api.kit.calendar import Month
from api.kit.slices import RefusedRow, Registered
from api.payments import queries
from api.payments.models import AttemptBill, PayLink, PayLinkBill, PaymentAttempt
from api.payments.rules import AttemptState
from api.payments.settling import settle_bills
from api.people import queries as people

GATEWAY = "bank"

AT_ONCE = 10
"""Rows a slice: each is settled by itself, in about 20 statements, while others wait to write."""

_BYTES = 24


@dataclass(frozen=True, slots=True)
class BankRow:
    """A payment that a bank took; both numbers in ASCII digits without leading zeros."""

    bill_id: str
    payment_id: str
    reference: str
    paid_on: date


class _NotTaken(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def register(session: Session, *, rows: Sequence[BankRow], now: datetime) -> Registered:
    """Take in a slice of payments, no two of one reference; one that was taken in is unchanged.

    Each settles its bill as a payment at a gateway does, and whose bill it is gets the receipt.
    Money for a bill that is paid or closed already becomes a credit. Refuses by column: numbers
    with a wrong check digit, of no bill or of two open ones, one of several payment ids, a day to
    come, and the reference of another payment.
    """
    taken = _taken(session, {row.reference for row in rows})
    meant: dict[int, list[uuid.UUID]] = {}
    refused: list[RefusedRow] = []
    unchanged = 0
    numbered = _numbered(session, rows)
    for place, row in enumerate(rows):
        try:
            ids = [bill.id for bill in _meant(row, numbered, calendar.today(now))]
            if _is_taken(row, ids, taken):
                unchanged += 1
            else:
                meant[place] = ids
        except _NotTaken as why:
            refused.append(RefusedRow(place, why.column, why.reason))
    # All at once and in the order of ids: so that nobody who settles meanwhile waits in a ring.
    held = {bill.id: bill for bill in bill_queries.held(session, set().union(*meant.values()))}
    spoken = people.languages(session, {bill.person_id for bill in held.values()})
    for place, ids in meant.items():
        try:
            bill = _one([held[bill_id] for bill_id in ids])
        except _NotTaken as why:
            refused.append(RefusedRow(place, why.column, why.reason))
        else:
            _settle(session, rows[place], bill, spoken[bill.person_id], now)
    return Registered(len(rows) - unchanged - len(refused), unchanged, tuple(refused))


def _taken(session: Session, references: set[str]) -> Mapping[str, uuid.UUID]:
    """Give the references that were taken in, with the bill of each."""
    attempts = queries.of_references(session, GATEWAY, references)
    lines = queries.lines_of(session, [attempt.id for attempt in attempts])
    return {attempt.reference or "": lines[attempt.id][0][1].id for attempt in attempts}


def _is_taken(row: BankRow, ids: Sequence[uuid.UUID], taken: Mapping[str, uuid.UUID]) -> bool:
    if row.reference in taken and taken[row.reference] not in ids:
        raise _NotTaken("reference", "reference_taken")
    return row.reference in taken


def _numbered(session: Session, rows: Sequence[BankRow]) -> Mapping[str, Sequence[Bill]]:
    found: dict[str, list[Bill]] = defaultdict(list)
    for bill in bill_queries.numbered(session, {row.bill_id for row in rows}):
        found[bill.bill_id].append(bill)
    return found


def _meant(row: BankRow, numbered: Mapping[str, Sequence[Bill]], today: date) -> Sequence[Bill]:
    """Give the bills of these numbers, oldest first; raises _NotTaken."""
    try:
        bill_rules.parse(row.bill_id, row.payment_id)
    except BadNumbers as bad:
        of_bill = bad.fault in {Fault.FORM, Fault.BILL_ID_CHECK_DIGIT}
        raise _NotTaken("bill_id" if of_bill else "payment_id", bad.fault) from None
    if row.paid_on > today:
        raise _NotTaken("paid_on", "day_to_come")
    known = numbered.get(row.bill_id, ())
    if not known:
        raise _NotTaken("bill_id", "unknown_bill")
    found = [bill for bill in known if row.payment_id in _payment_ids(bill)]
    if not found:
        raise _NotTaken("payment_id", "unknown_payment")
    if any(len(_payment_ids(bill)) > 1 for bill in found):
        raise _NotTaken("payment_id", "several_payment_ids")
    return found


def _one(bills: Sequence[Bill]) -> Bill:
    """Choose the open one of bills of the same numbers, else the newest; raises _NotTaken.

    The numbers of a month come again after ten years, and two fees may share eight digits.
    """
    is_open = [bill for bill in bills if bill.state is State.OPEN]
    if len(is_open) > 1:
        raise _NotTaken("bill_id", "several_bills")
    return (is_open or bills)[-1]


def _settle(session: Session, row: BankRow, bill: Bill, language: str, now: datetime) -> None:
    # Nobody knows these tokens: what they would open was paid elsewhere.
    link = PayLink(
        token_index=queries.token_index(secrets.token_urlsafe(_BYTES)),
        token=None,
        person_id=bill.person_id,
        made_by=bill.person_id,
        link_id=None,
        language=language,
        attempts=1,
        created_at=now,
        expires_at=now,
    )
    session.add(link)
    session.flush()
    attempt = PaymentAttempt(
        link_id=link.id,
        gateway=GATEWAY,
        amount=bill.amount,
        secret_index=queries.secret_index(secrets.token_urlsafe(_BYTES)),
        state=AttemptState.VERIFIED,
        reference=row.reference,
        created_at=now,
        changed_at=now,
        paid_at=calendar.end_of_day(row.paid_on - timedelta(days=1)),
    )
    session.add_all([attempt, PayLinkBill(link_id=link.id, bill_id=bill.id)])
    session.flush()
    session.add(AttemptBill(attempt_id=attempt.id, bill_id=bill.id, amount=bill.amount))
    session.flush()
    settle_bills(session, attempt, now)


def _payment_ids(bill: Bill) -> Sequence[str]:
    return bill_rules.payment_ids(bill.bill_id, bill.amount, Month.parse(bill.period))
