"""Stages of a booklet on its way: moved on by hand or by a payment, and told each time."""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.bills import checking
from api.bills import service as bills
from api.bills.rules import NewBill, Purpose
from api.booklets import queries, rules
from api.booklets.models import Booklet
from api.booklets.refusals import StageNotReached
from api.booklets.rules import REQUEST_KIND, Line, Stage, Tariff, Way
from api.errors import Invalid
from api.files import service as files
from api.kit import calendar
from api.kit.calendar import Month, working_day_from
from api.kit.money import Rials
from api.kit.text import ascii_digits, normalise
from api.notices import service as notices
from api.organisation import queries as branches
from api.organisation import service as organisation
from api.requests import queries as requests_queries
from api.requests import service as requests
from api.requests.models import Request
from api.requests.refusals import RequestNotFound
from api.requests.rules import about

_TEMPLATE = "request_stage"
_TRACKING = re.compile(r"[0-9A-Za-z]{5,32}")
_LONGEST_REASON = 300
# A message of ours that leads elsewhere cannot be told from a swindler's; an SMS never holds a link.
_LINK = re.compile(r"://|[a-z0-9]\.[a-z]{2,}", re.IGNORECASE)
# No row of Fridays and holidays is longer.
_LONGEST_REST = timedelta(days=30)


def tariff_on(session: Session, day: date) -> Tariff:
    """Give the rules of booklets that are in force on a day; raises NoRule."""
    return Tariff.of(organisation.rules_on(session, "booklets", day))


def expected(session: Session, tariff: Tariff, way: Way, day: date) -> date:
    """Give the day by which a booklet that is issued on this one is expected."""
    return _working_day(session, day + timedelta(days=tariff.days[way]))


def _working_day(session: Session, last: date) -> date:
    holidays = organisation.holidays_between(session, last, last + _LONGEST_REST)
    return working_day_from(last, holidays)


def bill(
    session: Session,
    begun: Request,
    booklet: Booklet,
    lines: Sequence[Line],
    tariff: Tariff,
    *,
    now: datetime,
    asked_by: str | None = None,
) -> None:
    """Bill what a booklet costs, and wait for it: its payment issues the booklet."""
    today = calendar.today(now)
    new = NewBill(
        person_id=begun.person_id,
        payer_of=begun.person_id,
        about=about(begun.number),
        purpose=Purpose.BOOKLET_FEE,
        period=str(Month.of(today)),
        file_code=begun.number[:8],
        assessed=booklet.cost,
        amount=booklet.cost,
        carried=0,
        lines=[
            {"code": line.code, "amount": line.amount, "facts": dict(line.facts)} for line in lines
        ],
        issued_on=today,
        due_on=today + timedelta(days=tariff.days_to_pay),
    )
    bills.issue(session, [new], now)
    (issued,) = bills.of_about(session, [new.about])
    booklet.bill_id = issued.id
    note = {"bill": str(issued.id), "amount": booklet.cost}
    come_to(session, begun, booklet, Stage.FEE_DUE, now=now, note=note, asked_by=asked_by)


def fees_paid(session: Session, *, bill_ids: Collection[uuid.UUID], now: datetime) -> None:
    """Issue the booklets whose fees these bills were; others are passed over."""
    paid = {booklet.request_id: booklet for booklet in queries.of_bills(session, bill_ids)}
    if not paid:
        return
    for waiting in requests_queries.by_ids(session, paid):
        if waiting.stage == Stage.FEE_DUE:
            come_to(
                session,
                waiting,
                paid[waiting.id],
                Stage.ISSUED,
                now=now,
                due_on=_as_long_from(session, waiting, calendar.today(now)),
            )


def _as_long_from(session: Session, waiting: Request, today: date) -> date | None:
    """As many days from today as were hoped for when it was asked.

    No rule table is asked here: a payment is settled even where one has a gap.
    """
    if waiting.due_on is None:
        return None
    hoped = waiting.due_on - calendar.today(waiting.created_at)
    return _working_day(session, today + hoped)


def end_unpaid(session: Session, *, now: datetime, limit: int) -> int:
    """Cancel the requests whose fee could be paid until yesterday, and their bills; gives how many.

    A fee that may yet prove paid in time is waited for.
    """
    late = queries.unpaid_since(session, calendar.today(now), limit=limit)
    waits = checking.may_be_in_time(session, {bill: last_day for _, bill, last_day in late})
    unpaid = {bill: booklet for booklet, bill, _ in late if bill not in waits}
    # Before the requests are held: who pays holds the bill first and then the request.
    closed = bills.cancel(session, unpaid, now)
    ended = {unpaid[bill].request_id: unpaid[bill] for bill in closed}
    for waiting in requests_queries.by_ids(session, ended):
        if waiting.stage == Stage.FEE_DUE:
            booklet = ended[waiting.id]
            note = {"amount": booklet.cost}
            come_to(session, waiting, booklet, Stage.CANCELLED, now=now, note=note)
    return len(ended)


