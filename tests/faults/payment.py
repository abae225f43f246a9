"""People pay at the bank, and the web dies at a point of it: no rial is lost, no bill settled twice.

The bank's own book is the witness: what it keeps for us, to the rial, is what settled bills and what
is noted as unapplied, in our tables and in the ledger. Somebody comes back and reloads a page that
does not open, somebody never comes back, and two pay one bill side by side: whom a death has cut
off, and whoever stayed away, the sweeper finishes.
"""

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.bills import queries as bill_queries
from api.bills.models import Bill
from api.bills.rules import State
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.notices.models import Notice
from api.payments import sweeper
from api.payments.models import AttemptBill, Credit, PayLink, PaymentAttempt
from api.payments.rules import AttemptState
from api.records.models import RecordMonth
from tests.faults import country
from tests.faults.nursery import Death, Process
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World
from tests.support import paying

SWEEPING = ("payments.claim",)
"""Reached only by the sweeper."""
POINTS = (
    "payments.asked",
    "payments.begin",
    *SWEEPING,
    "payments.gateway.ask",
    "payments.gateway.verify",
    "payments.returned",
    "payments.settle",
)
EACH = True
"""Each passing of a point is another story: whose payment it is, and who finishes it."""
# Four payments are begun and three come back; the fourth that is verified is the sweeper's.
NTH: Mapping[str, int] = {
    "payments.asked": 4,
    "payments.begin": 4,
    "payments.gateway.ask": 4,
    "payments.gateway.verify": 4,
    "payments.returned": 3,
    "payments.settle": 4,
}

BETWEEN_LOOKS = timedelta(seconds=31)
"""A little more than the sweeper waits for somebody to come back, and than a lease lasts. It passes
twice in a run, so that all is settled within the 90 seconds that are promised."""
OFTEN = 0.1
IN_TIME = 90.0
"""Seconds within which a payment is settled of which nobody comes back to tell."""
TOLD_BY = ("payment_credit", "payment_receipt")
_FORM = re.compile(r'name="form" value="([^"]+)"')


def sweep_often() -> None:
    """Let this process look for due payments all the time; called in it before its main."""
    vars(sweeper)["EVERY_SECONDS"] = OFTEN


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Pay, let the web die at a point, let half a minute pass twice, and ask the bank what it keeps."""
    world = open_world(dialect)
    payers = _owe(world)
    browser = Browser(world, death)
    for one in payers:
        one.authority = browser.press(one.page)
    for one in payers:
        deed = "pay" if one.comes_back else "vanish"
        way_back = world.tell("/desk/money", authority=one.authority, deed=deed)["way_back"]
        if one.comes_back:
            browser.come_back(way_back, reloads=one.reloads)
    _time_passes(world)
    browser.until_dead()
    _time_passes(world)
    world.until(lambda: _is_over(world), "the bank holds nothing that we have not confirmed")
    browser.web.stop()
    return held_against(world)


def run_unattended(open_world: Opener, dialect: str, death: Death | None) -> tuple[Tally, float]:
    """Let one pay and never come back, with no clock touched; a web that dies is started again.

    Also gives after how many seconds all was settled.
    """
    world = open_world(dialect)
    with world.store.writing("arranged") as session:
        who = country.payer(session, 1)
        country.bill(session)
        bills = bill_queries.open_of(session, who.person.id)
        page = f"/pay/{paying.token(session, who, bills, now=country.now())}"
    browser = Browser(world, death, sweeps_often=False)
    authority = browser.press(page)
    world.tell("/desk/money", authority=authority, deed="vanish")
    began = time.monotonic()
    if death is not None:
        browser.until_dead()
    world.until(lambda: _is_over(world), "the sweeper has settled it", IN_TIME)
    took = time.monotonic() - began
    browser.web.stop()
    return held_against(world), took


@dataclass
class Payer:
    """Somebody before a pay page."""

    page: str
    comes_back: bool
    reloads: bool
    authority: str = ""


@dataclass
class Browser:
    """Knocks at the web as people do; one that has died is started again, and dies no more."""

    world: World
    death: Death | None
    sweeps_often: bool = True
    web: Process = field(init=False)
    has_died: bool = False

    def __post_init__(self) -> None:
        self._start(self.death)

    def press(self, page: str) -> str:
        """Press pay, again if need be, until the bank's page opens; gives its authority."""
        answer = None
        while answer is None:
            shown = self._look(page)
            form = _FORM.search(shown.text)
            assert form is not None, f"there is no button to pay: {shown.text}"
            answer = self._knock("POST", page, data={"form": form[1]})
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
        return answer.headers["location"].rpartition("/")[2]

    def come_back(self, way_back: str, *, reloads: bool) -> None:
        """Open the address that the bank has sent a payer to."""
        answer = self._knock("GET", way_back)
        if answer is None and reloads:
            answer = self._look(way_back)
        if answer is not None:
            assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
            assert self._look(answer.headers["location"]).status_code == HTTPStatus.OK

    def until_dead(self) -> None:
        """Wait for a death that nobody's knocking has brought about: it is the sweeper's."""
        if not self.has_died:
            self.world.until(lambda: self.web.poll() is not None, f"it dies: {self.death}", IN_TIME)
            self._start_again()

    def _look(self, address: str) -> httpx.Response:
        answer = self._knock("GET", address) or self._knock("GET", address)
        assert answer is not None, "the web has died twice"
        return answer

    def _knock(self, method: str, address: str, **said: Any) -> httpx.Response | None:
        """Knock once; None when the web dies of it."""
        root = self.world.env["API_PUBLIC_URL"]
        try:
            return httpx.request(
                method, address if "://" in address else root + address, timeout=PATIENCE, **said
            )
        except httpx.TransportError:
            self._start_again()
            return None

    def _start(self, death: Death | None) -> None:
        first = f"{__name__}:{sweep_often.__name__}" if self.sweeps_often else None
        self.web = self.world.start("web", death, first=first)
        self.world.ready("web")

    def _start_again(self) -> None:
        assert self.web.wait(5) == -9, self.web.said()
        self.has_died = True
        self._start(None)


