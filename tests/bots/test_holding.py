"""A memory that was brought back says nothing a second time, and answers what has come since."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api import db
from api.kit.message import Message
from bots import holding
from bots.memory import Memory
from bots.settings import Settings
from bots.store import BadStore, Store
from bots.tables import holds
from tests.bots.test_memory import BOT, an_update
from tests.conftest import new_database
from tests.support import make, postgres
from tests.support.core import BOTS_KEY


@pytest.fixture
async def restored(
    request, memory_url: str, dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Settings, Memory]]:
    """A memory brought back from a moment at which a reply and an update of one chat waited."""
    monkeypatch.setenv("PATH", postgres.programs(), prepend=":")
    keys = tmp_path / "bots.keys"
    db.keys().save(keys)
    store = Store(memory_url)
    memory = Memory(store, db.keys(), clock=time.time)
    await memory.inbox.receive(BOT, [an_update(1), an_update(2)])
    [claim] = await memory.claim("a", bots=[BOT], limit=1)
    work = await memory.work(claim)
    assert work.update is not None
    await memory.keep_turn(claim, work.update[0], "{}", [Message("آری")], wake_at=1.0, wakes=1)
    await store.close()
    before = settings(memory_url, keys)
    holding.backup(before, tmp_path / "b", now=make.NOW)
    after = settings(new_database(request, dialect, tmp_path), keys)
    holding.restore(after, tmp_path / "b")
    store = Store(after.database_url)
    yield after, Memory(store, db.keys(), clock=time.time)
    await store.close()


def settings(url: str, keys: Path) -> Settings:
    return Settings(database_url=url, keys=keys, core_key=BOTS_KEY)


async def test_held_memory_listens_and_says_nothing(restored):
    _, memory = restored
    assert await memory.inbox.receive(BOT, [an_update(3)]) == 1
    assert await memory.claim("b", bots=[BOT], limit=5) == {}


async def test_released_memory_answers_what_came_since_and_nothing_of_before(restored):
    given, memory = restored
    await memory.inbox.receive(BOT, [an_update(2), an_update(3, words="تازه")])
    assert "1 replies and 1 messages" in holding.release(given)
    [claim] = await memory.claim("b", bots=[BOT], limit=5)
    work = await memory.work(claim)
    assert work.replies == []
    assert work.wake_at is None
    assert work.update is not None
    assert work.update[1]["text"] == "تازه"
    assert "not held" in holding.release(given)


async def test_restore_that_did_not_end_cannot_be_released(restored):
    given, _ = restored
    with holding._writing(given.database_url, "arranged") as connection:
        connection.execute(holds.update().values(is_whole=False))
    with pytest.raises(BadStore, match="not come to its end"):
        holding.release(given)