def advance(
    session: Session,
    *,
    number: str,
    stage: Stage,
    now: datetime,
    tracking: str | None = None,
    reason: str | None = None,
) -> Request:
    """Move a request on as the organisation's clerk does; the one who asked is told.

    Handing to the post needs the post's tracking number, a rejection its reason: Invalid names the
    field. What delivery costs is billed when the paper that spared the fee was looked at. Raises
    RequestNotFound, StageNotReached and NoRule.
    """
    booklet = queries.of_number(session, number)
    if booklet is None:
        raise RequestNotFound
    billed = booklet.bill_id
    if billed is not None and stage in {Stage.REJECTED, Stage.CANCELLED}:
        # Before the request is held: who pays holds the bill first and then the request.
        bills.cancel(session, [billed], now)
    moving = requests_queries.by_number(session, number)
    if moving is None:
        raise RequestNotFound
    session.refresh(booklet, ["bill_id"])
    owes = booklet.cost > 0 and booklet.bill_id is None
    possible = rules.by_hand(Stage(moving.stage), booklet.way, owes=owes)
    # A bill that another clerk made in this moment was not closed above.
    if stage not in possible or booklet.bill_id != billed:
        raise StageNotReached(stage=moving.stage, next=[one.value for one in possible])
    if stage is Stage.FEE_DUE:
        lines = [rules.delivery(booklet.way, Rials(booklet.cost))]
        bill(session, moving, booklet, lines, tariff_on(session, calendar.today(now)), now=now)
        return moving
    note = _note(stage, tracking=tracking, reason=reason)
    booklet.tracking = note.get("tracking", booklet.tracking)
    come_to(session, moving, booklet, stage, now=now, note=note)
    return moving


def come_to(
    session: Session,
    moving: Request,
    booklet: Booklet,
    stage: Stage,
    *,
    now: datetime,
    note: Mapping[str, Any] | None = None,
    due_on: date | None = None,
    asked_by: str | None = None,
) -> None:
    """Come to a stage and tell of it; what still waits to tell of an earlier one is taken back.

    `asked_by` is told along: the masked name of somebody else in whose chat it was asked for.
    """
    ordinal = requests.move(
        session,
        moving,
        stage=stage,
        now=now,
        note=note,
        due_on=due_on,
        closed=rules.is_end(stage),
    )
    if rules.is_end(stage):
        # It was asked for to send something there, and nothing is sent any more.
        booklet.address = None
        files.let_go(session, request_id=moving.id, now=now)
    subject = about(moving.number)
    notices.cancel_about(session, abouts=[subject], templates=[_TEMPLATE], now=now)
    notices.post(
        session,
        template=_TEMPLATE,
        to=moving.person_id,
        about=subject,
        facts={
            "number": moving.number,
            "kind": REQUEST_KIND,
            "stage": stage.value,
            "due_on": moving.due_on and moving.due_on.isoformat(),
            **_told(session, booklet, note or {}),
            **({"asked_by": asked_by} if asked_by else {}),
        },
        key=f"{_TEMPLATE}:{moving.id}:{ordinal}",
        now=now,
    )


def _note(stage: Stage, *, tracking: str | None, reason: str | None) -> dict[str, str]:
    """Keep what belongs to a stage; Invalid where it is missing or has another form."""
    note = {}
    if stage is Stage.HANDED_TO_POST:
        note["tracking"] = ascii_digits(tracking or "").strip()
        if not _TRACKING.fullmatch(note["tracking"]):
            raise Invalid(field="tracking", reason="form")
    if stage in {Stage.REJECTED, Stage.CANCELLED, Stage.RETURNED}:
        note["reason"] = normalise(reason or "")
        needed = stage is Stage.REJECTED
        too_long = len(note["reason"]) > _LONGEST_REASON
        if too_long or _LINK.search(note["reason"]) or (needed and not note["reason"]):
            raise Invalid(field="reason", reason="form")
    return {name: value for name, value in note.items() if value}


def _told(session: Session, booklet: Booklet, note: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: note[name] for name in ("tracking", "reason", "amount") if name in note}
    if booklet.branch_id is not None:
        branch = branches.by_id(session, booklet.branch_id)
        told["branch"] = branch and branch.name
    return told
