"""The web dies in the commit of a door; whoever knocked knocks again with the same key.

A request undisturbed says how many rows of each table a door writes; one that was cut by a death
and repeated must have written just as many, and answer every repeat alike.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.notices.models import Notice
from api.organisation.models import Branch
from api.people.models import Person
from api.requests import service as requests
from tests.faults import country
from tests.faults.country import MONTH, Contact
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import AUDIENCE, BOTS_KEY, PATIENCE, Opener, World
from tests.support import make, papers, paying

HOLDER = country.holder(1)
_keys = count(1)
_undisturbed: dict[str, Mapping[str, int]] = {}
"""How many rows each table has after a door was knocked at, the same on every store."""


@dataclass(frozen=True)
class Asked:
    """One request, to be sent as often as needed."""

    method: str
    path: str
    said: Mapping[str, Any] | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = field(default_factory=lambda: f"k{next(_keys)}")


@dataclass(frozen=True)
class Hand:
    """Somebody who knocks at the web of a world, for the chat of its one contact."""

    world: World
    contact: Contact

    @property
    def chat(self) -> dict[str, str]:
        return {"X-Key": BOTS_KEY, "X-Chat": f"telegram:{AUDIENCE}:{self.contact.chat_id}"}

    def machine(self, scope: str) -> dict[str, str]:
        """The headers of a program that may change what is of this scope."""
        with self.world.store.writing("arranged") as session:
            key = access.new_key(session, name=scope, scopes=[scope], now=country.now())
        return {"X-Key": key}

    @contextmanager
    def arranging(self) -> Iterator[tuple[Session, paying.Payer]]:
        """A transaction, and the contact as somebody who pays for themself."""
        with self.world.store.writing("arranged") as session:
            person = session.get_one(Person, self.contact.person_id)
            link = session.scalars(select(ChatLink)).one()
            yield session, paying.Payer(person, link, {})

    def post(self, path: str, **said: Any) -> Asked:
        """What the bots say for the chat."""
        return Asked("POST", path, said, self.chat)

    def knock(self, asked: Asked) -> tuple[int, Any]:
        """Knock once; httpx.TransportError when nobody answers."""
        port = self.world.env["API_PORT"]
        file = asked.said if isinstance(asked.said, bytes) else None
        answer = httpx.request(
            asked.method,
            f"http://127.0.0.1:{port}{asked.path}",
            content=file,
            json=None if file else asked.said,
            headers={**asked.headers, "Idempotency-Key": asked.key},
            timeout=PATIENCE,
        )
        return answer.status_code, answer.json() if answer.content else None


def _claim(hand: Hand) -> Asked:
    holder = hand.contact.holder
    said = {"national_code": holder.national_code, "phone": holder.phone}
    return hand.post("/v1/identity/claims", **said)


def _fact(hand: Hand) -> Asked:
    status, claim = hand.knock(_claim(hand))
    assert status == 200, claim
    return hand.post(f"/v1/identity/claims/{claim['id']}/fact", month=MONTH)


def _code(hand: Hand) -> Asked:
    fact = _fact(hand)
    status, sent = hand.knock(fact)
    assert status == 200, sent
    with hand.world.store.reading() as session:
        secret = session.scalars(select(Notice.secret).where(Notice.template == "link_code")).one()
    return hand.post(fact.path.replace("/fact", "/code"), **json.loads(secret or ""))


def _resend(hand: Hand) -> Asked:
    fact = _fact(hand)
    status, sent = hand.knock(fact)
    assert status == 200, sent
    with hand.world.store.writing("arranged") as session:
        # A number gets one code a minute.
        session.execute(text("UPDATE sent_codes SET sent_at = :at"), {"at": _yesterday()})
    return hand.post(fact.path.replace("/fact", "/resend"))


def _confirmation(hand: Hand) -> Asked:
    with hand.world.store.writing("arranged") as session:
        # Linking has sent a code to this number a moment ago.
        session.execute(text("UPDATE sent_codes SET sent_at = :at"), {"at": _yesterday()})
    return hand.post("/v1/identity/confirmations")


def _confirm(hand: Hand) -> Asked:
    status, asked = hand.knock(_confirmation(hand))
    assert status == 200, asked
    with hand.world.store.reading() as session:
        found = select(Notice.secret).where(Notice.template == "confirm_code")
        secret = session.scalars(found).one()
    path = f"/v1/identity/confirmations/{asked['id']}/code"
    return hand.post(path, **json.loads(secret or ""))


def _unlock(hand: Hand) -> Asked:
    status, _body = hand.knock(hand.post("/v1/identity/pin", pin="4831"))
    assert status == 204
    return hand.post("/v1/identity/pin/unlock", pin="4831")


def _workplaces(hand: Hand) -> Asked:
    # The other bot asks for them: here the chat is one of the people's.
    chat = {**hand.chat, "X-Chat": f"telegram:people:{hand.contact.chat_id}"}
    with hand.world.store.writing("arranged") as session:
        branch = session.scalars(select(Branch)).one()
        for name in ("خیاطی مهر", "نجاری آذر", "چاپ بهار", "قالی آبان"):
            make.workshop(session, branch=branch, name=name)
    status, claim = hand.knock(replace(_claim(hand), headers=chat))
    assert status == 200, claim
    return Asked("POST", f"/v1/identity/claims/{claim['id']}/workplaces", None, chat)


def _person(hand: Hand) -> Asked:
    """Ask for somebody else, in a chat of the people's bot."""
    chat = {**hand.chat, "X-Chat": f"telegram:people:{hand.contact.chat_id}"}
    with hand.world.store.writing("arranged") as session:
        link = session.scalars(select(ChatLink)).one()
        access.link(
            session,
            chat=ChatAddress("telegram", "people", hand.contact.chat_id),
            person_id=link.person_id,
            masked_name=link.masked_name,
            language="en",
            level=Level.CODE,
            now=country.now(),
        )
        other = make.person(session, phone="+989990000077", now=country.now())
        make.record(session, other, {"1370-03": 20})
    said = {"national_code": other.national_code}
    return Asked("POST", "/v1/identity/persons", said, chat)


