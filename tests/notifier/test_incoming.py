"""What a centre brings over our bind: kept before it is answered."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.db import Store
from api.inbound import service as inbound
from api.inbound.models import InboundSms
from api.kit import points
from api.kit.outcome import Accepted
from api.notices import questions
from api.notices.models import Delivery, Report
from api.notices.rules import Status as Known
from notifier.channels.mouths import SMPP
from notifier.channels.smpp.pdus import Delivered, Status
from notifier.incoming import Incoming
from tests.api.notices.office import Office, all_true
from tests.support import make

BIND = uuid4()


def receipt(name: str, stat: str = "DELIVRD") -> Delivered:
    words = f"id:{name} sub:001 done date:2612021000 stat:{stat} err:000"
    return said(words.encode(), esm_class=0x04)


def said(octets: bytes, esm_class: int = 0) -> Delivered:
    return Delivered(
        sender="989990000001",
        line="10001420",
        esm_class=esm_class,
        coding=0,
        octets=octets,
        parameters={},
    )


def kept(store: Store) -> list[tuple[str | None, str | None]]:
    with store.reading() as session:
        rows = session.execute(select(Report.provider_id, Report.state).order_by(Report.id))
        return [(name, state) for name, state in rows]


def messages(store: Store) -> int:
    with store.reading() as session:
        return len(session.scalars(select(InboundSms)).all())


@pytest.fixture(autouse=True)
def _answers() -> Iterator[None]:
    all_true()
    yield
    questions.connect({})
    points.disarm()


def an_sms_sent_as(store: Store, *names: str) -> None:
    with store.writing("test") as session:
        office = Office(session)
        office.senders = {SMPP: 1_000, **office.senders}
        office.post(make.person(session, language="en"))
        office.look("chat")
        office.send("sms", Accepted(names[0], parts=names if len(names) > 1 else ()))


def status(store: Store) -> str:
    with store.reading() as session:
        return session.scalars(select(Delivery.status).where(Delivery.channel == "sms")).one()


async def test_a_receipt_is_kept_and_changes_the_status(fresh_store: Store) -> None:
    an_sms_sent_as(fresh_store, "a1")
    incoming = Incoming(fresh_store, hands_on=True)
    assert await incoming.take(receipt("a1"), BIND) == Status.OK
    assert kept(fresh_store) == [("a1", "delivered")]
    assert status(fresh_store) == Known.DELIVERED
    assert not incoming.news.is_set()


async def test_a_text_in_parts_is_delivered_with_its_last_part(fresh_store: Store) -> None:
    an_sms_sent_as(fresh_store, "a1", "a2", "a3")
    incoming = Incoming(fresh_store, hands_on=True)
    for name in ("a3", "a1"):
        await incoming.take(receipt(name), BIND)
        assert status(fresh_store) == Known.SENT
    await incoming.take(receipt("a2"), BIND)
    assert status(fresh_store) == Known.DELIVERED


async def test_a_receipt_of_nothing_we_know_is_kept_and_a_repeat_once(fresh_store: Store) -> None:
    incoming = Incoming(fresh_store, hands_on=True)
    for _ in range(2):
        assert await incoming.take(receipt("zz", "ODD"), BIND) == Status.OK
    assert await incoming.take(said(b"delivered!", 0x04), BIND) == Status.OK
    assert kept(fresh_store) == [("zz", None), (None, None)]


async def test_many_are_committed_together_and_each_is_answered(fresh_store: Store) -> None:
    commits = []
    points.arm("notifier.incoming.after", lambda: commits.append(1))
    incoming = Incoming(fresh_store, hands_on=True)
    brought = [*(receipt(f"a{one}") for one in range(300)), *(said(b"1") for _ in range(10))]
    answers = await asyncio.gather(*(incoming.take(one, BIND) for one in brought))
    assert set(answers) == {Status.OK}
    assert len(kept(fresh_store)) == 300
    assert messages(fresh_store) == 10
    assert incoming.news.is_set()
    assert len(commits) <= 3


async def test_nothing_is_taken_while_the_store_is_away(fresh_store: Store) -> None:
    def fall() -> None:
        raise OperationalError("away", {}, Exception("away"))

    incoming = Incoming(fresh_store, hands_on=True)
    points.arm("notifier.incoming.before", fall)
    brought = (receipt("a1"), said(b"1"))
    answers = await asyncio.gather(*(incoming.take(one, BIND) for one in brought))
    assert answers == [Status.NOT_NOW] * 2
    points.disarm()
    assert await incoming.take(said(b"1"), BIND) == Status.OK
    assert messages(fresh_store) == 1


async def test_what_spoils_a_batch_is_found_and_the_others_are_taken(
    fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = inbound.keep

    def stumble(session, part, **more: Any):
        if part.octets == b"!":
            raise ValueError("spoiled")
        return keep(session, part, **more)

    monkeypatch.setattr(inbound, "keep", stumble)
    incoming = Incoming(fresh_store, hands_on=True)
    brought = (said(b"1"), said(b"!"), said(b"2"), receipt("a1"))
    answers = await asyncio.gather(*(incoming.take(one, BIND) for one in brought))
    assert answers == [Status.OK, Status.NEVER, Status.OK, Status.OK]
    assert messages(fresh_store) == 2


async def test_a_line_that_nobody_reads_refuses_what_people_write(fresh_store: Store) -> None:
    incoming = Incoming(fresh_store, hands_on=False)
    assert await incoming.take(said(b"1"), BIND) == Status.NEVER
    assert await incoming.take(receipt("a1"), BIND) == Status.OK
    assert messages(fresh_store) == 0


async def test_what_a_broken_bind_brought_last_is_known_when_the_next_brings_it(
    fresh_store: Store,
) -> None:
    incoming = Incoming(fresh_store, hands_on=True)
    await incoming.take(said(b"1"), BIND)
    incoming.ended(BIND)
    assert await incoming.take(said(b"1"), uuid4()) == Status.OK
    assert messages(fresh_store) == 1
