"""A talk goes on in another chat by a code: once, with its answers, for the same person alone."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select, update

from api import db
from api.access.schemas import Me
from api.client import knock
from api.client.access import ME
from api.kit.language import Language
from api.kit.message import Message
from bots import carrying
from bots.adapters.plain import PlainAdapter
from bots.adapters.terminal import TerminalChannel
from bots.inbox import Update
from bots.memory import Memory
from bots.moves import Overtaken
from bots.tables import carried, chats, metadata
from bots.turns import Worker
from tests.bots import trials
from tests.bots.conftest import Clock
from tests.bots.pretend import GRANTS, PretendKnocker

PHONE, PAGE = ("telegram:employers", "501"), ("web:employers", "a-visitor")
PEOPLE = ("telegram:people", "501")
MINA, OMID = "mark of mina", "mark of omid"
OPENS_NOTHING = "This code opens nothing here."
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")

Chat = tuple[str, str]


class Bot(PlainAdapter):
    """A bot on a messenger of the test's."""

    def __init__(self, name: str, hear: Callable[[str, Message], None]) -> None:
        self.messenger, _colon, audience = name.partition(":")
        super().__init__(audience, TerminalChannel(hear))


@dataclass
class House:
    """The bots of several messengers at work on one memory; who is who is said in `people`."""

    memory: Memory
    clock: Clock
    people: dict[Chat, str] = field(default_factory=lambda: {PHONE: MINA, PAGE: MINA, PEOPLE: MINA})
    knocker: PretendKnocker = field(default_factory=trials.new_knocker)
    heard: dict[Chat, list[str]] = field(default_factory=dict)
    number: int = 0

    def __post_init__(self) -> None:
        self.knocker.answers[ME] = self._me
        bots = [self._bot(name) for name in (PHONE[0], PAGE[0], PEOPLE[0])]
        self.worker = Worker(
            self.memory,
            {bot.name: bot for bot in bots},
            trials.DIALOGUES,
            trials.new_core(self.knocker),
            db.keys(),
            sleep=self.clock.sleep,
        )

    async def say(self, chat: Chat, *lines: str, **raw: Any) -> str:
        """Write lines in a chat; gives what was said last there."""
        for line in lines or ("",):
            self.number += 1
            update_ = {"update_id": self.number, "chat": chat[1], "text": line, **raw}
            await self.memory.inbox.receive(
                chat[0], [Update(self.number, chat[1], json.dumps(update_))]
            )
            await self.worker.drain()
            self.clock.pass_(5)
            await self.worker.drain()
        return self.heard[chat][-1]

    async def begin(self, chat: Chat = PHONE) -> str:
        """Answer two questions of a booklet's talk and ask for a code; gives it."""
        await self.say(chat, "hi", "2", "1", "1")
        said = await self.say(chat, "elsewhere")
        found = CODE.search(said)
        assert found, said
        return found[0]

    def _bot(self, name: str) -> Bot:
        return Bot(
            name, lambda chat, message: self.heard.setdefault((name, chat), []).append(message.text)
        )

    def _me(self) -> Me:
        knocking = knock.current.get()
        assert knocking is not None
        messenger, audience, chat = str(knocking.chat).split(":", 2)
        person = self.people.get((f"{messenger}:{audience}", chat))
        return Me(
            linked=person is not None,
            name="م***" if person else None,
            language="en",
            grants=GRANTS[:1] if person else [],
            person=person,
        )


@pytest.fixture
def house(memory: Memory, clock: Clock) -> House:
    return House(memory, clock)


async def test_a_talk_goes_on_where_its_code_is_written(house: House):
    code = await house.begin()
    assert "How shall it reach you?" in house.heard[PHONE][-1], "until then it goes on here"
    await house.say(PAGE, "hi", "2")
    said = await house.say(PAGE, code)
    assert "“A booklet” goes on here." in said
    assert "How shall it reach you?" in said
    assert "now goes on in another chat" in house.heard[PHONE][-1]
    assert "Request B-1" in await house.say(PAGE, "1", "1")
    assert "What would you like to do?" in await house.say(PHONE, "1")
    assert house.knocker.changes("/trial/request") == 1


@pytest.mark.parametrize("written", ["elsewhere {}", "جای دیگر {}", "/start resume-{}", "{}"])
async def test_a_code_is_understood_however_it_is_brought(house: House, written: str):
    code = (await house.begin()).replace("-", "").lower()
    await house.say(PAGE, "hi", "2")
    assert "goes on here" in await house.say(PAGE, written.format(code))


