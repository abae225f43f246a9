"""Fuzzed raw updates, through both libraries: none crashes, each is acknowledged, none blocks the next.

`make test` takes 2,000, `make faults` 100,000.
"""

import random
import time
from typing import Any

import pytest

from api import db
from bots.adapters import Raw
from bots.memory import Memory
from bots.polling import Poller
from bots.talk import Sent
from bots.turns import Worker
from tests.bots import raws, trials
from tests.bots.conftest import Clock
from tests.bots.test_turns import Mouth
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


@pytest.mark.parametrize("messenger", LIBRARIES)
async def test_each_is_acknowledged_and_none_blocks_the_next(
    messenger: str,
    memory: Memory,
    clock: Clock,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
):
    adapter, mouth = an_adapter(messenger), Mouth()
    adapter._channel = mouth  # type: ignore[assignment]
    waiting = [raws.raw(chance, number) for number in range(1, _AT_ONCE + 1)]
    waiting = [raw for raw in waiting if adapter.update_id(raw) is not None]
    chats = sorted({chat for raw in waiting if (chat := adapter.chat_of(raw)) is not None})
    waiting += [_hello(chat, 1_000 + place) for place, chat in enumerate(chats)]
    asked: list[int | None] = []

    async def updates(offset: int | None, _wait: float) -> list[Raw]:
        asked.append(offset)
        return [raw for raw in waiting if offset is None or raw["update_id"] >= offset]

    async def acknowledge(_sent: Sent) -> None:
        """A tap's spinner: nobody listens here."""

    monkeypatch.setattr(adapter, "updates", updates)
    monkeypatch.setattr(adapter, "acknowledge", acknowledge)
    poller = Poller(memory.inbox, adapter, lambda: None, wait_seconds=0)
    await poller.poll()
    await poller.poll()
    assert asked[0] is None
    assert asked[1] is not None
    assert asked[1] > max(raw["update_id"] for raw in waiting), "each was acknowledged"

    worker = Worker(
        memory,
        {adapter.name: adapter},
        trials.DIALOGUES,
        trials.new_core(trials.new_knocker()),
        db.keys(),
        sleep=clock.sleep,
    )
    before = await memory.inbox.waiting()
    for _again in range(12):
        await worker.drain()
        clock.pass_(5)
    assert before > 0
    assert await memory.inbox.waiting() == 0
    assert {chat for chat, _text in mouth.heard} >= set(chats), "every chat was answered"


def _hello(chat: str, number: int) -> Raw:
    person: dict[str, Any] = {"id": int(chat), "is_bot": False, "first_name": "م"}
    here = {"id": int(chat), "type": "private", "first_name": "م"}
    message = {"message_id": 1, "date": 1, "chat": here, "from": person, "text": "menu"}
    return {"update_id": number, "message": message}
