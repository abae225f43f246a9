"""A gateway that answers as it is told, and a person with a bill and a page to pay it on."""

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.bills import queries as bills
from api.bills import service as billing
from api.bills.rules import NewBill, Purpose
from api.kit.language import Language
from api.payments import service as payments
from api.payments.gateway import Answer, Asked, NotPaid, Outcome, Unknown, Verified
from api.people.models import Person
from tests.support import make

ROOT = "https://gateway.example"
AMOUNT = 4_250_000


@dataclass
class Bank:
    """A gateway, and what it was asked."""

    name: str = "zarinpal"
    outcome: Outcome = field(default_factory=NotPaid)
    away: bool = False
    asked: list[tuple[int, str]] = field(default_factory=list)
    verified: list[tuple[int, str]] = field(default_factory=list)

    async def ask(self, *, amount: int, order: str, callback: str, description: str) -> Answer:
        assert order
        assert description
        self.asked.append((amount, callback))
        if self.away:
            return Unknown("timeout")
        authority = f"A{len(self.asked):035d}"
        return Asked(authority, f"{ROOT}/pg/StartPay/{authority}")

    async def verify(self, *, amount: int, authority: str) -> Outcome:
        self.verified.append((amount, authority))
        return Unknown("timeout") if self.away else self.outcome

    async def close(self) -> None: ...

    @property
    def way_back(self) -> str:
        """The path of the last callback."""
        return "/pay" + self.asked[-1][1].partition("/pay")[2]

    @property
    def authority(self) -> str:
        """Of the last payment."""
        return f"A{len(self.asked):035d}"


PAID = Verified("201456789", "603799******1234")


@dataclass(frozen=True)
class Payer:
    """A person, their chat, a bill of theirs and the token of its page."""

    person: Person
    chat: ChatLink
    bill_id: uuid.UUID
    token: str


def payer(
    session: Session,
    *,
    language: Language = Language.FA,
    birth_date: date = date(1985, 3, 21),
) -> Payer:
    """Bill somebody for Aban 1405 and make a page to pay it on."""
    make.rules(session)
    person = make.person(
        session,
        first_name="مریم",
        last_name="سپهری",
        language=language,
        birth_date=birth_date,
    )
    chat = access.link(
        session,
        chat=ChatAddress.parse(f"telegram:people:{person.id.int % 10**9}"),
        person_id=person.id,
        masked_name="م*** س***",
        language=language,
        level=Level.CODE,
        now=make.NOW,
    )
    contract = make.contract(session, person=person, billed_until="1405-08")
    row = NewBill(
        person_id=person.id,
        payer_of=contract.id,
        about=f"contract:{contract.id}",
        purpose=Purpose.CONTRIBUTION,
        period="1405-08",
        file_code=contract.number,
        assessed=AMOUNT,
        amount=AMOUNT,
        carried=0,
        lines=[
            {"code": "contribution", "amount": AMOUNT, "facts": {"base": contract.monthly_base}}
        ],
        issued_on=make.TODAY,
        due_on=date(2026, 12, 21),
    )
    assert billing.issue(session, [row], make.NOW) == 1
    (bill,) = bills.open_of(session, person.id)
    return Payer(person, chat, bill.id, link(session, person, chat, bill.id, language=language))


def link(
    session: Session,
    person: Person,
    chat: ChatLink,
    bill_id: uuid.UUID,
    *,
    language: Language = Language.FA,
    made_by: Person | None = None,
) -> str:
    """Make one more page for the same bill, and give its token."""
    _, token, _ = payments.make_link(
        session,
        bill_ids=[bill_id],
        person_id=person.id,
        made_by=(made_by or person).id,
        link_id=chat.id,
        language=language,
        lasts=timedelta(minutes=20),
        now=make.NOW,
    )
    return token


def close_bill(session: Session, bill_id: uuid.UUID) -> None:
    """Close a bill, as when its contract lapses."""
    assert billing.cancel(session, [bill_id], make.NOW) == {bill_id}


def is_settled(session: Session, bill_id: uuid.UUID) -> bool:
    """Whether a bill is settled."""
    (bill,) = bills.by_ids(session, [bill_id])
    return bill.settled_at is not None
