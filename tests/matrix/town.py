"""Two houses that are alike in everything but their values: what is of one is a leak to the other.

In each a person pays for themself, has a child, acts for their mother, who let their chat, and
speaks for a workplace. Whatever was written for one of these four parties and for nobody else is a
mark of that party.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from api.access import persons, queries, service
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.booklets.models import BookletOffer
from api.booklets.rules import Kind, Way
from api.employers.models import Workshop
from api.files.models import File
from api.files.rules import MediaType, Purpose
from api.identity import service as identity
from api.identity.models import Confirmation
from api.kit.language import Language
from api.organisation.models import Branch
from api.payments import service as payments
from api.payments.gateway import Asked, Verified
from api.payments.models import Credit
from api.people import service as people
from api.people.models import Person
from api.requests import service as requests
from tests.bots.dialogues import scenes
from tests.support import make, paying

_authorities = count(1)
LEAST = 6
"""A shorter text, or a smaller number than of so many digits, is anybody's."""


@dataclass
class Party:
    """One whose data it is: its marks, and its things by what a door calls them."""

    marks: set[str] = field(default_factory=set)
    things: dict[str, str] = field(default_factory=dict)


@dataclass
class House:
    """Those who belong together, and by what they are known to the doors."""

    number: int
    self: Party = field(default_factory=Party)
    child: Party = field(default_factory=Party)
    mother: Party = field(default_factory=Party)
    workplace: Party = field(default_factory=Party)
    chats: dict[str, str] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    """The rights of its chats, by kind."""
    phone: str = ""

    @property
    def parties(self) -> Mapping[str, Party]:
        return {
            "self": self.self,
            "child": self.child,
            "mother": self.mother,
            "workplace": self.workplace,
        }


@dataclass(frozen=True)
class Town:
    """Two houses, and the keys of three machines by their scope."""

    houses: tuple[House, House]
    machines: Mapping[str, str]

    def strangers_to(self, house: House) -> House:
        """The other house."""
        return self.houses[1 - self.houses.index(house)]


def settle(session: Session) -> Town:
    """Let both houses move in. The reactions are connected."""
    make.rules(session)
    # Branches are public.
    branch = make.branch(session)
    houses = (House(1), House(2))
    for house in houses:
        _move_in(session, house, branch)
    machines = {
        scope: service.new_key(
            session, name=f"m{scope}", scopes=[scope] if scope else [], now=make.NOW
        )
        for scope in ("", "debts", "contracts")
    }
    _tell_apart(houses)
    return Town(houses, machines)


NAMES = (("پریناز", "یلدایی"), ("ژاله", "کوهساری"))
CHILDREN = (("نویدرضا", "یلدازاده"), ("ژوبین", "کوهزاد"))
MOTHERS = (("مهین‌دخت", "صنوبری"), ("گلاویژ", "چناری"))
PLACES = ("خیاطی ترمه", "نجاری سرو")


def _move_in(session: Session, house: House, branch: Branch) -> None:
    place = house.number - 1
    with _marking(session, house, house.self):
        person = _person(session, NAMES[place], house.number)
        house.phone = str(person.phone)
    with _marking(session, house, house.child):
        child = _person(session, CHILDREN[place], 10 + house.number, birth_date=date(2016, 5, 10))
        make.dependant(session, of=person, person=child)
    with _marking(session, house, house.mother):
        mother = _person(session, MOTHERS[place], 20 + house.number, birth_date=date(1959, 7, 23))
    with _marking(session, house, house.workplace):
        workshop = make.workshop(session, contacts=[person], name=PLACES[place], branch=branch)
        debt = make.debt(session, workshop=workshop, principal=83_114_000 + place * 1_371_000)
        house.workplace.things |= {"debt": str(debt.id), "debt_number": debt.number}
    with _marking(session, house, house.self):
        links = _linked(session, house, person)
        _entrusted(session, house, links["people"], mother)
        house.self.things |= _of_the_chat(session, house, person, workshop, debt)
    for party, who in ((house.self, person), (house.child, child), (house.mother, mother)):
        with _marking(session, house, party):
            party.things |= _of_a_person(session, who, links["people"], branch)


def _person(
    session: Session, name: tuple[str, str], number: int, birth_date: date = date(1985, 3, 21)
) -> Person:
    return make.person(
        session,
        first_name=name[0],
        last_name=name[1],
        birth_date=birth_date,
        email=f"nobody{number}@invented.example",
        address=f"کوی ناپیدا {number}، بن‌بست {number * 7}",
    )


def _linked(session: Session, house: House, person: Person) -> dict[str, ChatLink]:
    """Link a chat of either bot, and tell by what they act."""
    links = {}
    for audience in ("people", "employers"):
        chat = ChatAddress("telegram", audience, f"70{house.number}")
        links[audience] = service.link(
            session,
            chat=chat,
            person_id=person.id,
            masked_name=people.masked_name(person),
            language="en",
            level=Level.CODE,
            now=make.NOW,
        )
        house.chats[audience] = str(chat)
        [given] = queries.lasting_grants(session, links[audience].id)
        house.grants[given.kind] = str(given.id)
    return links


def _entrusted(session: Session, house: House, link: ChatLink, mother: Person) -> None:
    assert mother.phone_index is not None
    given = persons.add(
        session,
        link_id=link.id,
        person_id=mother.id,
        number_index=mother.phone_index,
        now=make.NOW,
    )
    house.grants[given.kind] = str(given.id)


