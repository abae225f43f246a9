"""Every question and every button of the talks, tapped with what was never offered there.

A tap names a talk, a question and an option, and authorises nothing: data of another question, of
another person or of nobody answers nothing, and nothing is done for it (guarantees.md, "Buttons").
"""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.db import Store, open_store
from api.notices import service as notices
from api.notices.models import Notice
from api.payments import gateway
from api.people import service as people
from api.people.models import Person
from bots import dialogues, log
from bots.reply import DATA_BYTES
from tests.bots import invented, walker
from tests.bots.dialogues.house import GATEWAY
from tests.bots.players import CHAT, TerminalPlayer
from tests.bots.pretend import PretendKnocker, core_on
from tests.bots.sweeping import Asked, found_by_walking
from tests.bots.test_sweep import NOT_IN_CHATS, _wanted
from tests.matrix.test_doors import counting
from tests.matrix.town import House, settle
from tests.support import core as real
from tests.support import luck, make, models

DIALOGUES = dialogues.collected()
HARMLESS = frozenset({"POST /v1/notices/check"})
"""Asks whether a code is ours: whoever has the code may, and nothing but their budget changes."""
SHORT = {("bots.dialogues.records", line) for line in range(1000)}


@pytest.mark.parametrize(
    "taps", [6, pytest.param(60, marks=pytest.mark.faults)], ids=["short", "long"]
)
async def test_what_was_not_offered_does_nothing(taps: int, record_property: Any):
    chance = random.Random(luck.seed())
    every = _wanted(NOT_IN_CHATS)
    # The short run walks until the questions about one's record were met, the long one to the end.
    wanted = every if taps > 6 else {min(place for place in every if place in SHORT)}
    asked = list((await found_by_walking("terminal", wanted)).values())
    offered = {one: await _offered(one) for one in asked}
    done: list[str] = []
    tried = 0
    for one in asked:
        strange = _strange(one, offered, chance)
        for data in chance.sample(strange, min(taps, len(strange))):
            done += [
                f"{one.dialogue}.{one.name} {data!r}: {what}" async for what in _done(one, data)
            ]
            tried += 1
    assert not done, "\n".join(done)
    assert len(asked) > 10
    record_property(
        "told", f"G12 buttons: {tried} strange taps at {len(asked)} questions: 0 effects"
    )


def _player(one: Asked) -> tuple[TerminalPlayer, PretendKnocker]:
    knocker = invented.new_knocker(
        random.Random(1405),
        linked=one.dialogue != "link",
        workplaces=1,
        noes=False,
        audience=one.address.audience,
    )
    player = TerminalPlayer(DIALOGUES, core_on(knocker), one.address.audience)
    player.state, player.address, player.now = one.state, one.address, one.now
    return player, knocker


async def _offered(one: Asked) -> set[str]:
    """All that can be tapped at a question."""
    player, _knocker = _player(one)
    heard = await player.again()
    reply = player.replies[-1]
    return {
        *walker.taps(player, heard),
        *(line.data for line in reply.lines),
        *(line.data for _digit, line in reply.ways),
        *player.chat["shown"].values(),
    }


def _strange(one: Asked, offered: dict[Asked, set[str]], chance: random.Random) -> list[str]:
    """Data that this question does not have: of others, its own with another option, and noise."""
    own = offered[one]
    stems = {data.rpartition("|")[0] for data in own}
    others = {
        data
        for data in set[str]().union(*offered.values()) - own
        if data.rpartition("|")[0] not in stems and "~" not in data
    }
    forged = {
        f"{stem}|{option}"[:DATA_BYTES]
        for stem in stems
        for option in (str(uuid4()), "yes!", "~", "0", "' OR 1=1 --", "\u202e", "9" * 30)
    }
    noise = {"|", "~", "1.|", "999.confirm|yes", f"{chance.randrange(99)}.x|y", "\x00", "🙂" * 16}
    return sorted((others | forged | noise) - own)


async def _done(one: Asked, data: str) -> Any:
    """What a tap has brought about."""
    player, knocker = _player(one)
    before = log.open_talk(player.chat)
    assert before is not None
    await player.send(player.raw("tap", data))
    for call, _said, _knock in knocker.calls:
        if not call.startswith("GET ") and call not in HARMLESS:
            yield call
    for talk in player.chat["talks"]:
        if talk["no"] == before["no"] and talk["steps"] != before["steps"]:
            yield f"answered {set(talk['steps']) - set(before['steps'])}"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store on one connection: which one it is makes no difference to a talk."""
    opened = open_store(f"sqlite:///{tmp_path / 'core.db'}")
    models.create(opened)
    with opened.bind.engine.connect() as connection:
        connection.detach()
        outer = connection.begin()
        yield Store(connection)
        outer.rollback()


@pytest.mark.parametrize("audience", ["people", "employers"])
async def test_button_of_anothers_notice_is_one_of_no_notice(
    audience: str, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gateway, "of", lambda _settings: None)
    statements: list[str] = []
    with real.running(store, real.Clock(), threads=1, **GATEWAY) as running:
        with store.writing("test") as session:
            mine, theirs = settle(session).houses
            _linked(session, mine, audience)
            found = {notice.template: notice for notice in _notices(session, theirs)}
            for notice in found.values():
                notice.code = notices.code_of(notice.id)
            # One of each house of notices: of a debt, and of money.
            codes = [found[one].code or "" for one in ("debt_notice", "payment_receipt")]
        marks = set[str]().union(*(one.marks for one in theirs.parties.values())) - set(codes)
        with counting(store, statements):
            async with running.client() as core:
                for action in sorted(DIALOGUES.actions()):
                    told = []
                    for code in ("ZZZZ9999", *codes):
                        statements.clear()
                        player = TerminalPlayer(DIALOGUES, core, audience, "en")
                        heard = await player.send(player.raw("tap", f"{action}|{code}"))
                        text = json.dumps([[one.text, one.buttons] for one in heard])
                        assert not [mark for mark in marks if mark in text], (action, text)
                        told.append((text.replace(code, "a code"), list(statements)))
                    # Whether a code is ours may be known by anybody: see HARMLESS.
                    if action != "is_it_genuine":
                        assert all(one == told[0] for one in told[1:]), (action, told)


def _linked(session: Any, house: House, audience: str) -> None:
    person = session.get_one(Person, UUID(house.self.things["whom"]))
    access.link(
        session,
        chat=ChatAddress("terminal", audience, CHAT),
        person_id=person.id,
        masked_name=people.masked_name(person),
        language="en",
        level=Level.CODE,
        now=make.NOW,
    )


def _notices(session: Any, house: House) -> Sequence[Notice]:
    found = select(Notice).where(Notice.person_id == UUID(house.self.things["whom"]))
    notices_: Sequence[Notice] = session.scalars(found).all()
    return notices_
