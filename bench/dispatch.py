"""The whole way of a notice to its provider, beside bare aiohttp that keeps nothing.

What is measured, on each store: legal notices (`debt_notice`) that wait are claimed, asked whether
they are still true, written as attempts, worded, sent to a provider in a process of its own, and
their outcomes recorded. At once and with a provider that takes 50 ms; with as many waiting as are
sent, and with a crowd behind them (`--waiting 1000000`). Turns are taken with the limit, so that a
busy moment of the machine falls on both:

    http   bare aiohttp: the same forms to the same provider, as many at once, nothing kept
    smtp   an aiosmtplib pool of as many connections, which composes the same words by EmailMessage

Bars: half of bare aiohttp's messages a second at 0 ms, 0.95 of what so many places allow at 50 ms;
2.5 times the mail pool; within a tenth of its own rate with a crowd waiting. Beside them, where it
can be imported: PgQueuer with a row a message (2.5 times). Celery needs a Redis server, and is said to
be skipped. CPU is of the sending process.
"""

import argparse
import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import aiosmtplib
from sqlalchemy import func, select

from api import db, reactions, sets
from api.db import Store
from api.debts.rules import about
from api.kit import logs
from api.kit.language import open_catalogues
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome
from api.kit.sealing import Keyring
from api.notices.models import Attempt, Delivery, Notice
from api.notices.plans import Channel as Name
from api.notices.plans import plan_of
from api.notices.posting import delivery_row
from api.notices.rules import AttemptState, NoticeStatus
from api.templates.catalogue import TEMPLATES
from bench import _outside, _peers, _stores
from notifier.channels.email import EmailChannel
from notifier.channels.mouths import Address, Capabilities, Channel
from notifier.channels.sms_http import KavenegarChannel
from notifier.postman import Postman
from notifier.rounds import Mouth, Round
from tests.support import make

MESSAGES = 5_000
TURNS = 3
# As operators have it, unless told otherwise.
AT_ONCE = 60
CONNECTIONS = 32
PEOPLE = 1_000
WAITING = (0, 100_000)
LATENCIES_MS = (0, 50)
LEAST_OF_LIMIT = 0.5
LEAST_OF_PLACES = 0.95
LEAST_OF_MAIL = 2.5
LEAST_OF_PGQUEUER = 2.5
LEAST_WITH_A_CROWD = 0.9
# No rate holds anything back here: what is measured is ours.
PER_SECOND = 1e6
TEMPLATE = "debt_notice"
ANSWER = json.dumps(
    {
        "return": {"status": 200, "message": "تایید شد"},
        "entries": [{"messageid": "#", "status": 1, "statustext": "در صف ارسال", "cost": 120}],
    }
)
_SLICE = 10_000


@dataclass(frozen=True, slots=True)
class Took:
    """What so many messages took of the clock and of this process."""

    per_s: float
    cpu_ms: float


def run(*options: str) -> bool:
    """Print a line for each store, way, delay and crowd; gives whether every bar was met."""
    given = argparse.ArgumentParser(prog="python -m bench dispatch")
    given.add_argument("--messages", type=int, default=MESSAGES)
    given.add_argument("--turns", type=int, default=TURNS)
    given.add_argument("--waiting", type=int, nargs="+", default=WAITING)
    given.add_argument("--latency", type=int, nargs="+", default=LATENCIES_MS)
    given.add_argument("--by", choices=["http", "smtp"], nargs="+", default=["http", "smtp"])
    given.add_argument("--store", choices=_stores.STORES, nargs="+", default=_stores.STORES)
    given.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = given.parse_args(options)
    db.use_keys(Keyring.new())
    logs.setup("ERROR")
    open_catalogues()
    reactions.connect()
    with _stores.running(asked.store) as (folder, server):
        met = [
            line["met"]
            for name in asked.store
            for by in asked.by
            for line in _crowds(name, by, asked, folder, server)
        ]
    return all(met)


def _crowds(
    name: str, by: str, asked: argparse.Namespace, folder: Path, server: str
) -> Iterator[dict[str, Any]]:
    """Measure one way with each crowd; the first is what the others are compared to."""
    alone: dict[int, float] = {}
    for waiting in asked.waiting:
        url = _stores.database(name, f"{by}_{waiting}", folder, server)
        with _stores.opened([url]) as (store,):
            turn = asked.messages + asked.at_once
            sent = turn * (asked.turns + 1) * len(asked.latency)
            _invent(store, sent + waiting, by)
            _stores.settled(store)
            for latency in asked.latency:
                line = _measure(store, by, latency, asked)
                if (name, by, latency) == ("postgresql", "http", 0) and latency not in alone:
                    line |= _peers_beside(line, folder, server, asked)
                rate = line["ratio_to_limit"]
                line = {"figure": "dispatch", "store": name, "by": by, "waiting": waiting, **line}
                if latency in alone:
                    line["ratio_to_no_crowd"] = round(rate / alone[latency], 2)
                    line["met"] &= line["ratio_to_no_crowd"] >= LEAST_WITH_A_CROWD
                alone.setdefault(latency, rate)
                print(json.dumps(line), flush=True)
                yield line


