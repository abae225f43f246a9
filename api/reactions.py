"""What happened -> who hears of it, and which verb answers what a lower floor has to ask.

The only file that knows both sides; `connect` puts its tables in force, once, when a process starts.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api import events
from api.access import grants, numbers, persons
from api.access import service as access
from api.access.events import AllUnlinked, ChatLinked, ChatUnlinked, PersonAdded, PersonEnded
from api.access.rules import WEB, EndedBy
from api.bills import checking
from api.bills import service as bills
from api.bills.rules import about as about_bill
from api.booklets import service as booklets
from api.contracts import service as contracts
from api.contracts.events import BillsClosed
from api.debts import service as debts
from api.debts.events import DebtsClosed, DebtsRevised
from api.identity import queries as identity
from api.kit.calendar import Month, today
from api.notices import questions
from api.notices import service as notices
from api.payments import service as payments
from api.payments.events import BillsSettled
from api.people import queries as people
from api.records import queries as records
from api.records.events import RecordGrew
from api.records.rules import Total
from api.templates.catalogue import TEMPLATES

_DEBT_OPEN = "debt_open"
_BILL_OPEN = "bill_open"


def _take_back_of_debts(session: Session, happened: DebtsClosed | DebtsRevised) -> None:
    """Stop what is only true of an open debt; receipts and rulings of it still go."""
    _take_back(session, _DEBT_OPEN, happened.abouts, happened.at)


def _take_back_of_paid_bills(session: Session, happened: BillsSettled) -> None:
    """Stop what asks for money that has come; its receipt still goes."""
    _take_back(session, _BILL_OPEN, [about_bill(one) for one in happened.bill_ids], happened.at)


def _take_back_of_closed_bills(session: Session, happened: BillsClosed) -> None:
    """Stop what asks for money that is not to be paid any more."""
    _take_back(session, _BILL_OPEN, happened.abouts, happened.at)


def _take_back(session: Session, question: str, abouts: Collection[str], at: datetime) -> None:
    notices.cancel_about(
        session,
        abouts=abouts,
        templates=[one.name for one in TEMPLATES.values() if one.question == question],
        now=at,
    )


def _tell_of_longer_records(session: Session, happened: RecordGrew) -> None:
    """Let people know of the months they earned, and what their record makes now."""
    earned: dict[UUID, list[Month]] = {}
    for person_id, month in happened.added:
        earned.setdefault(person_id, []).append(month)
    days = records.days_of(session, earned)
    rows = []
    for person_id, months in earned.items():
        total = Total.of(days[person_id])
        told = sorted(map(str, months))
        rows.append(
            notices.NewNotice(
                template="record_month_added",
                to=person_id,
                about=f"record:{person_id}",
                facts={
                    "months": told,
                    "years": total.years,
                    "more_months": total.months,
                    "more_days": total.days,
                },
                # The same month of a second source is no news to the person.
                key=f"record_month_added:{person_id}:{told[0]}:{told[-1]}",
            )
        )
    notices.post_many(session, rows, happened.at)


def _issue_booklets(session: Session, happened: BillsSettled) -> None:
    """Let the booklets go on whose fees were paid."""
    booklets.fees_paid(session, bill_ids=happened.bill_ids, now=happened.at)


def _tell_older_channels(session: Session, happened: ChatLinked) -> None:
    """Let every channel the person had before know of the new chat (guarantees.md, "Linking")."""
    chats = access.links_of(session, [happened.person_id])
    for link in chats:
        if link.id != happened.link_id:
            _tell_of_link(session, "link_added", happened, via="chat", link_id=link.id)
    person = people.by_id(session, happened.person_id)
    if person is not None and person.phone:
        _tell_of_link(session, "link_added", happened, via="sms")
    if person is not None and person.email:
        _tell_of_link(session, "link_added", happened, via="email")


def _tell_of_unlinking(session: Session, happened: ChatUnlinked) -> None:
    """Let the person know by whatever channel is left; that a talk on the web was left is no news."""
    if happened.messenger != WEB:
        _tell_of_link(session, "link_ended", happened)


def _tell_of_everywhere(session: Session, happened: AllUnlinked) -> None:
    """Let the person know once, by whatever channel is left, that no chat is theirs any more."""
    notices.post(
        session,
        template="links_ended",
        to=happened.person_id,
        about=f"person:{happened.person_id}",
        facts={"day": today(happened.at)},
        key=f"links_ended:{happened.person_id}:{happened.at.isoformat()}",
        now=happened.at,
    )


def _tell_of_another_acting(session: Session, happened: PersonAdded) -> None:
    """Let every channel of a person know of the chat that acts for them now, and how to end it."""
    ways: list[dict[str, Any]] = [
        {"via": "chat", "link_id": link.id}
        for link in access.links_of(session, [happened.person_id])
    ]
    person = people.by_id(session, happened.person_id)
    if person is not None and person.phone:
        ways.append({"via": "sms"})
    if person is not None and person.email:
        ways.append({"via": "email"})
    for way in ways:
        _tell_of_person(
            session,
            "person_added",
            happened,
            to=happened.person_id,
            name=happened.holder_name,
            **way,
        )


def _tell_of_acting_ended(session: Session, happened: PersonEnded) -> None:
    """Let the one know who did not do it: nothing opens by it, so nobody else is rung for it."""
    if happened.by is EndedBy.BRANCH:
        _tell_of_person(
            session,
            "person_ended",
            happened,
            to=happened.person_id,
            name=happened.holder_name,
        )
    if happened.by is not EndedBy.HOLDER and happened.messenger != WEB:
        _tell_of_person(
            session,
            "person_left",
            happened,
            to=happened.holder_id,
            name=happened.person_name,
            via="chat",
            link_id=happened.link_id,
        )


def _tell_of_person(
    session: Session,
    template: str,
    happened: PersonAdded | PersonEnded,
    *,
    to: UUID,
    name: str,
    via: str | None = None,
    link_id: UUID | None = None,
) -> None:
    notices.post(
        session,
        template=template,
        to=to,
        about=f"grant:{happened.grant_id}",
        facts={"name": name, "messenger": happened.messenger, "day": today(happened.at)},
        key=f"{template}:{happened.grant_id}:{link_id or via or 'plan'}",
        now=happened.at,
        via=via,
        link_id=link_id,
    )


def _tell_of_link(
    session: Session,
    template: str,
    happened: ChatLinked | ChatUnlinked,
    *,
    via: str | None = None,
    link_id: UUID | None = None,
) -> None:
    at: datetime = happened.at
    notices.post(
        session,
        template=template,
        to=happened.person_id,
        about=f"link:{happened.link_id}",
        facts={
            "messenger": happened.messenger,
            "audience": happened.audience,
            "day": today(at),
        },
        key=f"{template}:{happened.link_id}:{link_id or via or 'plan'}",
        now=at,
        via=via,
        link_id=link_id,
    )


WHO_HEARS: Mapping[type, Sequence[events.Hearer]] = MappingProxyType(
    {
        BillsClosed: [_take_back_of_closed_bills],
        BillsSettled: [contracts.grow_records, _take_back_of_paid_bills, _issue_booklets],
        DebtsClosed: [_take_back_of_debts],
        DebtsRevised: [_take_back_of_debts],
        ChatLinked: [_tell_older_channels],
        RecordGrew: [_tell_of_longer_records],
        ChatUnlinked: [_tell_of_unlinking],
        AllUnlinked: [_tell_of_everywhere],
        PersonAdded: [_tell_of_another_acting],
        PersonEnded: [_tell_of_acting_ended],
    }
)

ANSWERS: Mapping[str, questions.Answer] = MappingProxyType(
    {_BILL_OPEN: bills.still_open, _DEBT_OPEN: debts.still_owed}
)
"""The question of a template -> the verb that says of which subjects it is still true."""

HELD: Mapping[str, grants.WhatIsHeld] = MappingProxyType(
    {grants.WORKSHOP: identity.workplaces_held, grants.CHILD: people.children_held}
)
"""A kind of grant -> the verb that says what a person holds of it."""


def connect() -> None:
    """Put the tables in force in this process."""
    events.connect(WHO_HEARS)
    questions.connect(ANSWERS)
    grants.connect(HELD)
    numbers.connect(people.registered_with)
    persons.connect(people.known_by_chats)
    checking.connect(payments.being_checked, payments.under_way)
