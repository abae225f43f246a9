"""Who lives in the faults' country: contacts of workplaces with debts, payers with contracts.

Everything is named by a number, so that two worlds arranged alike say the same words; days are
counted from today, because the rooms live by the real clock.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import events
from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level, LinkState
from api.bills import queries as bills
from api.booklets.rules import Kind, Way
from api.booklets.service import Wish
from api.contracts import service as contracts
from api.kit import calendar
from api.payments import service as payments
from api.payments.gateway import Asked, Verified
from api.payments.models import Credit
from api.people.models import Person
from tests.faults.world import AUDIENCE, Holder
from tests.support import make, paying
from tests.support.acting import let_contacts_act

MONTH = "1398/04"
"""When every workplace here was registered: what a contact is asked when linking."""


@dataclass(frozen=True)
class Contact:
    """A person of the desk, known to the core as the contact of one workplace with one debt.

    Or as somebody insured, who has none.
    """

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


def settle(
    session: Session,
    number: int,
    who: Holder,
    *,
    linked: bool = False,
    messenger: str = "telegram",
) -> Contact:
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
        link(session, contact, messenger)
    return contact


def link(session: Session, contact: Contact, messenger: str = "telegram") -> None:
    """Let the person's chat on the desk speak for them; nobody is told of it."""
    _link(session, contact.person_id, ChatAddress(messenger, AUDIENCE, contact.chat_id))


def insured(session: Session, number: int, *, messenger: str = "telegram") -> Contact:
    """Register somebody who has a right to a booklet, linked in the chat of the people's bot."""
    who = holder(number)
    person = make.person(session, national_code=who.national_code, language="en", now=now())
    recorded(session, person)
    contact = Contact(who, person.id, "")
    _link(session, person.id, ChatAddress(messenger, "people", contact.chat_id))
    return contact


def payer(
    session: Session, number: int, *, insured_by: int = 1, remind_day: int | None = None
) -> paying.Payer:
    """Register somebody insured by contracts of their own, with a chat of the people's bot."""
    who = holder(number)
    person = make.person(session, national_code=who.national_code, phone=who.phone, now=now())
    branch = make.branch(session, code=f"{number:03d}")
    for one in range(insured_by):
        make.contract(
            session,
            person=person,
            number=f"{number * 100 + one:08d}",
            # No two pay the same, and none pays whole thousands.
            monthly_base=150_000_000 + number * 1_234_567 + one * 7_654_321,
            remind_day=remind_day,
            branch=branch,
            now=now(),
        )
    chat = ChatAddress("telegram", "people", f"{number}")
    return paying.Payer(person, _link(session, person.id, chat), {"X-Chat": str(chat)})


def bill(session: Session, *, on: date | None = None) -> None:
    """Issue the bills of the month before a day's, today's unless told, to every contract."""
    contracts.bill(session, slot=on or today(), after=None, now=now())


def credit(session: Session, who: paying.Payer) -> Credit:
    """Let somebody pay one bill twice: the second money settles nothing."""
    owed = paying.bill(session, who.person, now=now())
    tokens = [paying.token(session, who, [owed], now=now()) for _ in range(2)]
    begun = [payments.begin(session, token=t, gateway=paying.GATEWAY, now=now()) for t in tokens]
    with _nobody_hears():
        for number, one in enumerate(begun):
            assert one is not None, "the page can be used"
            asked = Asked(f"A{number:035d}", "https://bank.invalid")
            payments.asked(session, attempt_id=one.attempt_id, answer=asked, now=now())
            payments.settle(
                session,
                attempt_id=one.attempt_id,
                lease=one.attempt_id,
                outcome=Verified(f"{number}", None),
                now=now(),
            )
    return session.scalars(select(Credit).where(Credit.person_id == who.person.id)).one()


def unanswered(session: Session, who: paying.Payer) -> UUID:
    """Let somebody go to the bank two days ago, of which the bank never told the end; gives its id."""
    then = now() - timedelta(days=2)
    bill(session)
    owed = bills.open_of(session, who.person.id)
    token = paying.token(session, who, owed, now=then)
    begun = payments.begin(session, token=token, gateway=paying.GATEWAY, now=then)
    assert begun is not None, "the page can be used"
    payments.asked(
        session,
        attempt_id=begun.attempt_id,
        answer=Asked("A" * 36, "https://bank.invalid"),
        now=then,
    )
    returned = payments.returned(
        session, secret=begun.secret, authority="A" * 36, status="OK", now=then
    )
    assert returned is not None, "there is something to ask the bank"
    return begun.attempt_id


def recorded(session: Session, person: Person) -> None:
    """Put months on a person's record that give a right to a booklet, and an address to send it to."""
    month = calendar.Month.of(today())
    make.record(session, person, {str(month.plus(-back)): 20 for back in (1, 2, 3)}, now=now())
    person.address = "تهران، خیابان آزادی، پلاک ۱"
    session.flush()


def renewal(person: Person) -> Wish:
    """What somebody with a full booklet asks for: a new one, by post, which costs nothing."""
    return Wish(
        subject_id=person.id,
        kind=Kind.RENEWAL,
        loss=None,
        way=Way.REGISTERED,
        address=None,
        branch_id=None,
        paper_id=None,
    )


def ended_chat(session: Session, person_id: UUID, chat_id: str, *, at: datetime) -> None:
    """Let a person have had a chat until some instant."""
    link = _link(session, person_id, ChatAddress("telegram", "people", chat_id))
    link.state, link.ended_at = LinkState.ENDED, at
    session.flush()


def _link(session: Session, person_id: UUID, chat: ChatAddress) -> ChatLink:
    with pytest.MonkeyPatch.context() as patch, _nobody_hears():
        let_contacts_act(patch)
        return access.link(
            session,
            chat=chat,
            person_id=person_id,
            masked_name="م*** آ***",
            language="en",
            level=Level.CODE,
            now=now(),
        )


@contextmanager
def _nobody_hears() -> Iterator[None]:
    """Whatever another test of this process has connected."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_who_hears", {})
        yield
