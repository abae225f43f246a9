"""A store is backed up under load, lost, brought back and released: the outside hears nothing twice.

Between the backup and the loss everything is told and paid. The restored store knows nothing of
that, and the same day's run plans it all again. The outside's own log is the witness: after the
release it meets no message that it had before the loss, and the one that had never left it meets
once.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import httpx
from sqlalchemy import func, select

from api import db
from api.bills import queries as bill_queries
from api.debts import service as debts
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.notices.models import Delivery, Notice
from api.notices.posting import RESTORED
from api.notices.rules import Status
from api.payments.models import AttemptBill
from tests.faults import chat, country, crowd, payment, postman
from tests.faults.nursery import Death
from tests.faults.payment import Browser
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World
from tests.support import paying

Empty = Callable[[str, str, Path], AbstractContextManager[str]]
"""Gives the address of an empty store of a room: (room, dialect, folder)."""

OPEN, LATER, STUCK, PAYER = (1, 2, 5, 6, 9), (3, 4, 7, 8, 10), 11, 20
"""Told while the backup is made, told after it, and one whom no provider let us tell before the loss."""
LINKED = (1, 2, 3, 4)
HOLDERS = [
    country.holder(number, phone=number not in {9, 10}, email=number != STUCK)
    for number in range(1, STUCK + 1)
]


def run(open_world: Opener, empty: Empty, dialect: str, programs: str) -> None:
    """Back up, go on, lose all, restore, release, go on; AssertionError where anything is done twice."""
    world = open_world(dialect, HOLDERS, talks=True)
    world.env["PATH"] = f"{programs}:{world.env['PATH']}"
    backup = world.folder / "backup"
    payer = _arrange(world)
    browser = Browser(world, None)
    authority = browser.press(payer)
    _say_something(world)
    notifier = world.start("notifier")
    for room in ("bots", "api"):
        _done(world, room, "backup", str(backup))
    _go_on(world, browser, authority)
    notifier.stop()
    browser.web.kill()
    lost_at, before = country.now(), _accepted(world)
    with ExitStack() as stack:
        for room in ("api", "bots"):
            address = stack.enter_context(empty(room, dialect, world.folder))
            world.env[f"{room.upper()}_DATABASE_URL"] = address
            _done(world, room, "restore", "--held", str(backup))
        world.store = db.open_store(world.env["API_DATABASE_URL"], size=4)
        stack.callback(world.store.bind.engine.dispose)
        _is_still(world, browser, payer, before)
        _done(world, "api", "release", "--lost-at", lost_at.isoformat())
        _done(world, "bots", "release")
        _go_on_again(world, browser, before)
        for process in world.started:
            process.kill()


@dataclass
class Crowd:
    """What a restore under load came to: how many the outside had before the loss, and in the end."""

    before: int
    after: int
    tally: Tally

    def __str__(self) -> str:
        return (
            f"{self.before} told before the loss, {self.after} in the end: lost {self.tally.lost}"
            f"  twice {self.tally.twice}  in doubt {self.tally.uncertain}"
        )


def crowded(open_world: Opener, empty: Empty, dialect: str, programs: str, messages: int) -> Crowd:
    """Back up, lose and restore while thousands are told; gives what the outside met of it.

    The backup is made when a quarter was told, the store is lost with the notifier when three
    quarters were.
    """
    world = open_world(dialect)
    world.env["PATH"] = f"{programs}:{world.env['PATH']}"
    backup = world.folder / "backup"
    crowd.gather(world, range(messages))
    notifier = world.start("notifier", changed=crowd.QUICK)
    _until_told(world, messages // 4)
    _done(world, "api", "backup", str(backup))
    _until_told(world, messages * 3 // 4)
    notifier.kill()
    time.sleep(0.5)
    lost_at, before = country.now(), crowd.accepted(world)
    with ExitStack() as stack:
        world.env["API_DATABASE_URL"] = stack.enter_context(empty("api", dialect, world.folder))
        _done(world, "api", "restore", "--held", str(backup))
        world.store = db.open_store(world.env["API_DATABASE_URL"], size=4)
        stack.callback(world.store.bind.engine.dispose)
        _done(world, "api", "release", "--lost-at", lost_at.isoformat())
        notifier = world.start("notifier", changed=crowd.QUICK)
        crowd.until_over(world)
        notifier.stop()
        taken = crowd.accepted(world)
        tally = _met_once(world, messages, taken)
    return Crowd(before.total(), taken.total(), tally)


def _until_told(world: World, messages: int) -> None:
    world.until(lambda: crowd.accepted(world).total() >= messages, f"{messages} are told", 600)


def _met_once(world: World, messages: int, taken: Counter[str]) -> Tally:
    """An SMS came once, since its provider is asked; of the others, none twice, and none unsaid."""
    with world.store.reading() as session:
        found = session.execute(
            select(Notice.key, Delivery.status).join(Delivery, Delivery.notice_id == Notice.id)
        ).all()
    statuses = dict(found)
    tally = Tally()
    for number in range(messages):
        times, status = taken[crowd.address_of(number)], statuses[f"crowd:{number}"]
        is_said = status in {Status.SENT, Status.DELIVERED}
        is_doubted = not is_said and crowd.way_of(number) not in crowd.ASKED
        lost = not times and not is_doubted
        tally += Tally(lost=int(lost), twice=max(0, times - 1), uncertain=int(is_doubted))
        if lost or times > 1:
            tally.notes.append(f"{number}: {status}, taken {times} times")
    return tally


def _arrange(world: World) -> str:
    """Register everybody, post half of the notices; gives the page of somebody who is about to pay."""
    yesterday = country.today() - timedelta(days=1)
    with world.store.writing("arranged") as session:
        for number in (*OPEN, STUCK):
            country.settle(session, number, HOLDERS[number - 1], linked=number in LINKED)
        debts.announce(session, slot=yesterday, after=None, now=country.now())
        for number in LATER:
            country.settle(session, number, HOLDERS[number - 1], linked=number in LINKED)
        who = country.payer(session, PAYER)
        country.bill(session)
        bills = bill_queries.open_of(session, who.person.id)
        page = f"/pay/{paying.token(session, who, bills, now=country.now())}"
    phone = HOLDERS[STUCK - 1].phone.replace("+98", "0")
    world.tell("/desk/faults", service="sms", kind="drop_before", call="send", address=phone)
    return page


def _say_something(world: World) -> None:
    """Let somebody write, and the bots die with an answer that is kept and not said."""
    who = {"person": HOLDERS[0].national_code, "bot": world.bot_on_the_desk}
    world.tell("/desk/say", **who, text="/start")
    bots = world.start("bots", Death("memory.turn.after"))
    world.until(lambda: bots.poll() is not None, "the bots have an answer to say")
    chat._leases_end(world)


def _go_on(world: World, browser: Browser, authority: str) -> None:
    """Do everything that the backup knows nothing of: a run, a payment, an answer."""
    yesterday = (country.today() - timedelta(days=1)).isoformat()
    _done(world, "notifier", "run", "debt-notices", "--on", yesterday)
    way_back = world.tell("/desk/money", authority=authority, deed="pay")["way_back"]
    browser.come_back(way_back, reloads=False)
    bots = world.start("bots")
    world.until(lambda: len(_told(world)) == len(HOLDERS) - 1, "everybody is told but one")
    world.until(lambda: _answers(world) > 0, "who wrote has an answer")
    world.until(lambda: _settled(world) == 1, "the payment is settled")
    world.until(lambda: _accepted(world)[_name_of(PAYER)] == 1, "who paid has the receipt")
    bots.stop()


def _is_still(world: World, browser: Browser, page: str, before: Counter[str]) -> None:
    """While it is held nothing leaves and nothing is paid, and one may read."""
    held = [world.start("notifier"), world.start("bots")]
    browser._start(None)
    world.ready("notifier")
    world.ready("bots")
    root = world.env["API_PUBLIC_URL"]
    assert httpx.get(root + page, timeout=PATIENCE).status_code == HTTPStatus.OK
    form = payment._FORM.search(httpx.get(root + page, timeout=PATIENCE).text)
    assert form is not None, "the restored store knows nothing of the payment"
    pressed = httpx.post(root + page, data={"form": form[1]}, timeout=PATIENCE)
    assert pressed.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    refused = world.run("notifier", "run", "debt-notices", "--on", "today")
    assert refused.wait(PATIENCE) == 2, refused.said()
    time.sleep(0.5)
    assert _accepted(world) == before
    assert _settled(world) == 0
    for one in held:
        one.stop()


def _go_on_again(world: World, browser: Browser, before: Counter[str]) -> None:
    """Work again, the same run included, and hold what the outside has met against what it had."""
    world.desk.delete("/desk/faults")
    yesterday = (country.today() - timedelta(days=1)).isoformat()
    _done(world, "notifier", "run", "debt-notices", "--on", yesterday)
    rooms = [world.start("notifier"), world.start("bots")]
    world.until(lambda: _is_over(world), "everything is asked about")
    world.until(lambda: _settled(world) == 1, "the gateway has said that it was paid")
    world.ready("bots")
    time.sleep(0.5)
    for one in rooms:
        one.stop()
    browser.web.stop()
    again = _accepted(world) - before
    assert sorted(again) == [_name_of(STUCK)], again
    assert again.total() == 1
    _holds_true(world)


def _holds_true(world: World) -> None:
    """What could be asked about is known; of the rest it is said that nobody knows."""
    with world.store.reading() as session:
        found = session.execute(
            select(Notice.template, Delivery.channel, Delivery.status, Delivery.reason).join(
                Delivery, Delivery.notice_id == Notice.id
            )
        ).all()
        kept = ledger.balance(session, Kind.BANK)
    texts = [one for one in found if one.channel == "sms" and one.reason != "no_address"]
    assert {one.status for one in texts} <= {Status.SENT, Status.DELIVERED}
    doubted = [one for one in found if one.status == Status.UNCERTAIN]
    assert {one.reason for one in doubted} == {RESTORED}
    assert {one.channel for one in doubted} <= {"chat", "email"}
    assert any(one.template == "payment_receipt" for one in texts)
    assert kept == payment._book(world)["kept"]


def _is_over(world: World) -> bool:
    postman._let_time_pass(world)
    with world.store.reading() as session:
        waiting = session.scalar(
            select(func.count())
            .select_from(Delivery)
            .join(Notice, Notice.id == Delivery.notice_id)
            .where(Delivery.due_at < Notice.ends_at, Delivery.status != Status.SENT)
        )
        told = session.scalar(select(func.count()).select_from(Notice)) or 0
    return waiting == 0 and told >= len(HOLDERS) + 1


def _accepted(world: World) -> Counter[str]:
    """What the outside took: messages by their name there, and in chats by their words as well."""
    counted: Counter[str] = Counter()
    for line in world.lines():
        if not line["accepted"]:
            continue
        match line["service"], line["call"]:
            case "telegram", "sendMessage":
                counted[f"{line['address']}: {line['text'][:40]}"] += 1
            case "sms", "send" if line["result"]["new"]:
                counted[f"sms:{line['address']}"] += 1
            case "mail", "data":
                counted[f"mail:{line['address']}"] += 1
    return counted


def _name_of(number: int) -> str:
    return f"sms:{country.holder(number).phone.replace('+98', '0')}"


def _told(world: World) -> set[str]:
    """Whom the outside took a notice of a debt for."""
    with world.store.reading() as session:
        about = session.execute(
            select(Notice.person_id)
            .join(Delivery, Delivery.notice_id == Notice.id)
            .where(
                Notice.template == "debt_notice",
                Delivery.status.in_([Status.SENT, Status.DELIVERED]),
            )
        )
        return {str(one) for (one,) in about}


def _answers(world: World) -> int:
    chat_id = country.Contact(HOLDERS[0], db.new_id(), "").chat_id
    return sum(
        line["call"] == "sendMessage" and line["address"].endswith(f":{chat_id}")
        for line in world.lines()
    )


def _settled(world: World) -> int:
    with world.store.reading() as session:
        asked = select(func.count()).select_from(AttemptBill).where(AttemptBill.settled)
        return session.scalar(asked) or 0


def _done(world: World, room: str, *arguments: str) -> None:
    process = world.run(room, *arguments)
    assert process.wait(PATIENCE) == 0, process.said()
