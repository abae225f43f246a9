"""Outages and floods over real wires: a second provider takes over, and a wait is found out once."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db import Store
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected
from api.notices import questions, recording
from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Rate, Report
from api.occurrences.service import now_of
from notifier import postman as postmen
from notifier.channels.breaker import Breaker
from notifier.channels.email import EmailChannel
from notifier.channels.mouths import KAVENEGAR, MAIL, SECOND_MAIL, SMPP, Address, Capabilities
from notifier.channels.smpp.centres import Centre as Where
from notifier.channels.smpp.centres import Source
from notifier.channels.smpp.pdus import Status
from notifier.channels.sms_http import KavenegarChannel
from notifier.channels.sms_smpp import SmppChannel
from notifier.incoming import Incoming
from notifier.postman import Postman
from notifier.reports import kavenegar
from notifier.rounds import Mouth, Round
from tests.api.notices.office import FACTS, all_true
from tests.notifier import servers
from tests.notifier.centres.by_smpp34 import Smpp34Centre
from tests.support import make, ports

PAUSE = 0.1
AT_ONCE = timedelta(seconds=0.05)


@pytest.fixture
def store(fresh_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    # However busy the machine is: a letter is held up only where a test says so.
    monkeypatch.setattr(postmen, "FRESH_SECONDS", 60.0)
    # What failed or is unknown is looked at again at once.
    monkeypatch.setattr(recording, "retry_delay", lambda *_: AT_ONCE)
    monkeypatch.setattr(recording, "ask_delay", lambda *_: AT_ONCE)
    all_true()
    yield fresh_store
    questions.connect({})


@dataclass
class Provider:
    """A provider in Kavenegar's manner. `cuts`: it takes a message and breaks off.

    `took` counts by number what it sent; a reference that comes again is not sent again.
    """

    port: int = field(default_factory=ports.a_free_one)
    cuts: bool = False
    took: Counter[str] = field(default_factory=Counter)
    names: dict[str, int] = field(default_factory=dict)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_post("/v1/{key}/sms/{method}.json", self.answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        reference = str(form["localid"])
        if request.match_info["method"] == "send" and reference not in self.names:
            self.names[reference] = len(self.names) + 1
            self.took[str(form["receptor"]).removeprefix("0")] += 1
        if self.cuts and request.match_info["method"] == "send":
            return await servers.hang_up(request)
        entry: Mapping[str, Any] = {"messageid": 0, "status": 100}
        if reference in self.names:
            entry = {"messageid": self.names[reference], "status": 1}
        return web.json_response({"return": {"status": 200}, "entries": [entry]})

    def mouth(self) -> Mouth:
        channel = KavenegarChannel("key", "10001420", f"http://127.0.0.1:{self.port}")
        return Mouth(channel, 1e6, a_breaker())


def a_breaker() -> Breaker:
    return Breaker(failures=3, pause_seconds=PAUSE)


def centre_mouth(port: int, ear: Incoming | None = None) -> Mouth:
    channel = SmppChannel(
        Where("127.0.0.1", port, False, "bimeyar", "secret"), Source("10001420"), ear=ear
    )
    channel.begin()
    return Mouth(channel, 1e6, a_breaker())


@asynccontextmanager
async def delivering(
    store: Store, channel: str, mouths: Mapping[str, Mouth], places: int = 10
) -> AsyncIterator[None]:
    postman = Postman(store, [Round(channel, mouths, places)], idle_seconds=0.02)
    working = asyncio.create_task(postman.run())
    try:
        yield
    finally:
        postman.stop()
        await working
        for mouth in mouths.values():
            await mouth.channel.close()


def post(store: Store, numbers: range, via: str = "sms") -> None:
    with store.writing("test") as session:
        for number in numbers:
            person = make.person(session, language="en", email=f"m{number}@example.org")
            notices.post(
                session,
                template="debt_notice",
                to=person.id,
                about=f"debt:{number}",
                facts=FACTS,
                key=f"n{number}",
                via=via,
                now=now_of(session),
            )


async def until(store: Store, is_so: Callable[[Session], object]) -> None:
    async with asyncio.timeout(30):
        while True:
            with store.reading() as session:
                if is_so(session):
                    return
            await asyncio.sleep(0.02)


def statuses(session: Session) -> Counter[str]:
    return Counter(session.scalars(select(Delivery.status)))


def are(expected: Mapping[str, int], session: Session) -> bool:
    return statuses(session) == expected


async def test_while_the_first_line_is_away_the_second_speaks_and_gives_back(
    store: Store, logged
) -> None:
    post(store, range(20))
    first, centre = Provider(), Smpp34Centre()
    await centre.start()
    centre.brings_receipts()
    mouths = {
        KAVENEGAR: first.mouth(),
        SMPP: centre_mouth(centre.port, Incoming(store, hands_on=False)),
    }
    try:
        async with delivering(store, "sms", mouths):
            began = time.monotonic()
            await until(store, lambda session: statuses(session).keys() <= {"sent", "delivered"})
            assert time.monotonic() - began < 60
            async with first.open():
                await asyncio.sleep(PAUSE)
                post(store, range(20, 30))
                await until(store, lambda session: statuses(session).total() == 30)
                await until(store, lambda _: len(first.took) >= 1)
                post(store, range(30, 40))
                await until(
                    store, lambda session: statuses(session).keys() <= {"sent", "delivered"}
                )
                await until(store, lambda _: centre.receipts == len(centre.taken))
    finally:
        await centre.stop()
    taken = first.took + Counter(one.to.removeprefix("98") for one in centre.taken)
    assert len(taken) == 40
    assert set(taken.values()) == {1}, "none twice"
    with store.writing("test") as session:
        notices.match_late(session, now=now_of(session))
    with store.reading() as session:
        senders = select(Attempt.sender).where(Attempt.state == "accepted")
        assert Counter(session.scalars(senders))[KAVENEGAR] == len(first.took)
        assert set(session.scalars(select(Report.provider))) == {SMPP}
        assert statuses(session) == {"delivered": len(centre.taken), "sent": len(first.took)}
    told = [line["event"] for line in logged if line["event"].startswith("channel.")]
    assert told.count("channel.outage") == told.count("channel.recovered") == 1


async def test_what_nobody_knows_of_the_first_is_asked_there_and_not_sent_by_the_second(
    store: Store,
) -> None:
    post(store, range(10))
    first, centre = Provider(cuts=True), Smpp34Centre()
    await centre.start()
    mouths = {KAVENEGAR: first.mouth(), SMPP: centre_mouth(centre.port)}
    try:
        async with first.open(), delivering(store, "sms", mouths):
            await until(store, partial(are, {"sent": 10}))
    finally:
        await centre.stop()
    taken = first.took + Counter(one.to.removeprefix("98") for one in centre.taken)
    assert len(first.took) >= 3
    assert taken == dict.fromkeys(taken, 1)
    assert len(taken) == 10


async def test_a_report_of_each_line_finds_the_message_that_the_line_had(store: Store) -> None:
    post(store, range(4))
    first, centre = Provider(), Smpp34Centre()
    await centre.start()
    mouths = {KAVENEGAR: first.mouth(), SMPP: centre_mouth(centre.port)}
    try:
        async with delivering(store, "sms", mouths):
            await until(store, partial(are, {"sent": 4}))
            async with first.open():
                await asyncio.sleep(PAUSE)
                post(store, range(4, 8))
                await until(store, lambda _: first.took)
                await until(store, partial(are, {"sent": 8}))
    finally:
        await centre.stop()
    with store.writing("test") as session:
        name = session.scalars(
            select(Attempt.provider_id).where(
                Attempt.sender == KAVENEGAR, Attempt.state == "accepted"
            )
        ).first()
        report = kavenegar("messageid", "status")({"messageid": str(name), "status": "10"})
        assert report is not None
        notices.take_reports(session, [report], now=now_of(session))
    with store.reading() as session:
        (of_it,) = session.scalars(
            select(Attempt.sender)
            .join(Delivery, Delivery.id == Attempt.delivery_id)
            .where(Delivery.status == "delivered", Attempt.state == "accepted")
        )
    assert of_it == KAVENEGAR


async def test_while_the_first_relay_is_away_the_second_takes_the_mails(store: Store) -> None:
    post(store, range(12), via="email")
    async with servers.mail() as second:
        nobody = servers.nobody().replace("http", "smtp")
        mouths = {
            name: Mouth(EmailChannel(url, "a@example.org"), 1e6, a_breaker())
            for name, url in ((MAIL, nobody), (SECOND_MAIL, second.url))
        }
        async with delivering(store, "email", mouths):
            await until(store, partial(are, {"sent": 12}))
    assert Counter(to for to, _ in second.mails) == {f"m{n}@example.org": 1 for n in range(12)}


async def test_without_a_second_they_wait_and_use_up_no_tries(store: Store, logged) -> None:
    post(store, range(30))
    only = Provider()
    async with delivering(store, "sms", {KAVENEGAR: only.mouth()}, places=3):
        await until(store, lambda _: [one for one in logged if one["event"] == "channel.outage"])
        await asyncio.sleep(5 * PAUSE)
        with store.reading() as session:
            tries = sum(session.scalars(select(Delivery.tries)))
            assert tries < 15, "three that found it out, and one for each pause"
        async with only.open():
            await until(store, partial(are, {"sent": 30}))
    assert set(only.took.values()) == {1}
    assert [one["event"] for one in logged if one["event"] == "channel.outage"] == [
        "channel.outage"
    ]


async def test_what_a_centre_throttles_is_kept_back_and_uses_up_no_try(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.channels.sms_smpp._THROTTLED_SECONDS", 0.05)
    post(store, range(12))
    with store.reading() as session:
        began = now_of(session)
    centre = Smpp34Centre()
    centre.statuses.extend([0, 0, *[Status.THROTTLED] * 4])
    await centre.start()
    try:
        async with delivering(store, "sms", {SMPP: centre_mouth(centre.port)}, places=4):
            await until(store, partial(are, {"sent": 12}))
    finally:
        await centre.stop()
    assert len(centre.taken) == len({one.to for one in centre.taken}) == 12
    with store.reading() as session:
        assert set(session.scalars(select(Delivery.tries))) == {0}
        told = session.scalars(select(Rate.waits_until).where(Rate.sender == SMPP)).one()
        assert told > began, "and the other processes are told"


@dataclass
class Call:
    """One call. `knew`: it began when an answer before it had told of a wait."""

    reference: str
    knew: bool
    began: float
    ended: float = 0.0
    refused: bool = False


@dataclass
class Flooded:
    """A mouth whose other side wants silence, until so many have found out who could have known."""

    finders: int
    wait: float = 0.1
    calls: list[Call] = field(default_factory=list)
    is_told: bool = False
    can = Capabilities(length=900)

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        call = Call(reference, self.is_told, time.monotonic())
        self.calls.append(call)
        await asyncio.sleep(0.01)
        call.refused = not call.knew or len(self.found_out) < self.finders
        call.ended = time.monotonic()
        if not call.refused:
            return Accepted(reference)
        self.is_told = True
        return Rejected("too_many", again=True, wait_seconds=self.wait)

    async def ask(self, reference: str) -> Outcome | None:
        return None

    async def close(self) -> None:
        pass

    @property
    def found_out(self) -> list[Call]:
        return [one for one in self.calls if one.refused and one.knew]


async def test_one_call_a_process_finds_out_that_a_wait_goes_on(store: Store) -> None:
    post(store, range(40))
    mouths = [Flooded(finders=2), Flooded(finders=2)]
    async with (
        delivering(store, "sms", {SMPP: Mouth(mouths[0], 1e6)}),
        delivering(store, "sms", {SMPP: Mouth(mouths[1], 1e6)}),
    ):
        await until(store, partial(are, {"sent": 40}))
    assert max(len(mouth.found_out) for mouth in mouths) == 2
    for mouth in mouths:
        for earlier, later in pairwise(mouth.found_out):
            assert later.began >= earlier.ended + mouth.wait - 0.01
    took = Counter(one.reference for mouth in mouths for one in mouth.calls if not one.refused)
    assert set(took.values()) == {1}
    with store.reading() as session:
        assert set(session.scalars(select(Delivery.tries))) == {0}


async def test_a_process_that_starts_in_a_wait_keeps_it_and_then_tries_one(store: Store) -> None:
    post(store, range(10))
    began = time.monotonic()
    with store.writing("test") as session:
        notices.wait(session, sender=SMPP, seconds=0.5, now=now_of(session))
    mouth = Flooded(finders=0)
    async with delivering(store, "sms", {SMPP: Mouth(mouth, 1e6)}):
        await until(store, partial(are, {"sent": 10}))
    assert mouth.calls[0].began >= began + 0.49
    assert [one.reference for one in mouth.calls if one.refused] == [mouth.calls[0].reference]