async def test_a_deep_link_brings_a_talk_to_a_new_chat_in_its_language(house: House):
    await house.say(PHONE, "hi", "3", "1", "1")
    code = CODE.search(await house.say(PHONE, "مكان آخر"))
    assert code
    await house.say(PAGE, start=f"resume-{code[0].replace('-', '')}")
    state = await state_of(house, PAGE)
    assert state["language"] == Language.AR
    assert [talk["dialogue"] for talk in state["talks"]] == ["booklet"]


async def test_a_typed_answer_goes_along_and_no_result_does(house: House):
    await house.say(PHONE, "hi", "2", "1", "1", "2", "Azadi 12")
    offered = house.knocker.changes("/trial/offer")
    code = CODE.search(await house.say(PHONE, "elsewhere"))
    assert code
    said = await house.say(PAGE, "hi", "2", code[0])
    assert "Azadi 12" in said
    assert house.knocker.changes("/trial/offer") == offered + 1, "asked anew, in its own name"
    [talk] = (await state_of(house, PAGE))["talks"]
    assert talk["grant"] == str(GRANTS[0].id)


async def test_a_code_opens_once(house: House):
    code = await house.begin()
    await house.say(PAGE, "hi", "2", code, "cancel")
    assert OPENS_NOTHING in await house.say(PAGE, f"elsewhere {code}")
    assert OPENS_NOTHING in await house.say(PHONE, f"elsewhere {code}")


async def test_unknown_late_and_anothers_codes_are_told_alike(house: House):
    code = await house.begin()
    await house.say(PAGE, "hi", "2")
    unknown = await house.say(PAGE, "elsewhere 7777-7777")
    house.people[PAGE] = OMID
    anothers = await house.say(PAGE, f"elsewhere {code}")
    house.people[PAGE] = MINA
    house.clock.pass_(carrying.CODE_SECONDS)
    late = await house.say(PAGE, f"elsewhere {code}")
    assert unknown == anothers == late
    assert OPENS_NOTHING in late
    [talk] = (await state_of(house, PHONE))["talks"]
    assert talk["dialogue"] == "booklet", "and it stays where it was"


async def test_a_code_of_one_bot_opens_nothing_at_another(house: House):
    code = await house.begin()
    await house.say(PEOPLE, "hi", "2")
    assert OPENS_NOTHING in await house.say(PEOPLE, f"elsewhere {code}")


async def test_a_chat_that_is_nobodys_is_linked_first(house: House):
    code = await house.begin()
    del house.people[PAGE]
    await house.say(PAGE, "hi", "2", "menu")
    said = await house.say(PAGE, f"elsewhere {code}")
    assert "First link this chat to you" in said
    assert "booklet" not in said.lower()
    house.people[PAGE] = MINA
    await house.say(PAGE, "cancel")
    assert "goes on here" in await house.say(PAGE, code)


async def test_five_wrong_codes_lock_the_chat_for_a_while(house: House):
    code = await house.begin()
    await house.say(PAGE, "hi", "2")
    for number in range(carrying.GUESSES):
        assert OPENS_NOTHING in await house.say(PAGE, f"elsewhere 7777-777{number}")
    assert "closed for a while" in await house.say(PAGE, f"elsewhere {code}")
    assert "goes on here" not in await house.say(PAGE, code)
    house.clock.pass_(carrying.LOCKED_SECONDS)
    again = CODE.search(await house.say(PHONE, "elsewhere"))
    assert again
    assert "goes on here" in await house.say(PAGE, f"elsewhere {again[0]}")


async def test_codes_that_are_written_alone_are_guesses_too(house: House):
    code = await house.begin()
    await house.say(PAGE, "hi", "2")
    for number in range(carrying.GUESSES):
        await house.say(PAGE, f"7777-777{number}")
    assert "closed for a while" in await house.say(PAGE, f"elsewhere {code}")


async def test_an_answer_is_no_code_while_a_question_takes_text(house: House):
    code = await house.begin()
    await house.say(PAGE, "hi", "2", "1", "1", "2")
    said = await house.say(PAGE, code)
    assert "goes on here" not in said
    assert "Send it?" in said, "it was taken for the address that was asked for"


async def test_a_new_code_ends_the_one_before(house: House):
    first = await house.begin()
    second = CODE.search(await house.say(PHONE, "elsewhere"))
    assert second
    await house.say(PAGE, "hi", "2")
    assert OPENS_NOTHING in await house.say(PAGE, f"elsewhere {first}")
    assert "goes on here" in await house.say(PAGE, f"elsewhere {second[0]}")