def _person_code(hand: Hand) -> Asked:
    asked = _person(hand)
    status, claim = hand.knock(asked)
    assert status == 200, claim
    fact = Asked(
        "POST", f"/v1/identity/claims/{claim['id']}/fact", {"month": "1370-03"}, asked.headers
    )
    status, sent = hand.knock(fact)
    assert status == 200, sent
    with hand.world.store.reading() as session:
        found = select(Notice.secret).where(Notice.template == "person_code")
        secret = session.scalars(found).one()
    path = f"/v1/identity/persons/{claim['id']}/code"
    return Asked("POST", path, json.loads(secret or ""), asked.headers)


def _person_end(hand: Hand) -> Asked:
    asked = _person_code(hand)
    status, added = hand.knock(asked)
    assert status == 200, added
    return Asked("POST", f"/v1/access/persons/{added['grant']}/end", None, asked.headers)


def _register(hand: Hand) -> Asked:
    day = country.today()
    row = {
        "number": "7000000000099",
        "workshop_code": "0010004521",
        "reason": "05",
        "period_from": "1405-01",
        "period_to": "1405-02",
        "principal": 10_000_000,
        "kind": "definite",
        "step": "notice",
        "issued_on": str(day - timedelta(days=3)),
        "due_on": str(day - timedelta(days=30)),
        "objection_until": str(day + timedelta(days=27)),
    }
    return Asked("PUT", "/v1/debts", {"rows": [row]}, hand.machine("debts"))


def _close(hand: Hand) -> Asked:
    return Asked("POST", f"/v1/debts/{hand.contact.debt_number}/close", None, hand.machine("debts"))


def _contracts(hand: Hand) -> Asked:
    row = {
        "number": "00000099",
        "national_code": hand.contact.holder.national_code,
        "kind": "self_employed",
        "cover": "C",
        "monthly_base": 150_000_000,
        "branch_code": "001",
        "starts_on": "1404-01",
    }
    return Asked("PUT", "/v1/contracts", {"rows": [row]}, hand.machine("contracts"))


def _reminder(hand: Hand) -> Asked:
    with hand.arranging() as (session, who):
        branch = session.scalars(select(Branch)).one()
        contract = make.contract(session, person=who.person, branch=branch, now=country.now()).id
    return hand.post(f"/v1/contracts/{contract}/reminder", day=5)


def _offer(hand: Hand) -> Asked:
    with hand.arranging() as (session, who):
        country.recorded(session, who.person)
    return hand.post("/v1/booklets/offers", kind="renewal", how="registered")


def _paper(hand: Hand) -> Asked:
    return Asked("POST", "/v1/files?purpose=loss_paper", papers.pdf(), hand.chat)


def _booklet(hand: Hand) -> Asked:
    status, offer = hand.knock(_offer(hand))
    assert status == 200, offer
    return hand.post("/v1/booklets", offer=offer["id"])


def _pay_link(hand: Hand) -> Asked:
    with hand.arranging() as (session, who):
        bill = paying.bill(session, who.person, now=country.now()).id
    return hand.post("/v1/payments/links", bills=[str(bill)])


