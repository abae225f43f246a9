"""Fuzzed raw updates, through both libraries: none crashes, each is acknowledged, none blocks the next.

`make test` takes 2,000, `make faults` 100,000.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from api import db
from bots.adapters import Raw
from bots.memory import KEPT_SECONDS, Memory
from bots.polling import Poller
from bots.tables import inbox, replies
from bots.talk import Sent
from bots.turns import Worker
from tests.bots import raws, trials
from tests.bots.bench import Mouth
from tests.bots.conftest import Clock
from tests.bots.test_updates import LIBRARIES, an_adapter
from tests.support import luck

FEW, MANY = 2_000, 100_000
SLOWEST_SECONDS = 2.0
"""A parser that tries every combination needs for ever; one that is merely large needs none of it."""
_AT_ONCE = 100


@pytest.fixture
def chance() -> random.Random:
    seed = luck.seed()
    print("SEED", seed)  # noqa: T201 - shown when it fails.
    return random.Random(seed)


def test_no_update_of_the_schema_is_broken_enough_to_raise(chance: random.Random):
    _read(chance, FEW)


@pytest.mark.faults
def test_none_of_a_hundred_thousand_updates_raises(chance: random.Random):
    _read(chance, MANY)


def _read(chance: random.Random, count: int) -> None:
    """Read each by both libraries: the same is understood, and in no time."""
    adapters = [an_adapter(messenger) for messenger in LIBRARIES]
    understood = 0
    for number in range(count):
        raw = raws.raw(chance, number)
        said = []
        for adapter in adapters:
            assert adapter.update_id(raw) in (None, raw.get("update_id"))
            assert isinstance(adapter.chat_of(raw), str | None)
            begun = time.process_time()
            sent = adapter.read(raw)
            assert time.process_time() - begun < SLOWEST_SECONDS, raw
            if sent is not None:
                _is_neutral(sent)
                understood += sent.cleaned() != Sent()
            said.append(sent)
        assert said[0] == said[1], raw
    assert understood > count / 5, "many say something"


def _is_neutral(sent: Sent) -> None:
    """Nothing of a library, and of each thing its own type."""
    assert all(type(text) is str for text in (sent.text, sent.tap, sent.acknowledge))
    assert sent.start is None or type(sent.start) is str
    if sent.contact:
        assert type(sent.contact.phone) is str
        assert type(sent.contact.own) is bool
    if sent.place:
        assert type(sent.place.latitude) is type(sent.place.longitude) is float
    if sent.file:
        assert type(sent.file.reference) is type(sent.file.name) is str
        assert type(sent.file.size) is int


class Queue:
    """A messenger that keeps what was not acknowledged, and gives it by what it numbered."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Raw]] = []

    async def updates(self, offset: int | None, _wait: float) -> list[Raw]:
        self.waiting = [one for one in self.waiting if offset is None or one[0] >= offset]
        return [raw for _number, raw in self.waiting]


@pytest.mark.parametrize("messenger", LIBRARIES)
async def test_each_is_acknowledged_and_none_blocks_the_next(
    messenger: str,
    memory: Memory,
    clock: Clock,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
):
    await _told_in_batches(messenger, memory, clock, chance, monkeypatch, batches=1)


@pytest.mark.faults
@pytest.mark.parametrize("messenger", LIBRARIES)
@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_each_of_a_hundred_thousand_is_acknowledged_and_none_blocks_the_next(  # noqa: PLR0917 - fixtures.
    messenger: str,
    memory: Memory,
    clock: Clock,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
):
    begun = time.monotonic()
    turns = await _told_in_batches(
        messenger, memory, clock, chance, monkeypatch, batches=MANY // _AT_ONCE
    )
    took = time.monotonic() - begun
    record_property("told", f"{messenger}: {MANY} updates, {turns} replies, {took:.0f} s")


async def _told_in_batches(
    messenger: str,
    memory: Memory,
    clock: Clock,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    *,
    batches: int,
) -> int:
    """Poll batch after batch and work them off; gives how many replies were said.

    After each batch nothing waits, its offset has passed it, and every chat of it that says
    something else is answered. What was done with is forgotten, so that a batch costs what the first
    one did.
    """
    adapter, mouth, queue = an_adapter(messenger), Mouth(), Queue()
    adapter._channel = mouth  # type: ignore[assignment]

    async def acknowledge(_sent: Sent) -> None:
        """A tap's spinner: nobody listens here."""

    monkeypatch.setattr(adapter, "updates", queue.updates)
    monkeypatch.setattr(adapter, "acknowledge", acknowledge)
    poller = Poller(memory.inbox, adapter, lambda: None, wait_seconds=0)
    knocker = trials.new_knocker()
    worker = Worker(
        memory,
        {adapter.name: adapter},
        trials.DIALOGUES,
        trials.new_core(knocker),
        db.keys(),
        sleep=clock.sleep,
    )
    number = said = 0
    for _batch in range(batches):
        chats: set[str] = set()
        first = number
        for _update in range(_AT_ONCE):
            number += 1
            raw = raws.raw(chance, number)
            # A messenger numbers its own updates; one that has no number is passed over.
            if adapter.update_id(raw) not in {None, number}:
                raw["update_id"] = number
            chats |= {chat for chat in [adapter.chat_of(raw)] if chat is not None}
            queue.waiting.append((number, raw))
        for chat in sorted(chats):
            number += 1
            words = chance.choice(("menu", "fa", "1", "2", "/booklet"))
            queue.waiting.append((number, _hello(chat, number, words)))
        numbered = [n for n, raw in queue.waiting if adapter.update_id(raw) is not None]
        await poller.poll()
        await poller.poll()
        assert queue.waiting == [], "each was acknowledged"
        assert _kept_since(memory, first) == numbered, "and each that has a number was kept"
        for _again in range(40):
            await worker.drain()
            clock.pass_(5)
            if await _is_done(memory):
                break
        assert await memory.inbox.waiting() == 0, "none blocks the next"
        assert {chat for chat, _text in mouth.heard} >= chats, "every chat was answered"
        said += len(mouth.heard)
        mouth.heard.clear()
        knocker.calls.clear()
        clock.pass_(KEPT_SECONDS / 20)
        await memory.forget()
    return said


def _kept_since(memory: Memory, number: int) -> list[int]:
    with memory.store.reading() as connection:
        kept = select(inbox.c.update_id).where(inbox.c.update_id > number)
        return list(connection.scalars(kept.order_by(inbox.c.update_id)))


async def _is_done(memory: Memory) -> bool:
    with memory.store.reading() as connection:
        unsaid = connection.scalar(
            select(func.count()).select_from(replies).where(replies.c.done_at.is_(None))
        )
    return not unsaid and await memory.inbox.waiting() == 0


def _hello(chat: str, number: int, words: str) -> Raw:
    person: dict[str, Any] = {"id": int(chat), "is_bot": False, "first_name": "م"}
    here = {"id": int(chat), "type": "private", "first_name": "م"}
    message = {"message_id": 1, "date": 1, "chat": here, "from": person, "text": words}
    return {"update_id": number, "message": message}
