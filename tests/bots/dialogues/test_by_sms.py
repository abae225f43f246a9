"""By SMS against the real core: linked from the registered number, a PIN, amounts, and a stranger."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from api.db import Store
from api.identity import confirming
from api.identity import service as identity
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
    monkeypatch.setattr(identity, "secrets", told)
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
    assert "A code of 6 digits" in await phone.says("1398/04")
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
    assert "A code of 6 digits" in await phone.says("1")
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
