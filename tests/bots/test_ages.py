"""What waits in the memory for too long is counted."""

import time

from bots import ages
from bots.memory import Memory
from bots.store import Store
from tests.bots.test_memory import BOT, an_update


async def test_what_waits_too_long_is_counted_and_told(memory_url: str, memory: Memory):
    await memory.inbox.receive(BOT, [an_update(1)])
    store = Store(memory_url)
    with store.reading() as connection:
        fresh = ages.past(connection, memory.now())
        late = ages.past(connection, memory.now() + 601)
    assert (fresh, late) == ({}, {"inbox.waiting": 1})
    await ages.look(store)
    assert ages._PAST.labels("inbox.waiting")._value.get() == (time.time() > memory.now() + 600)
    await store.close()


def test_every_age_says_who_ends_it_and_what_to_do():
    assert all(one.swept_by and one.do for one in ages.AGES)
