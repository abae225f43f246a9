"""SMS on their way to the bots' own door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db import Store
from api.inbound import service as inbound
from api.inbound.models import InboundSms
from api.inbound.service import NewPart
from bots.adapters.sms import SmsAdapter, message_of
from bots.talk import Sent
from notifier.channels.sms_http import KavenegarChannel
from notifier.handing_on import HandingOn
from tests.notifier import servers
from tests.notifier.servers import HttpServer
from tests.support import make

BIND = uuid4()


class Clock:
    def __init__(self) -> None:
        self.now = make.NOW

    def __call__(self, _session: Session) -> datetime:
        return self.now


@pytest.fixture
async def door() -> AsyncIterator[HttpServer]:
    async with servers.http(servers.say(200, "")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keep(store: Store, text: str, *, sender: str = "989990000001", seconds: float = 0) -> None:
    one = NewPart(sender=sender, line="10001420", coding=8, octets=text.encode("utf-16-be"))
    with store.writing("test") as session:
        inbound.keep(session, one, bind=BIND, now=make.NOW + timedelta(seconds=seconds))


@asynccontextmanager
async def handing_on(store: Store, url: str, clock: Clock) -> AsyncIterator[HandingOn]:
    made = HandingOn(
        store, SecretStr(f"{url}/sms/inbound/s"), asyncio.Event(), now=clock, idle_seconds=0.01
    )
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        made.stop()
        await running


async def until_done(store: Store) -> None:
    for _ in range(3_000):
        with store.reading() as session:
            left = session.scalars(select(InboundSms).where(InboundSms.said.is_not(None))).all()
        if not left:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("still not handed on")


async def called(door: HttpServer) -> None:
    for _ in range(6_000):
        if door.calls:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("nobody has knocked")


async def test_an_sms_is_handed_on_under_the_id_we_keep_it_by(
    fresh_store: Store, door: HttpServer, clock: Clock
) -> None:
    keep(fresh_store, "سابقه ۱")
    with fresh_store.reading() as session:
        kept = session.scalars(select(InboundSms.name)).one()
    async with handing_on(fresh_store, door.url, clock):
        await until_done(fresh_store)
    form = {"messageid": str(kept), "from": "989990000001", "to": "10001420", "message": "سابقه ۱"}
    assert door.calls == [("/sms/inbound/s", form)]
    # The bots' own door reads it.
    raw = message_of(door.calls[0][1])
    adapter = SmsAdapter(KavenegarChannel("the-key", "10001420"))
    assert adapter.chat_of(raw) == "+989990000001"
    assert adapter.update_id(raw) is not None
    assert adapter.read(raw) == Sent(text="سابقه ۱")


async def test_one_person_is_heard_in_order(
    fresh_store: Store, door: HttpServer, clock: Clock
) -> None:
    for number in range(5):
        keep(fresh_store, str(number), seconds=number / 10)
        keep(fresh_store, f"-{number}", sender="989990000002", seconds=number / 10)
    clock.now += timedelta(seconds=1)
    async with handing_on(fresh_store, door.url, clock):
        await until_done(fresh_store)
    for sender, sign in (("989990000001", ""), ("989990000002", "-")):
        heard = [said["message"] for _, said in door.calls if said["from"] == sender]
        assert heard == [f"{sign}{number}" for number in range(5)]


@pytest.mark.parametrize(
    "answer", [servers.say(503, ""), servers.say(404, ""), servers.say(500, ""), servers.hang_up]
)
async def test_what_is_not_taken_is_brought_again_under_the_same_id(
    fresh_store: Store, door: HttpServer, clock: Clock, answer
) -> None:
    door.answers = [answer, servers.say(200, "")]
    keep(fresh_store, "1")
    async with handing_on(fresh_store, door.url, clock) as made:
        await called(door)
        clock.now += timedelta(seconds=15)
        made._news.set()
        await until_done(fresh_store)
    assert len(door.calls) == 2
    assert door.calls[0] == door.calls[1]


async def test_what_waits_behind_one_that_was_not_taken_is_not_brought_before_it(
    fresh_store: Store, door: HttpServer, clock: Clock
) -> None:
    door.answers = [servers.say(503, ""), servers.say(200, "")]
    keep(fresh_store, "1")
    keep(fresh_store, "2")
    async with handing_on(fresh_store, door.url, clock) as made:
        await called(door)
        clock.now += timedelta(seconds=15)
        made._news.set()
        await until_done(fresh_store)
    assert [said["message"] for _, said in door.calls] == ["1", "1", "2"]


async def test_what_the_door_says_is_no_sms_is_not_brought_again(
    fresh_store: Store, door: HttpServer, clock: Clock, logged
) -> None:
    door.answers = [servers.say(400, "")]
    keep(fresh_store, "1")
    async with handing_on(fresh_store, door.url, clock):
        await until_done(fresh_store)
    assert len(door.calls) == 1
    assert "inbound.refused" in [line["event"] for line in logged]
    assert "98999" not in str(logged)