def _refund(hand: Hand) -> Asked:
    with hand.arranging() as (session, who):
        credit = country.credit(session, who).id
    return hand.post(f"/v1/payments/credits/{credit}/refund")


def _satisfied(hand: Hand) -> Asked:
    now = country.now()
    with hand.arranging() as (session, who):
        request = requests.begin(
            session,
            kind="booklet",
            person_id=who.person.id,
            subject_id=who.person.id,
            only=None,
            stage="requested",
            due_on=country.today(),
            now=now,
        )
        requests.move(session, request, stage="delivered", now=now, closed=True)
    return hand.post(f"/v1/requests/{request.number}/satisfaction", satisfaction="satisfied")


def _unheard(hand: Hand) -> Asked:
    with hand.world.store.writing("arranged") as session:
        link = session.scalars(select(ChatLink)).one()
        link.seen_on = country.today() - timedelta(days=1)
    return Asked("GET", "/v1/access/me", None, hand.chat)


STRANGERS: Mapping[str, Callable[[Hand], Asked]] = {
    "identity.claim": _claim,
    "identity.fact": _fact,
    "identity.code": _code,
    "identity.resend": _resend,
    "identity.workplaces": _workplaces,
}
LINKED: Mapping[str, Callable[[Hand], Asked]] = {
    "access.end_person": _person_end,
    "access.end_persons": lambda hand: hand.post("/v1/access/persons/end"),
    "access.sign_in": lambda hand: hand.post("/v1/access/signin"),
    "access.unlink": lambda hand: hand.post("/v1/access/unlink"),
    "access.unlink_everywhere": lambda hand: hand.post("/v1/access/unlink-everywhere"),
    "booklets.offer": _offer,
    "booklets.request": _booklet,
    "contracts.register": _contracts,
    "contracts.remind": _reminder,
    "debts.close": _close,
    "debts.register": _register,
    "files.keep": _paper,
    "identity.add_person": _person,
    "identity.added_person": _person_code,
    "identity.ask_to_confirm": _confirmation,
    "identity.choose_pin": lambda hand: hand.post("/v1/identity/pin", pin="4831"),
    "identity.confirm": _confirm,
    "identity.unlock": _unlock,
    "notices.check": lambda hand: hand.post("/v1/notices/check", code="K7Q2M4XD"),
    "notices.waits": lambda hand: hand.post(
        "/v1/notices/waits", messenger="telegram", audience=AUDIENCE, seconds=30.0
    ),
    "payments.link": _pay_link,
    "payments.refund": _refund,
    "preferences.consent": lambda hand: hand.post("/v1/preferences/consent", on=False),
    "preferences.language": lambda hand: hand.post("/v1/preferences/language", language="fa"),
    "requests.satisfied": _satisfied,
}
DOORS = {**STRANGERS, **LINKED}
"""Every door that writes, and how to come to knock at it."""

POINTS = ("access.heard_of", *(f"door.{name}" for name in DOORS))


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Knock once undisturbed, and once at a web that dies; hold one against the other."""
    point = death.point.rpartition(".")[0]
    if point not in _undisturbed:
        _undisturbed[point] = _knocked(open_world("sqlite"), point, None)
    cut = _knocked(open_world(dialect), point, death)
    tally = Tally()
    for table, rows in _undisturbed[point].items():
        found = cut[table]
        tally += Tally(lost=max(0, rows - found), twice=max(0, found - rows))
        if found != rows:
            tally.notes.append(f"{table}: {found} rows, not {rows}")
    return tally


def _knocked(world: World, point: str, death: Death | None) -> Mapping[str, int]:
    """Knock until there is an answer; gives how many rows each table has then."""
    name = point.removeprefix("door.")
    with world.store.writing("arranged") as session:
        contact = country.settle(session, 1, HOLDER, linked=name not in STRANGERS)
    hand = Hand(world, contact)
    web = world.start("web", death)
    world.ready("web")
    asked = DOORS[name](hand) if name in DOORS else _unheard(hand)
    if death is not None:
        _cut(hand, asked)
        assert web.wait(5) == -9, web.said()
        world.start("web")
        world.ready("web")
    first = hand.knock(asked)
    assert first[0] < 300, first
    assert hand.knock(asked) == first, "a repeat is answered alike"
    return world.rows()


def _cut(hand: Hand, asked: Asked) -> None:
    try:
        answer = hand.knock(asked)
    except httpx.TransportError:
        return
    raise AssertionError(f"the web answered {answer} and should have died")


def _yesterday() -> str:
    return (country.now() - timedelta(days=1)).isoformat(" ")
