"""What the bots keep of chats is sealed again with a new key."""

from pathlib import Path

import pytest
from sqlalchemy import select

from api.kit import points, sealing
from api.kit.message import Message
from api.kit.sealing import BadKeys, Keyring
from bots import keys
from bots.memory import Memory
from bots.store import Store
from bots.tables import chats, inbox, replies, said
from bots.web.visits import Visits
from tests.bots.conftest import Clock
from tests.bots.test_memory import BOT, an_update

CHATS = 5


@pytest.fixture
async def file(memory_url: str, tmp_path: Path, clock: Clock) -> Path:
    """A key file, and a memory of five chats sealed with it: a reply in one, updates in all."""
    path = tmp_path / "bots.keys"
    Keyring.new().save(path)
    store = Store(memory_url)
    memory = Memory(store, Keyring.load(path), clock=clock)
    await memory.inbox.receive(BOT, [an_update(n, chat=str(n)) for n in range(CHATS)])
    [(claim, work)] = (await memory.claim("a", bots=[BOT], limit=1)).items()
    await memory.keep_turn(claim, None, "{}", [Message("پاسخ")], wake_at=None, wakes=0)
    assert await memory.release(claim, arrived=work.arrived, due_at=0.0) is None
    await store.close()
    return path


async def sealed(url: str) -> list[bytes]:
    store = Store(url)
    with store.reading() as connection:
        found = [
            value
            for column in (chats.c.address, inbox.c.raw, replies.c.text)
            for value in connection.scalars(select(column)).all()
        ]
    await store.close()
    return found


async def test_all_that_is_kept_is_sealed_anew_and_opens_as_before(
    memory_url: str, file: Path, clock: Clock
):
    old = Keyring.load(file)
    assert keys.rotate(memory_url, file) == (2 * CHATS + 1, False)
    ring = Keyring.load(file)
    assert all(ring.sealed_with_current(one) for one in await sealed(memory_url))
    assert set(ring.sealing) == {old.current, ring.current}
    store = Store(memory_url)
    memory = Memory(store, ring, clock=clock)
    claims = await memory.claim("b", bots=[BOT], limit=CHATS)
    assert {claim.chat for claim in claims} == {str(n) for n in range(CHATS)}
    works = [await memory.work(claim) for claim in claims]
    assert [due.message.text for work in works for due in work.replies] == ["پاسخ"]
    assert all(work.update is not None for work in works)
    await store.close()


async def test_a_rotation_that_died_is_finished_with_the_same_key(
    memory_url: str, file: Path, monkeypatch: pytest.MonkeyPatch
):
    def die() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keys, "SIZE", 2)
    points.arm("memory.resealed.after", die)
    with pytest.raises(KeyboardInterrupt):
        keys.rotate(memory_url, file)
    points.disarm()
    begun = Keyring.load(file)
    assert keys.rotate(memory_url, file) == (2 * CHATS + 1 - 2, True)
    assert Keyring.load(file).current == begun.current
    assert all(begun.sealed_with_current(one) for one in await sealed(memory_url))


async def test_two_rotations_do_not_lose_each_others_key(memory_url: str, file: Path):
    with sealing.alone(file), pytest.raises(BadKeys, match="Another command is changing"):
        keys.rotate(memory_url, file)


async def test_what_the_page_shows_is_sealed_anew_too(memory_url: str, file: Path, clock: Clock):
    store = Store(memory_url)
    visits = Visits(Memory(store, Keyring.load(file), clock=clock), Keyring.load(file))
    secret, visit = await visits.begin("web:people", address="5.5.5.5", start="")
    await visits.hear(visit.key, Message("پاسخ"), "1")
    keys.rotate(memory_url, file)
    ring = Keyring.load(file)
    visits = Visits(Memory(store, ring, clock=clock), ring)
    assert await visits.find("web:people", secret) == visit
    assert [line.message.text for line in (await visits.see(visit)).lines] == ["پاسخ"]
    with store.reading() as connection:
        [text] = connection.scalars(select(said.c.text)).all()
    assert ring.sealed_with_current(text)
    await store.close()
