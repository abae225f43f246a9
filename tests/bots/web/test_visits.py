"""What the page keeps of a visit: each thing said once, so many of them, and nothing afterwards."""

import pytest
from sqlalchemy import func, select

from api import db
from api.kit.message import Message
from api.kit.outcome import Accepted, Rejected
from bots.adapters.web import WebChannel
from bots.memory import Memory
from bots.tables import said
from bots.web import visits as visiting
from bots.web.rates import BURST, MOST_ADDRESSES, PER_SECOND, Rates
from bots.web.visits import Visits
from notifier.channels.mouths import Address
from tests.bots.conftest import Clock

BOT = "web:people"


async def test_what_is_repeated_is_said_once(memory: Memory):
    visits = Visits(memory, db.keys())
    _secret, visit = await visits.begin(BOT, address="5.5.5.5", start="")
    mouth = WebChannel(visits)
    for _attempt in range(2):
        outcome = await mouth.send(Address(chat_id=visit.key), Message("سلام"), "web:people:1")
        assert outcome == Accepted()
    assert [one.message.text for one in (await visits.see(visit)).lines] == ["سلام"]


async def test_who_has_left_hears_nothing(memory: Memory):
    visits = Visits(memory, db.keys())
    secret, visit = await visits.begin(BOT, address="5.5.5.5", start="")
    await visits.end(visit)
    outcome = await WebChannel(visits).send(Address(chat_id=visit.key), Message("سلام"), "1")
    assert outcome == Rejected("left", address_dead=True)
    assert await visits.find(BOT, secret) is None


async def test_a_memory_that_is_away_is_tried_again():
    class Gone:
        async def hear(self, key: str, message: Message, reference: str) -> bool:
            raise OSError("no such host")

        async def brought(self, known_by: str) -> bytes | None:
            raise OSError("no such host")

    outcome = await WebChannel(Gone()).send(Address(chat_id="x"), Message("سلام"), "1")
    assert outcome == Rejected("memory_away", again=True)


async def test_a_conversation_is_kept_so_long(memory: Memory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(visiting, "KEPT", 3)
    visits = Visits(memory, db.keys())
    _secret, visit = await visits.begin(BOT, address="5.5.5.5", start="")
    for number in range(8):
        await visits.hear(visit.key, Message(f"{number}"), f"{number}")
    shown = [one.message.text for one in (await visits.see(visit)).lines]
    assert shown == [f"{number}" for number in range(5, 8)]
    with memory.store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(said)) == 3


async def test_a_secret_of_one_page_is_none_of_another(memory: Memory):
    visits = Visits(memory, db.keys())
    secret, visit = await visits.begin(BOT, address="5.5.5.5", start="")
    assert await visits.find(BOT, secret) == visit
    assert await visits.find("web:employers", secret) is None


def test_an_address_knocks_so_often_and_no_more(clock: Clock):
    rates = Rates(lambda: clock.now)
    assert [rates.spend("a") for _knock in range(int(BURST) + 1)].count(False) == 1
    assert rates.spend("b")
    clock.pass_(1)
    assert [rates.spend("a") for _knock in range(int(PER_SECOND) + 1)].count(True) == PER_SECOND


def test_addresses_are_not_counted_without_end(clock: Clock):
    rates = Rates(lambda: clock.now)
    for number in range(MOST_ADDRESSES + 10):
        rates.spend(str(number))
    assert len(rates._full_at) == MOST_ADDRESSES
