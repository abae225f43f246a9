"""Thousands of SMS over a line that is cut again and again: none lost, none twice unless it says so.

Postman, core and mouth are the real ones; the centre is not ours and keeps its own list of what it
took. That list is held against deliveries, attempts and reports.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count, groupby
from typing import Any

import pytest
from sqlalchemy import select

from api.db import Store
from api.kit.message import Message
from api.kit.outcome import Outcome
from api.notices import questions
from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Notice, Report
from api.notices.rules import AttemptState, Status
from api.people.models import Person
from notifier.channels.mouths import SMPP, Address
from notifier.channels.smpp.centres import Centre as Where
from notifier.channels.smpp.centres import Source
from notifier.channels.sms_smpp import SmppChannel
from notifier.incoming import Incoming
from notifier.postman import Postman
from notifier.rounds import Mouth, Round
from tests.api.notices.office import FACTS, all_true
from tests.notifier.centres.by_node import NodeCentre
from tests.notifier.centres.by_smpp34 import Smpp34Centre
from tests.notifier.centres.centre import Centre
from tests.support import cutting, make

BOTH = [
    pytest.param(Smpp34Centre, id="smpp34"),
    pytest.param(NodeCentre, id="node", marks=pytest.mark.node),
]
MANY, FEW = 10_000, 200


@pytest.fixture(autouse=True)
def _answers() -> Iterator[None]:
    all_true()
    yield
    questions.connect({})


Cutter = Callable[[cutting.Line, Centre], Coroutine[Any, Any, None]]


async def every_two_seconds(line: cutting.Line, _centre: Centre) -> None:
    await line.cut_every(2)


async def every_sixty_parts(line: cutting.Line, centre: Centre) -> None:
    """However quick the machine is."""
    for mark in count(60, 60):
        for _ in range(60_000):
            if len(centre.taken) >= mark:
                break
            await asyncio.sleep(0.002)
        line.cut()


class Wordy(SmppChannel):
    """Says every fourth message at such length that it leaves in parts."""

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        if int(reference) % 4 == 0:
            message = replace(message, text=f"{message.text}\n" * 3)
        return await super().send(to, message, reference)


@dataclass
class Result:
    """What came of it. `lost`, `unmarked` and `not_kept` are promises broken.

    `not_there` are of the uncertain ones those that the centre does not have: the line was cut
    before they were heard.
    """

    messages: int
    parts: int = 0
    delivered: int = 0
    uncertain: int = 0
    not_there: int = 0
    twice: int = 0
    unmarked: int = 0
    lost: int = 0
    receipts: int = 0
    not_kept: int = 0
    cuts: int = 0
    seconds: float = 0.0


async def over_a_cut_line(
    store: Store, kind: Callable[[], Centre], size: int, cutting_it: Cutter
) -> Result:
    """Send so many over a line that is cut again and again, until all of it has come to rest."""
    post(store, size)
    centre = kind()
    await centre.start()
    try:
        async with cutting.line(centre.port) as line:
            centre.brings_receipts()
            where = Where("127.0.0.1", line.port, False, "bimeyar", "secret")
            incoming = Incoming(store, hands_on=False)
            channel = Wordy(where, Source("10001420"), ear=incoming, window=20)
            channel.begin()
            postman = Postman(
                store, [Round("sms", {SMPP: Mouth(channel, 1e6)}, 20)], idle_seconds=0.05
            )
            began = time.monotonic()
            cutter = asyncio.create_task(cutting_it(line, centre))
            working = asyncio.create_task(postman.run())
            try:
                await at_rest(store, centre)
            finally:
                seconds = time.monotonic() - began
                postman.stop()
                await working
                cutter.cancel()
                await channel.close()
            return held_against(
                store, centre, Result(size, cuts=line.cuts, seconds=round(seconds, 1))
            )
    finally:
        await centre.stop()


def post(store: Store, size: int) -> None:
    """Tell so many people of something, each by SMS alone."""
    for begin in range(0, size, 500):
        with store.writing("test") as session:
            for number in range(begin, min(begin + 500, size)):
                person = make.person(session, language="fa" if number % 2 else "en")
                notices.post(
                    session,
                    template="debt_notice",
                    to=person.id,
                    about=f"debt:{number}",
                    facts=FACTS,
                    key=f"n{number}",
                    via="sms",
                    now=datetime.now(UTC),
                )


async def at_rest(store: Store, centre: Centre) -> None:
    """Wait until nothing is on its way and every receipt is taken."""
    still = 0
    for _ in range(6_000):
        await asyncio.sleep(0.1)
        with store.writing("test") as session:
            notices.match_late(session, now=datetime.now(UTC))
            moving = session.scalars(
                select(Delivery.id)
                .where(Delivery.status.not_in((Status.DELIVERED, Status.UNCERTAIN)))
                .limit(1)
            ).all()
        # A receipt of a message whose outcome was lost changes nothing: count to three.
        still = 0 if moving or centre.waiting else still + 1
        if still == 3:
            return
    raise AssertionError("still moving")


def held_against(store: Store, centre: Centre, result: Result) -> Result:
    """Compare the centre's list with the tables."""
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    for one in centre.taken:
        taken[one.to][one.header] += 1
    with store.reading() as session:
        rows = session.execute(
            select(Person.phone, Delivery.id, Delivery.status)
            .select_from(Delivery)
            .join(Notice, Notice.id == Delivery.notice_id)
            .join(Person, Person.id == Notice.person_id)
        ).all()
        unknown = set(
            session.scalars(
                select(Attempt.delivery_id).where(Attempt.state == AttemptState.UNKNOWN)
            )
        )
        kept = set(session.scalars(select(Report.provider_id)))
    assert len(rows) == result.messages
    for phone, delivery_id, status in rows:
        parts = taken.pop(str(phone).removeprefix("+"), Counter())
        # The last two digits of a header count: of how many it is which.
        is_whole = bool(parts) and all(
            len([*own]) == int(total or "01", 16)
            for total, own in groupby(sorted(parts), key=lambda header: header[-4:-2])
        )
        twice = max(parts.values(), default=0) > 1
        result.parts += parts.total()
        result.delivered += status == Status.DELIVERED
        result.uncertain += status == Status.UNCERTAIN
        result.not_there += status == Status.UNCERTAIN and not is_whole
        result.lost += not is_whole and delivery_id not in unknown
        result.twice += twice
        result.unmarked += twice and delivery_id not in unknown
    assert not taken, "the centre took what nobody sent"
    result.receipts = centre.receipts
    result.not_kept = len({one.name for one in centre.taken} - kept)
    return result


def a_promise_kept(result: Result) -> bool:
    return (result.lost, result.unmarked, result.not_kept) == (0, 0, 0) and (
        result.delivered + result.uncertain == result.messages
    )


@pytest.mark.parametrize("kind", BOTH)
async def test_hundreds_over_a_line_that_is_cut_are_none_of_them_lost(
    fresh_store: Store, kind: Callable[[], Centre]
) -> None:
    result = await over_a_cut_line(fresh_store, kind, FEW, every_sixty_parts)
    assert result.cuts >= FEW // 60
    assert a_promise_kept(result), result


@pytest.mark.faults
@pytest.mark.parametrize("kind", BOTH)
async def test_ten_thousand_over_a_line_that_is_cut_every_two_seconds_are_none_of_them_lost(
    fresh_store: Store, kind: Callable[[], Centre], record_property: Callable[[str, object], None]
) -> None:
    result = await over_a_cut_line(fresh_store, kind, MANY, every_two_seconds)
    record_property("told", f"{kind.__name__} on {fresh_store.dialect}: {result}")
    assert a_promise_kept(result), result
