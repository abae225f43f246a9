"""Bills, links and a bank made to order, for tests of money."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.bills import queries as bill_queries
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.rules import NewBill, Purpose, to_thousands
from api.kit.language import Language
from api.payments import service as payments
from api.payments.gateway import Asked, NotPaid, Outcome, Refused, Unknown, Verified
from api.people.models import Person
from tests.support import make

_next = count(1)
LASTS = timedelta(minutes=20)
GATEWAY = "zarinpal"


def new_bill(person: Person, **changed: Any) -> NewBill:
    """A month's bill of a contract of this person, of 4,250,000 rials unless told."""
    brought = changed.pop("brought", 0)
    usual: dict[str, Any] = {
        "person_id": person.id,
        "payer_of": person.id,
        "about": f"contract:{uuid.uuid4()}",
        "purpose": Purpose.CONTRIBUTION,
        "period": "1405-08",
        "file_code": f"{next(_next):08d}",
        "assessed": 4_250_000,
        "issued_on": date(2026, 11, 22),
        "due_on": date(2026, 12, 21),
    }
    facts = {**usual, **changed}
    amount, carried = to_thousands(facts["assessed"], brought)
    lines = [{"code": "contribution", "amount": amount + carried, "facts": {}}]
    return NewBill(**{"amount": amount, "carried": carried, "lines": lines, **facts})


def bill(session: Session, person: Person, *, now: datetime = make.NOW, **changed: Any) -> Bill:
    """Issue a bill to a person; the rule table `bill_ids` is loaded."""
    row = new_bill(person, **changed)
    bills.issue(session, [row], now)
    return bill_queries.of_about(session, [row.about])[0]


def chat(
    session: Session, person: Person, *, chat_id: str | None = None, now: datetime = make.NOW
) -> tuple[ChatLink, dict[str, str]]:
    """Link a chat of the people's bot to a person, and give it with the headers it knocks with."""
    address = ChatAddress("telegram", "people", chat_id or f"{next(_next)}")
    link = access.link(
        session,
        chat=address,
        person_id=person.id,
        masked_name="م*** آ***",
        language="fa",
        level=Level.CODE,
        now=now,
    )
    session.flush()
    return link, {"X_Chat": str(address)}


@dataclass(frozen=True)
class Payer:
    """Somebody with a chat."""

    person: Person
    link: ChatLink
    headers: dict[str, str]


def payer(session: Session, *, now: datetime = make.NOW) -> Payer:
    """Register somebody who pays for themself, and load what bills are numbered by."""
    make.rules(session, ["bill_ids"])
    person = make.person(session, now=now)
    return Payer(person, *chat(session, person, now=now))


def token(session: Session, who: Payer, wanted: Sequence[Bill], *, now: datetime = make.NOW) -> str:
    """Make a link that pays these bills, and give its token."""
    _, made, _ = payments.make_link(
        session,
        bill_ids=[one.id for one in wanted],
        person_id=who.person.id,
        made_by=who.person.id,
        link_id=who.link.id,
        language=Language.FA,
        lasts=LASTS,
        now=now,
    )
    return made


@dataclass
class Money:
    """What a bank knows of one authority; `paid` is what a card was charged."""

    amount: int
    callback: str
    paid: int = 0
    paid_at: datetime | None = None
    reference: str = ""
    kept: bool = False


@dataclass
class Bank:
    """A gateway without a network: its own book is the witness. It may be told what to answer."""

    name: str = GATEWAY
    book: dict[str, Money] = field(default_factory=dict)
    says: Unknown | None = None
    loses_answers: bool = False
    asked: list[str] = field(default_factory=list)

    async def ask(
        self, *, amount: int, order: str, callback: str, description: str
    ) -> Asked | Refused | Unknown:
        """Open an authority, unless told to say nothing."""
        if self.says is not None:
            return self.says
        authority = f"A{next(_next):035d}"
        self.book[authority] = Money(amount, callback)
        return Asked(authority, f"https://bank.invalid/pg/StartPay/{authority}")

    def pay(self, authority: str, at: datetime, *, amount: int | None = None) -> None:
        """Charge a card: with our amount, or with another."""
        money = self.book[authority]
        if not money.paid:
            money.paid, money.paid_at = amount or money.amount, at
            money.reference = f"{next(_next):010d}"

    def give_back(self, now: datetime, after: timedelta = timedelta(minutes=30)) -> None:
        """Give back what nobody verified in time."""
        for money in self.book.values():
            if money.paid_at is not None and not money.kept and now - money.paid_at >= after:
                money.paid, money.paid_at = 0, None

    async def verify(self, *, amount: int, authority: str) -> Outcome:
        """Keep the money of an authority if it is our amount."""
        self.asked.append(authority)
        return self.answer(amount, authority)

    def answer(self, amount: int, authority: str) -> Outcome:
        """What `verify` comes to."""
        if self.says is not None:
            return self.says
        money = self.book.get(authority)
        if money is None:
            return Refused("-54")
        if not money.paid:
            return NotPaid()
        if money.paid != amount:
            return Refused("-50")
        money.kept = True
        if self.loses_answers:
            return Unknown("lost")
        return Verified(money.reference, "999999******1234")

    @property
    def kept(self) -> int:
        """All that the bank keeps for us."""
        return sum(money.paid for money in self.book.values() if money.kept)

    async def close(self) -> None:
        """Nothing is open."""


def secret(bank: Bank, authority: str) -> str:
    """The random part of the address the bank sends a payer back to."""
    return bank.book[authority].callback.rsplit("/", 1)[1]
