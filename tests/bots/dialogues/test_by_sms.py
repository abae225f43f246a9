"""By SMS against the real core: linked from the registered number, a PIN, amounts, and a stranger."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from api.access import persons
from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.db import Store
from api.identity import confirming, proving
from bots.dialogues import collected
from tests.bots.dialogues import scenes
from tests.bots.phones import NUMBER, SmsPlayer
from tests.support import core as real
from tests.support import make

STRANGERS = ("+989990000777", "+989990000778")


class Phone:
    """A phone that writes."""

    def __init__(self, running: real.Running, number: str = NUMBER) -> None:
        self._running = running
        self.core = running.client()
        self.player = SmsPlayer(collected(), self.core, "people", "en", number)

    async def says(self, text: str) -> str:
        heard = await self.player.send(self.player.raw("text", text))
        return "\n".join(one.text for one in heard)

    def waits(self, seconds: float) -> None:
        self.player.now += seconds
        self._running.clock.now += timedelta(seconds=seconds)


@pytest.fixture
async def running(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[real.Running]:
    told = SimpleNamespace(randbelow=lambda _most: int(scenes.CODE))
    monkeypatch.setattr(proving, "secrets", told)
    monkeypatch.setattr(confirming, "secrets", told)
    store.bind.detach()  # type: ignore[union-attr]
    with store.session(writing=True) as session:
        make.rules(session)
        owner = make.person(session, national_code=CODE_OF_OWNER, phone=NUMBER)
        shop = make.workshop(session, contacts=[owner], name="نان سحر", code="0010004521")
        make.debt(session, workshop=shop, principal=12_000_000)
        session.commit()
    with real.running(store, real.Clock(), threads=1) as opened:
        yield opened


CODE_OF_OWNER = make.new_national_code(88_001)


async def test_an_employer_without_a_smartphone(running: real.Running):
    phone = Phone(running)
    assert "Do you agree?" in await phone.says("2")
    await phone.says("1")
    await phone.says(CODE_OF_OWNER)
    assert "We sent a code" in await phone.says("1398/04")
    assert "is now linked to you" in await phone.says(scenes.CODE)
    phone.waits(120)

    said = await phone.says("2")
    assert said.startswith("1 workplace of yours has a debt.")
    assert "rials" not in said
    assert "You have no PIN yet" in await phone.says("2 4831")

    asked = await phone.says("pin")
    assert "four digits" in asked
    [example] = re.findall(r"3 ([0-9]{4})", asked)
    assert "guessed first" in await phone.says(example)
    await phone.says("4831")
    assert "We sent a code" in await phone.says("1")
    assert "Your PIN is set" in await phone.says(scenes.CODE)
    assert "*4521 نان سحر: " in await phone.says("2 4831")
    assert "rials" not in await phone.says("بدهی")
    await phone.core.close()


async def test_a_number_that_is_not_theirs_learns_nothing(running: real.Running):
    heard = []
    for number, code in zip(STRANGERS, (CODE_OF_OWNER, make.new_national_code()), strict=True):
        phone = Phone(running, number)
        heard.append([await phone.says(text) for text in ("2", "1", code, "1398/04")])
        await phone.core.close()
    assert heard[0] == heard[1]
    assert "That is not what we have on file." in heard[0][3]


async def test_a_mother_without_a_chat_ends_what_her_daughters_may_do(
    running: real.Running, store: Store
):
    with store.session(writing=True) as session:
        mother = make.person(session, phone=STRANGERS[0])
        daughter = make.person(session)
        theirs = access.link(
            session,
            chat=ChatAddress("telegram", "people", "501"),
            person_id=daughter.id,
            masked_name="د*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )
        index = mother.phone_index or b""
        persons.add(
            session, link_id=theirs.id, person_id=mother.id, number_index=index, now=make.NOW
        )
        session.commit()
        link_id = theirs.id
    hers, a_strangers = [Phone(running, number) for number in STRANGERS]
    said = await hers.says("no access")
    assert said.startswith("From now on no chat of another sees your record or acts for you.")
    assert await a_strangers.says("no access") == said
    for phone in (hers, a_strangers):
        await phone.core.close()
    with store.session(writing=False) as session:
        assert persons.held(session, link_id) == {}


async def test_nobody_is_added_by_sms(running: real.Running, store: Store):
    with store.session(writing=True) as session:
        person = make.person(session, phone=STRANGERS[0])
        access.link(
            session,
            chat=ChatAddress("sms", "people", STRANGERS[0]),
            person_id=person.id,
            masked_name="د*** آ***",
            language="en",
            level=Level.CODE,
            now=make.NOW,
        )
        session.commit()
    phone = Phone(running, STRANGERS[0])
    said = await phone.says("/add_person")
    assert said == "Nobody else can be added here. In a chat on a messenger it is possible."
    await phone.core.close()
