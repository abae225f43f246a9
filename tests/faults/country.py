"""Who lives in the faults' country: contacts of workplaces with debts, with phones on the desk.

Everything is named by a number, so that two worlds arranged alike say the same words; days are
counted from today, because the rooms live by the real clock.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from api import events
from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.kit import calendar
from tests.faults.world import AUDIENCE, Holder
from tests.support import make
from tests.support.acting import let_contacts_act

MONTH = "1398/04"
"""When every workplace here was registered: what a contact is asked when linking."""


@dataclass(frozen=True)
class Contact:
    """A person of the desk, known to the core as the contact of one workplace with one debt."""

    holder: Holder
    person_id: UUID
    debt_number: str

    @property
    def chat_id(self) -> str:
        """The person's number at the messenger, as the desk derives it."""
        digest = hashlib.sha256(self.holder.national_code.encode()).digest()
        return str(5_000_000_000 + int.from_bytes(digest[:4], "big"))


def holder(number: int, *, phone: bool = True, email: bool = True) -> Holder:
    """Invent a person by number."""
    return Holder(
        make.new_national_code(800_000 + number),
        f"+98999{8_000_000 + number}" if phone else "",
        f"p{number}@example.org" if email else "",
    )


def now() -> datetime:
    return datetime.now(UTC)


def today() -> date:
    return calendar.today(now())


def settle(session: Session, number: int, who: Holder, *, linked: bool = False) -> Contact:
    """Register a person with a workplace and an open debt; `linked` to their chat on the desk."""
    person = make.person(
        session,
        national_code=who.national_code,
        phone=who.phone or None,
        email=who.email or None,
        language="en",
        now=now(),
    )
    branch = make.branch(session, code=f"{number:03d}")
    employer = make.employer(session, number=make.new_legal_id(800_000 + number))
    workshop = make.workshop(
        session, contacts=[person], code=f"{number:03d}0004521", employer=employer, branch=branch
    )
    contact = Contact(who, person.id, f"{7_000_000_000_000 + number}")
    day = today()
    make.debt(
        session,
        workshop=workshop,
        number=contact.debt_number,
        issued_on=day - timedelta(days=10),
        due_on=day - timedelta(days=40),
        objection_until=day + timedelta(days=20),
        now=now(),
    )
    if linked:
        link(session, contact)
    return contact


def link(session: Session, contact: Contact) -> None:
    """Let the person's chat on the desk speak for them; nobody is told of it."""
    with pytest.MonkeyPatch.context() as patch:
        let_contacts_act(patch)
        patch.setattr(events, "_who_hears", {})
        access.link(
            session,
            chat=ChatAddress("telegram", AUDIENCE, contact.chat_id),
            person_id=contact.person_id,
            masked_name="م*** آ***",
            language="en",
            level=Level.CODE,
            now=now(),
        )