def _of_the_chat(
    session: Session, house: House, person: Person, workshop: Workshop, debt: Any
) -> dict[str, str]:
    """What is a chat's own: a claim and a confirmation that are under way, a right, a notice."""
    chat = ChatAddress.parse(house.chats["people"])
    claim = identity.claim(
        session,
        chat=chat,
        national_code=make.new_national_code(),
        phone=make.new_phone(),
        language=Language.EN,
        claims_an_hour=100,
        now=make.NOW,
    )
    confirmation = Confirmation(
        chat_index=queries.chat_index(chat),
        person_id=person.id,
        code_hash=secrets.token_bytes(32),
        expires_at=make.NOW + timedelta(minutes=3),
    )
    session.add(confirmation)
    session.flush()
    return {
        "claim": str(claim.id),
        "confirmation": str(confirmation.id),
        "grant": house.grants["person"],
        "notice": scenes.told(session, person, debt),
    }


def _of_a_person(session: Session, who: Person, link: ChatLink, branch: Branch) -> dict[str, str]:
    """What anybody insured has, each of their own."""
    own = int(who.national_code[-4:])
    contract = make.contract(
        session,
        person=who,
        number=f"{27_180_000 + own}",
        monthly_base=150_000_000 + own * 1000,
        branch=branch,
    )
    credit = _credit(session, paying.Payer(who, link, {}), contract.id)
    bill = paying.bill(session, who, assessed=4_250_000 + own * 1000)
    make.record(
        session,
        who,
        {"1405-03": 20, "1405-04": 30},
        place_name=f"کارگاه پنهان {who.national_code[-5:]}",
        wage=90_000_000 + own * 1000,
    )
    request = requests.begin(
        session,
        kind="booklet",
        person_id=who.id,
        subject_id=who.id,
        only=None,
        stage="requested",
        due_on=make.TODAY,
        now=make.NOW,
    )
    file = File(
        person_id=who.id,
        channel="telegram",
        purpose=Purpose.LOSS_PAPER,
        media_type=MediaType.PNG,
        size=1,
        sha256=secrets.token_bytes(32),
        key=secrets.token_hex(16),
        created_at=make.NOW,
        expires_at=make.NOW + timedelta(hours=20),
    )
    offer = BookletOffer(
        person_id=who.id,
        subject_id=who.id,
        kind=Kind.FIRST,
        way=Way.REGISTERED,
        address=f"نشانی پنهان {own}",
        cost=0,
        due_on=make.TODAY,
        created_at=make.NOW,
        expires_at=make.NOW + timedelta(hours=1),
    )
    session.add_all([file, offer])
    session.flush()
    return {
        "bill": str(bill.id),
        "credit": str(credit.id),
        "contract": str(contract.id),
        "request": request.number,
        "paper": str(file.id),
        "offer": str(offer.id),
        "whom": str(who.id),
        "national_code": who.national_code,
    }


def _credit(session: Session, payer: paying.Payer, contract: UUID) -> Credit:
    """Let somebody pay one bill twice: the second money settles nothing."""
    line = {"code": "contribution", "amount": 4_250_000, "facts": {"base": 20_000_000}}
    owed = paying.bill(session, payer.person, payer_of=contract, lines=[line])
    tokens = [paying.token(session, payer, [owed]) for _ in range(2)]
    begun = [
        payments.begin(session, token=one, gateway=paying.GATEWAY, now=make.NOW) for one in tokens
    ]
    for one in begun:
        assert one is not None, "the page can be used"
        asked = Asked(f"A{next(_authorities):035d}", "https://bank.invalid")
        payments.asked(session, attempt_id=one.attempt_id, answer=asked, now=make.NOW)
        payments.settle(
            session,
            attempt_id=one.attempt_id,
            lease=one.attempt_id,
            outcome=Verified(f"9164{next(_authorities):08d}", "6037-99**-****-1234"),
            now=make.NOW,
        )
    return session.scalars(select(Credit).where(Credit.person_id == payer.person.id)).one()


@contextmanager
def _marking(session: Session, house: House, party: Party) -> Iterator[None]:
    """Whatever is written meanwhile, and was not before of others in the house, is the party's."""
    others = [one for one in house.parties.values() if one is not party]

    def note(_session: Session, _context: Any) -> None:
        for row in session.new:
            for column in inspect(row).mapper.column_attrs:
                party.marks.update(
                    mark
                    for mark in _marks_of(getattr(row, column.key))
                    if not any(mark in other.marks for other in others)
                )

    event.listen(session, "after_flush", note)
    try:
        yield
        session.flush()
    finally:
        event.remove(session, "after_flush", note)


def _marks_of(value: Any) -> Iterator[str]:
    match value:
        case UUID() | str() if len(str(value)) >= LEAST:
            yield str(value)
        case int() if len(str(value)) >= LEAST:
            yield str(value)
        case dict():
            for one in value.values():
                yield from _marks_of(one)
        case list():
            for one in value:
                yield from _marks_of(one)


def _tell_apart(houses: tuple[House, House]) -> None:
    """Leave to each house what is in it alone."""
    of_all = [set[str]().union(*(one.marks for one in house.parties.values())) for house in houses]
    for house in houses:
        for name, party in house.parties.items():
            party.marks -= of_all[1 - houses.index(house)]
            assert len(party.marks) > 5, f"{name} has too little that can be known again"