def _measure(store: Store, by: str, latency: int, asked: argparse.Namespace) -> dict[str, Any]:
    places = asked.at_once
    ours, limit = [], []
    with _ways(store, by, latency / 1000, places) as (postman, bare):
        for turn in range(asked.turns + 1):
            count = asked.messages if turn else max(50, asked.messages // 10)
            measured = [_took(way, count) for way in (bare, postman)]
            # The first turn warms up what every process warms up once.
            if turn:
                limit.append(measured[0])
                ours.append(measured[1])
    of_places = places / latency * 1000 if latency else None
    ratio = median(a.per_s / b.per_s for a, b in zip(ours, limit, strict=True))
    rate = median(one.per_s for one in ours)
    line: dict[str, Any] = {
        "latency_ms": latency,
        "messages": asked.messages,
        "turns": asked.turns,
        "at_once": places if by == "http" else CONNECTIONS,
        "per_s": round(rate),
        "cpu_ms": round(median(one.cpu_ms for one in ours), 3),
        "limit": "bare aiohttp" if by == "http" else "aiosmtplib pool, EmailMessage",
        "limit_per_s": round(median(one.per_s for one in limit)),
        "limit_cpu_ms": round(median(one.cpu_ms for one in limit), 3),
        "ratio_to_limit": round(ratio, 2),
        "held_up": _held_up(store),
    }
    if by == "smtp":
        met = latency > 0 or ratio >= LEAST_OF_MAIL
    elif of_places is not None:
        line["ratio_to_places"] = round(rate / of_places, 2)
        met = line["ratio_to_places"] >= LEAST_OF_PLACES
    else:
        met = ratio >= LEAST_OF_LIMIT
    return {**line, "met": met}


def _peers_beside(
    line: dict[str, Any], folder: Path, server: str, asked: argparse.Namespace
) -> dict[str, Any]:
    """What queues of others make of the same, each message a row; a peer that is absent is said so."""
    told: dict[str, Any] = {"celery": "skipped: needs a Redis server"}
    if _peers.absent("pgqueuer"):
        return {**told, "pgqueuer": "skipped: not installed"}
    url = _stores.database("postgresql", "pgqueuer", folder, server)
    with _outside.http(ANSWER) as root:
        per_s, cpu = asyncio.run(_peers.pgqueuer(url, root, asked.messages, asked.at_once))
    ratio = line["per_s"] / per_s
    return {
        **told,
        "pgqueuer_per_s": round(per_s),
        "pgqueuer_cpu_ms": round(cpu, 3),
        "ratio_to_pgqueuer": round(ratio, 2),
        "met": line["met"] and ratio >= LEAST_OF_PGQUEUER,
    }


Way = Callable[[int], Awaitable[int]]


@contextmanager
def _ways(store: Store, by: str, seconds: float, places: int) -> Iterator[tuple[Way, Way]]:
    """Give the whole way to a provider and the bare one to the same, each for so many messages."""
    if by == "http":
        with _outside.http(ANSWER, seconds) as root:

            async def post(count: int) -> int:
                await _bare_http(root, count, places)
                return count

            def line() -> Channel:
                return KavenegarChannel("0" * 40, "10001420", root)

            yield lambda count: _dispatch(store, Name.SMS, line, count, places), post
        return
    with _outside.smtp(seconds) as port:

        async def mail(count: int) -> int:
            await _mail_pool(port, count)
            return count

        def server() -> Channel:
            url = f"smtp://127.0.0.1:{port}"
            return EmailChannel(url, SENDER, connections=CONNECTIONS)

        yield lambda count: _dispatch(store, Name.EMAIL, server, count, CONNECTIONS), mail


def _took(way: Way, least: int) -> Took:
    began, cpu = time.perf_counter(), time.process_time()
    count = asyncio.run(_whole(way, least))
    return Took(count / (time.perf_counter() - began), (time.process_time() - cpu) / count * 1000)


async def _whole(way: Way, least: int) -> int:
    return await way(least)


class _Counted:
    """A mouth that tells when it has spoken so often."""

    def __init__(self, channel: Channel, least: int) -> None:
        self._channel = channel
        self._least = least
        self.spoken = 0
        self.done = asyncio.Event()

    @property
    def can(self) -> Capabilities:
        return self._channel.can

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        outcome = await self._channel.send(to, message, reference)
        if not isinstance(outcome, Accepted):
            raise TypeError(outcome)
        self.spoken += 1
        if self.spoken >= self._least:
            self.done.set()
        return outcome

    async def ask(self, reference: str) -> Outcome | None:
        return await self._channel.ask(reference)

    async def close(self) -> None:
        await self._channel.close()


async def _dispatch(
    store: Store, name: str, make_channel: Callable[[], Channel], least: int, places: int
) -> int:
    """Deliver what waits, at least so many, until the last outcome is recorded; gives how many."""
    mouth = _Counted(make_channel(), least)
    postman = Postman(store, [Round(name, {name: Mouth(mouth, PER_SECOND)}, places)])
    running = asyncio.create_task(postman.run())
    await mouth.done.wait()
    postman.stop()
    await running
    await mouth.close()
    return mouth.spoken


def _held_up(store: Store) -> int:
    """How many letters stayed for want of a second; raises unless all others were taken, once each."""
    with store.reading() as session:
        states = session.execute(
            select(
                Attempt.state,
                Attempt.reason,
                func.count(),
                func.count(Attempt.delivery_id.distinct()),
            ).group_by(Attempt.state, Attempt.reason)
        ).all()
    held = 0
    for state, reason, attempts, deliveries in states:
        if (state, reason) == (AttemptState.REJECTED, "held_up"):
            held = attempts
        elif state != AttemptState.ACCEPTED or attempts != deliveries:
            raise RuntimeError(f"not what was to be measured: {states}")
    return held


SENDER = "Social Security Organization <notices@example.org>"
TEXT = (
    "کارگاه نان سحر (۴۵۲۱)\nبدهی ۷۳۰۴ برای مرداد ۱۴۰۵ به مبلغ ۸۲٬۰۰۰٬۰۰۰ ریال ثبت شده است.\n"
    "تا ۳۰ مهر ۱۴۰۵ می‌توانید اعتراض کنید.\nکد بررسی:\nK7Q2-M4XD"
)


async def _bare_http(root: str, count: int, places: int) -> None:
    """Post so many forms, so many at once, and keep nothing of the answers."""
    numbers = iter(range(count))
    connector = aiohttp.TCPConnector(limit=0)

    async def one(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            form = {
                "receptor": f"09{number:09d}",
                "message": TEXT,
                "sender": "10001420",
                "localid": f"{number}",
            }
            async with session.post(f"{root}/v1/key/sms/send.json", data=form) as answer:
                json.loads(await answer.read())

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(one(session) for _ in range(places)))


async def _mail_pool(port: int, count: int) -> None:
    """Compose and send so many mails over kept connections, and keep nothing."""
    numbers = iter(range(count))
    page = f'<html dir="rtl"><body>{TEXT.replace(chr(10), "<br>")}</body></html>' * 4

    async def one() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as server:
            for number in numbers:
                mail = EmailMessage()
                mail["From"] = SENDER
                mail["To"] = f"person{number}@example.org"
                mail["Subject"] = "بدهی کارگاه"
                mail["Message-ID"] = f"<{number}@example.org>"
                mail.set_content(TEXT)
                mail.add_alternative(page, subtype="html")
                await server.send_message(mail)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


def _invent(store: Store, count: int, by: str) -> None:
    """Write people, each with an open debt, and so many notices of them that wait to be sent."""
    now = datetime.now(UTC)
    with store.writing("bench") as session:
        make.rules(session)
        workshop = make.workshop(session)
        subjects = []
        for number in range(PEOPLE):
            person = make.person(session, email=f"person{number}@example.org", now=now)
            debt = make.debt(session, workshop=workshop, objection_until=date(2100, 1, 1), now=now)
            subjects.append((person.id, about(debt.id)))
        workshop_id = workshop.id
    channel = Name.SMS if by == "http" else Name.EMAIL
    for begun in range(0, count, _SLICE):
        numbers = range(begun, min(begun + _SLICE, count))
        rows = [_notice(subjects[n % PEOPLE], workshop_id, channel, n, now) for n in numbers]
        with store.writing("bench") as session:
            sets.add_many(session, Notice, rows)
            plan = plan_of(TEMPLATES[TEMPLATE].notice_class, channel)
            sets.add_many(
                session,
                Delivery,
                [delivery_row(row, plan=plan, step=0, now=now) for row in rows],
            )


def _notice(
    subject: tuple[uuid.UUID, str], workshop_id: uuid.UUID, via: str, number: int, now: datetime
) -> dict[str, Any]:
    template = TEMPLATES[TEMPLATE]
    return {
        "id": db.new_id(),
        "key": f"bench:{number}",
        "template": TEMPLATE,
        "notice_class": template.notice_class,
        "person_id": subject[0],
        "workshop_id": workshop_id,
        "via": via,
        "link_id": None,
        "about": subject[1],
        "facts": template.example.model_dump(mode="json"),
        "secret": None,
        "doubted": False,
        "emptied_at": None,
        "status": NoticeStatus.WAITING,
        "reason": None,
        "code": None,
        "created_at": now,
        "ends_at": now + timedelta(hours=72),
    }