async def test_where_no_talk_is_open_there_is_nothing_to_carry(house: House):
    await house.say(PHONE, "hi", "2")
    assert "nothing here that could go on" in await house.say(PHONE, "elsewhere")
    assert await codes_kept(house) == []


async def test_the_proof_of_who_somebody_is_stays_in_its_chat(house: House):
    del house.people[PHONE]
    await house.say(PHONE, "hi", "2", "/start")
    assert "nothing here that could go on" in await house.say(PHONE, "elsewhere")


async def test_a_talk_that_waits_for_the_core_stays_where_it_is(house: House):
    await house.say(PHONE, "hi", "2", "1", "1")
    house.knocker.away = True
    await house.say(PHONE, "1")
    assert "nothing here that could go on" in await house.say(PHONE, "elsewhere")


async def test_a_talk_that_has_sent_something_stays_where_it_was_sent():
    talk = {"asking": "1.more", "closed": ["request"], "steps": {}}
    booklet = trials.DIALOGUES.named("booklet", ("employers",))
    assert booklet is not None
    assert not carrying.may_go(talk, booklet)  # type: ignore[arg-type]
    assert carrying.may_go({**talk, "closed": []}, booklet)  # type: ignore[typeddict-item]


async def test_nothing_is_moved_while_the_core_cannot_say_who_is_who(house: House):
    code = await house.begin()
    await house.say(PAGE, "hi", "2")
    house.knocker.away = True
    assert "We cannot reach the information" in await house.say(PAGE, f"elsewhere {code}")
    house.knocker.away = False
    assert "goes on here" in await house.say(PAGE, code)


async def test_a_talk_does_not_leave_a_chat_that_is_being_worked_on(house: House):
    code = await house.begin()
    await house.say(PAGE, "hi", "2")
    key = house.memory.inbox.key_of(*PHONE)
    with house.memory.store.writing("test.lease") as connection:
        until = house.clock.now + 20
        held = update(chats).where(chats.c.key == key)
        connection.execute(held.values(lease="another", lease_until=until))
    house.number += 1
    raw = json.dumps({"update_id": house.number, "chat": PAGE[1], "text": code})
    await house.memory.inbox.receive(PAGE[0], [Update(house.number, PAGE[1], raw)])
    working = asyncio.create_task(house.worker.drain())
    await asyncio.wait_for(working, 60)
    assert house.clock.now > until
    assert "goes on here" in house.heard[PAGE][-1]


async def test_of_two_chats_that_bring_a_code_at_once_one_gets_the_talk(house: House):
    code = await house.begin()
    other = (PAGE[0], "another-visitor")
    house.people[other] = MINA
    for chat in (PAGE, other):
        await house.say(chat, "hi", "2")
        house.number += 1
        raw = json.dumps({"update_id": house.number, "chat": chat[1], "text": f"elsewhere {code}"})
        await house.memory.inbox.receive(chat[0], [Update(house.number, chat[1], raw)])
    await house.worker.drain()
    house.clock.pass_(5)
    await house.worker.drain()
    brought = [chat for chat in (PAGE, other) if "goes on here" in house.heard[chat][-1]]
    assert len(brought) == 1
    talks = [await state_of(house, chat) for chat in (PHONE, PAGE, other)]
    assert sum(len(state["talks"]) for state in talks) == 1


async def test_a_move_that_is_overtaken_changes_nothing(house: House):
    code = (await house.begin()).replace("-", "")
    origin = await house.memory.moves.origin(code)
    assert origin is not None
    move = carrying.Move(code, origin, carrying.left_behind(origin), Message("gone"))
    await house.say(PHONE, "1")
    with pytest.raises(Overtaken), house.memory.store.writing("test.move") as connection:
        house.memory.moves.move(connection, move)
    assert len((await state_of(house, PHONE))["talks"]) == 1
    assert len(await codes_kept(house)) == 1


async def test_a_code_stands_nowhere_in_clear(house: House):
    code = (await house.begin()).replace("-", "")
    await house.say(PAGE, "hi", "2", f"elsewhere {code}")
    with house.memory.store.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).all():
                assert code not in str(row)
    assert code not in repr(carrying.Offer(code, 1))


async def state_of(house: House, chat: Chat) -> dict[str, Any]:
    with house.memory.store.reading() as connection:
        state = connection.scalar(
            select(chats.c.state).where(chats.c.key == house.memory.inbox.key_of(*chat))
        )
    found: dict[str, Any] = json.loads(state or "{}")
    return found


async def codes_kept(house: House) -> list[Any]:
    with house.memory.store.reading() as connection:
        return list(connection.execute(select(carried)).all())