def held_against(world: World) -> Tally:
    """Compare what the bank keeps with what came of it here."""
    book = _book(world)
    kept = {one["order_id"]: int(one["paid"]) for one in book["money"] if one["verified_at"]}
    with world.store.reading() as session:
        return _of_attempts(session, kept) + _of_bills(session) + _of_the_whole(session, book)


def _of_attempts(session: Session, kept: Mapping[str, int]) -> Tally:
    """Each payment is spent to the rial, and whoever paid is told once of each part of it."""
    lines = session.scalars(select(AttemptBill).where(AttemptBill.settled)).all()
    credits_ = session.scalars(select(Credit)).all()
    notices = session.scalars(select(Notice).where(Notice.template.in_(TOLD_BY)))
    told = Counter((one.template, one.about) for one in notices)
    settled: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    wanted: Counter[tuple[str, str]] = Counter()
    for line in lines:
        settled[str(line.attempt_id)] += line.amount
        wanted["payment_receipt", f"payment:{line.attempt_id}"] = 1
    spent.update(settled)
    for credit in credits_:
        spent[str(credit.attempt_id)] += credit.amount
        wanted["payment_credit", f"credit:{credit.id}"] = 1
    doubtful = session.scalars(
        select(PaymentAttempt.id).where(PaymentAttempt.state == AttemptState.UNKNOWN)
    ).all()
    return Tally(
        lost=sum(spent[order] < paid for order, paid in kept.items()) + (wanted - told).total(),
        twice=sum(rials > kept.get(order, 0) for order, rials in spent.items())
        + (told - wanted).total(),
        uncertain=len(doubtful),
        notes=[f"kept {kept}, spent {dict(spent)}, told {dict(told)}"],
    )


def _of_bills(session: Session) -> Tally:
    """Everybody has paid: each bill is settled by one payment, and its month on record once."""
    times = Counter(session.scalars(select(AttemptBill.bill_id).where(AttemptBill.settled)))
    months = Counter(session.scalars(select(RecordMonth.source)))
    tally = Tally()
    for bill in session.scalars(select(Bill)):
        is_settled = bill.state is State.SETTLED
        for count in (times[bill.id], months[bill.about]):
            tally += Tally(lost=int(not is_settled or count < 1), twice=max(0, count - 1))
    return tally


def _of_the_whole(session: Session, book: Mapping[str, Any]) -> Tally:
    """Settled and unapplied are what the bank keeps, in the tables as in the ledger."""
    settled = sum(session.scalars(select(Bill.amount).where(Bill.state == State.SETTLED)))
    unapplied = sum(session.scalars(select(Credit.amount)))
    tally = Tally()
    for what, found in {
        "settled and unapplied": settled + unapplied,
        "the bank's account": ledger.balance(session, Kind.BANK),
        "settled and the account of the unapplied": settled
        - ledger.balance(session, Kind.UNAPPLIED),
    }.items():
        tally += Tally(
            lost=int(found < book["kept"]),
            twice=int(found > book["kept"]),
            notes=[f"{what}: {found:,} rials, and the bank keeps {book['kept']:,}"],
        )
    return tally


def _owe(world: World) -> Sequence[Payer]:
    """Let one owe two months' bills, another one, and two people pay the same bill of a third."""
    with world.store.writing("arranged") as session:
        two, one, shared = (
            country.payer(session, number, insured_by=contracts)
            for number, contracts in enumerate((2, 1, 1), 1)
        )
        country.bill(session)

        def page(who: paying.Payer) -> str:
            bills = bill_queries.open_of(session, who.person.id)
            return f"/pay/{paying.token(session, who, bills, now=country.now())}"

        return [
            Payer(page(two), comes_back=True, reloads=True),
            Payer(page(one), comes_back=False, reloads=False),
            Payer(page(shared), comes_back=True, reloads=False),
            Payer(page(shared), comes_back=True, reloads=False),
        ]


def _time_passes(world: World) -> None:
    """Let what waits be as old as it will be a little later: for the sweeper that is the same."""
    with world.store.writing("arranged") as session:
        for attempt in session.scalars(select(PaymentAttempt).with_for_update()):
            attempt.created_at -= BETWEEN_LOOKS
            attempt.changed_at -= BETWEEN_LOOKS
            if attempt.look_at is not None:
                attempt.look_at -= BETWEEN_LOOKS
        for link in session.scalars(select(PayLink)):
            link.created_at -= BETWEEN_LOOKS
            link.expires_at -= BETWEEN_LOOKS


def _is_over(world: World) -> bool:
    """Whether all that was paid is verified on both sides, and no attempt hangs before the bank."""
    book = _book(world)
    paid = {one["order_id"] for one in book["money"] if one["paid"]}
    with world.store.reading() as session:
        found = session.execute(select(PaymentAttempt.id, PaymentAttempt.state)).all()
    verified = {str(one.id) for one in found if one.state is AttemptState.VERIFIED}
    cut_off = [one for one in found if one.state is AttemptState.CREATED]
    return book["held"] == 0 and paid <= verified and not cut_off


def _book(world: World) -> Mapping[str, Any]:
    """What the bank has of us, as it wrote it down itself."""
    answer = world.desk.get("/desk/money")
    assert answer.status_code == HTTPStatus.OK, answer.text
    book: Mapping[str, Any] = answer.json()
    return book
