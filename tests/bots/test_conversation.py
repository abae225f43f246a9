"""The rules of a replay, one by one (talks.md), on small dialogues written for them."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.access.refusals import NotLinked
from api.client import Core
from api.client.organisation import TODAY
from api.errors import Conflict
from api.kit.language import Language, _
from api.organisation.schemas import Today
from bots import log
from bots.replay import BadDialogue
from bots.talk import Ask, Confirm, Dialogues, Do, Finish, Option, Pin, Say, Show, dialogue
from tests.bots import trials
from tests.bots.players import Heard, TerminalPlayer
from tests.bots.pretend import PretendKnocker, core_on

ONE_TWO = [Option("one", _("The one")), Option("two", _("The two"))]


class Person:
    """Somebody who talks English with a few dialogues."""

    def __init__(self, *house: Any, knocker: PretendKnocker | None = None) -> None:
        self.knocker = knocker or trials.new_knocker()
        core = trials.new_core(self.knocker)
        self.player = TerminalPlayer(Dialogues(house), core, "employers", "en")

    async def say(self, text: str) -> str:
        return _text(await self.player.send({"chat": "501", "text": text}))

    async def tap(self, data: str) -> str:
        return _text(await self.player.send({"chat": "501", "tap": data}))

    def becomes(self, *house: Any) -> None:
        """A release changes the dialogues."""
        self.player.dialogues = Dialogues(house)

    @property
    def talk(self) -> log.Talk:
        talk = log.open_talk(self.player.chat)
        assert talk is not None
        return talk

    def calls(self, path: str) -> list[dict[str, Any]]:
        return [facts for door, facts, _knock in self.knocker.calls if door.endswith(path)]

    def keys(self, path: str) -> list[str]:
        return [str(k.key) for door, _facts, k in self.knocker.calls if door.endswith(path)]


def _text(heard: list[Heard]) -> str:
    return "\n".join(message.text for message in heard)


def a_dialogue(name: str, script: Callable[..., Any], **kind: Any) -> Any:
    return dialogue(name, words=_("It"), public=True, **kind)(script)


async def test_a_name_used_twice_is_a_bug_that_shows():
    async def twice(_core: Core) -> None:
        await Ask("kind", _("Which?"), ONE_TWO)
        await Ask("kind", _("Which again?"), ONE_TWO)

    person = Person(a_dialogue("it", twice))
    await person.say("/it")
    with pytest.raises(BadDialogue, match="twice"):
        await person.say("1")


async def test_a_yes_that_is_written_sends_no_summary_but_the_one_that_was_read():
    person = Person(trials.booklet)
    for said in ("/booklet", "1", "1"):
        shown = await person.say(said)
    assert "12,500 rials" in shown
    person.player.now += 7_200
    assert "12,500 rials" in await person.say("yes"), "the offer may be another one by now"
    assert person.calls("/trial/request") == []
    assert "is on its way" in await person.say("yes")


async def test_a_place_is_shown_once_before_the_question():
    async def shows(_core: Core) -> None:
        await Show([Pin(35.7, 51.34, "Branch 12", "Azadi")])
        await Ask("kind", _("Which?"), ONE_TWO)

    person = Person(a_dialogue("it", shows))
    assert (await person.say("/it")).startswith("Branch 12\nAzadi\ngeo:35.7,51.34\nWhich?")
    assert "geo:" not in await person.say("perhaps")


async def test_a_dialogue_that_waits_for_anything_else_is_a_bug_that_shows():
    async def waits(_core: Core) -> None:
        await asyncio.sleep(0)

    with pytest.raises(BadDialogue, match="no word of a dialogue"):
        await Person(a_dialogue("it", waits)).say("/it")


async def test_a_question_added_by_a_release_is_asked_and_a_removed_one_forgotten():
    async def before(_core: Core) -> None:
        first = await Ask("first", _("First?"), ONE_TWO)
        gone = await Ask("gone", _("Gone?"), ONE_TWO)
        third = await Ask("third", _("Third?"), ONE_TWO)
        await Say(_("{a}{b}{c}"), a=str(first), b=str(gone), c=str(third))

    async def after(_core: Core) -> None:
        new = await Ask("new", _("New?"), ONE_TWO)
        first = await Ask("first", _("First?"), ONE_TWO)
        third = await Ask("third", _("Third?"), ONE_TWO)
        await Say(_("{a}{b}{c}"), a=str(new), b=str(first), c=str(third))

    person = Person(a_dialogue("it", before))
    await person.say("/it")
    await person.say("1")
    assert "Third?" in await person.say("2")
    person.becomes(a_dialogue("it", after))
    assert "New?" in await person.say("1"), "the message answered a question that is not open now"
    assert "Third?" in await person.say("2")
    assert "twoonetwo" in await person.say("2")


async def test_an_answer_that_is_no_option_any_more_is_asked_again():
    options = list(ONE_TWO)

    async def changing(_core: Core) -> None:
        kind = await Ask("kind", _("Which?"), options)
        await Ask("next", _("Next?"), ONE_TWO)
        await Say(_("{kind}"), kind=str(kind))

    person = Person(a_dialogue("it", changing))
    await person.say("/it")
    assert "Next?" in await person.say("2")
    options[:] = [Option("three", _("The three"))]
    assert "Which?" in await person.say("?")
    assert "Next?" in await person.say("the three")


async def test_a_digit_means_the_line_that_was_seen_even_when_the_list_has_changed():
    options = list(ONE_TWO)

    async def changing(_core: Core) -> None:
        kind = await Ask("kind", _("Which?"), options)
        await Say(_("It is {kind}."), kind=str(kind))

    person = Person(a_dialogue("it", changing))
    await person.say("/it")
    options.insert(0, Option("zero", _("The zero")))
    assert "It is one." in await person.say("1")


async def test_what_an_answer_makes_untrue_is_asked_of_the_core_again():
    person = Person(trials.booklet)
    for line in ("/booklet", "1", "1"):
        await person.say(line)
    assert person.talk["revision"] == 0
    assert len(person.calls("/trial/offer")) == 1
    await person.say("2")
    await person.say("1")
    assert "Kind: A renewal" in await person.say("2")
    assert [facts["kind"] for facts in person.calls("/trial/offer")] == ["first", "renewal"]
    assert len(set(person.keys("/trial/offer"))) == 2, "new facts, new key"
    assert person.talk["revision"] == 1


async def test_answers_of_a_path_left_are_kept_for_coming_back():
    person = Person(trials.booklet)
    for line in ("/booklet", "3", "2", "1"):
        text = await person.say(line)
    assert "Stolen" in text
    await person.say("2")
    await person.say("1")
    assert "Stolen" not in await person.say("1")
    await person.say("2")
    await person.say("1")
    assert "Stolen" in await person.say("3")


async def test_the_same_turn_done_again_knocks_with_the_same_key():
    person = Person(trials.booklet)
    for line in ("/booklet", "1", "1"):
        await person.say(line)
    before = person.player.state
    assert "B-1" in await person.say("1")
    person.player.state = before
    assert "B-1" in await person.say("1"), "a crash before the commit: the same result"
    assert person.knocker.changes("/trial/request") == 1
    first, second = person.keys("/trial/request")
    assert first == second


async def test_another_chat_and_a_lost_memory_have_other_keys():
    person, other = Person(trials.booklet), Person(trials.booklet)
    other.player.state = json.dumps(log.new_chat("another salt", "en"))
    for line in ("/booklet", "1", "1"):
        await person.say(line)
        await other.say(line)
    assert person.keys("/trial/offer") != other.keys("/trial/offer")


async def test_a_refusal_is_kept_and_raised_again():
    asked = 0

    def refused() -> Today:
        nonlocal asked
        asked += 1
        raise Conflict

    async def caught(core: Core) -> None:
        await Ask("first", _("First?"), ONE_TWO)
        try:
            await Do("today", core.organisation.today)
        except Conflict:
            await Say(_("So be it."))
        await Ask("next", _("Next?"), ONE_TWO)
        await Ask("last", _("Last?"), ONE_TWO)

    person = Person(a_dialogue("it", caught))
    person.knocker.answers[TODAY] = refused
    await person.say("/it")
    text = await person.say("1")
    assert "So be it." in text
    assert "Next?" in text
    text = await person.say("1")
    assert "So be it." not in text, "said once"
    assert "Last?" in text
    assert asked == 1
    await person.say("back")
    await person.say("back")
    assert "So be it." in await person.say("2"), "an earlier answer was given anew"
    assert asked == 2


async def test_a_summary_shows_the_last_try_alone():
    async def trying(_core: Core) -> None:
        for turn in count(1):
            if await Ask(f"which.{turn}", _("Which?"), ONE_TWO) == "two":
                break
        await Ask("other", _("And?"), ONE_TWO)
        await Confirm(_("Send it?"))

    person = Person(a_dialogue("it", trying))
    for line in ("/it", "1", "1", "2"):
        await person.say(line)
    summary = await person.say("1")
    assert summary.partition("Send it?")[0].split("\n")[:2] == ["Which: The two", "And: The one"]
    assert "Which: The one" not in summary
    await person.say("2")
    await person.say("1")
    assert "Which: The one" not in await person.say("2")


async def test_an_uncaught_refusal_offers_to_change_a_line():
    async def refusing(core: Core) -> None:
        await Ask("first", _("First?"), ONE_TWO)
        await Do("today", core.organisation.today)
        await Say(_("Done."))

    person = Person(a_dialogue("it", refusing))
    person.knocker.answers[TODAY] = lambda: _raise(Conflict())
    await person.say("/it")
    text = await person.say("1")
    assert "This has changed in the meantime." in text
    assert "Which line" in await person.say("1")
    assert "First?" in await person.say("1")
    person.knocker.answers[TODAY] = Today(day=date(2026, 12, 2))
    assert "Done." in await person.say("2")


def _raise(error: Exception) -> Any:
    raise error


async def test_an_accepted_finish_closes_what_was_before_it():
    async def closing(core: Core) -> None:
        await Ask("first", _("First?"), ONE_TWO)
        await Finish("today", core.organisation.today)
        await Ask("happy", _("Are you happy?"), ONE_TWO)
        await Ask("why", _("Why?"), ONE_TWO)
        if await Confirm(_("Send that?")):
            await Say(_("Thank you."))

    person = Person(a_dialogue("it", closing))
    person.knocker.answers[TODAY] = Today(day=date(2026, 12, 2))
    await person.say("/it")
    assert "Are you happy?" in await person.say("1")
    assert "Why?" in await person.say("1")
    assert "Are you happy?" in await person.say("back")
    assert "What would you like to do?" in await person.say("back"), "no way behind the finish"
    assert "Are you happy?" in await person.tap("0.go_on|1")
    await person.say("1")
    text = await person.say("1")
    assert "First" not in text, "the summary has only what can be changed"
    person.player.now += 7200
    assert "Thank you." in await person.say("1")
    assert len(person.calls("/organisation/today")) == 1, "what was finished is not read again"


async def test_results_are_read_again_after_an_hour_and_answers_are_kept():
    person = Person(trials.booklet)
    for line in ("/booklet", "1", "1"):
        await person.say(line)
    person.player.now += 3500
    assert "Send it?" in await person.say("?")
    assert len(person.calls("/trial/offer")) == 1
    person.player.now += 3700
    text = await person.say("1")
    assert "This button belongs to an earlier talk." in text, "it was a summary of older facts"
    assert "Send it?" in text
    assert len(person.calls("/trial/offer")) == 2
    assert "B-1" in await person.say("1")


async def test_a_refused_confirmation_sends_nothing():
    person = Person(trials.booklet)
    for line in ("/booklet", "1", "1"):
        await person.say(line)
    assert "Nothing was changed." in await person.say("0")
    assert person.knocker.changes("/trial/request") == 0


async def test_what_was_typed_and_what_the_core_said_is_sealed():
    person = Person(trials.booklet)
    for line in ("/booklet", "1", "2", "Hidden street 77"):
        await person.say(line)
    state = person.player.state
    assert "Hidden" not in state
    assert "12500" not in state
    assert '"option": "first"' in state
    assert len(state) < 4000


async def test_a_sealed_value_opens_in_its_own_place_alone():
    person = Person(trials.booklet)
    for line in ("/booklet", "1", "2", "Hidden street 77"):
        await person.say(line)
    chat = person.player.chat
    chat["talks"][0]["no"] = 9
    person.player.state = json.dumps(chat)
    with pytest.raises(ValueError, match="sealed for another place"):
        await person.say("?")


async def test_nothing_is_kept_of_a_talk_that_ended():
    person = Person(trials.booklet)
    for line in ("/booklet", "1", "1", "1"):
        await person.say(line)
    assert person.player.chat["talks"] == []


async def test_a_switch_of_language_is_told_to_the_core_until_it_heard():
    person = Person(trials.booklet)
    person.knocker.away = True
    await person.tap("0.language|fa")
    assert person.player.chat["untold"] == "fa"
    person.knocker.away = False
    await person.player.wake()
    assert "untold" not in person.player.chat
    assert person.calls("/preferences/language")[-1] == {"language": "fa"}


async def test_what_is_said_while_a_talk_waits_for_the_core_is_heard_when_it_ends():
    async def today(core: Core) -> None:
        await Do("today", core.organisation.today)
        await Say(_("The one"))

    async def other(_core: Core) -> None:
        await Say(_("The other"))

    person = Person(a_dialogue("it", today), a_dialogue("other", other))
    person.knocker.away = True
    await person.say("/it")
    person.knocker.away = False
    person.knocker.answers[TODAY] = Today(day=date(2026, 12, 2))
    heard = await person.say("other")
    assert heard.index("The one") < heard.index("The other")
    assert await person.say("other") == heard.partition("The one")[2].strip()


async def test_an_unlinked_person_is_linked_first_and_then_gets_what_was_asked_for():
    person = Person(trials.booklet, trials.meeting, trials.about)
    person.knocker.linked = False
    assert "we first link this chat to you" in await person.tap("about_it|K7Q2M4XD")
    await person.player.send({"chat": "501", "contact": {"phone": "+989121234567", "own": True}})
    await person.say("0012345679")
    text = await person.say("123456")
    assert "Linked." in text
    assert "It says: it is so" in text


async def test_a_meeting_that_links_nobody_does_not_begin_again():
    async def empty(_core: Core) -> None:
        await Say(_("Not today."))

    async def needs(core: Core) -> None:
        await Do("today", core.organisation.today)

    person = Person(a_dialogue("meet", empty, start=True), a_dialogue("it", needs))
    person.knocker.linked = False
    person.knocker.answers[TODAY] = lambda: _raise(NotLinked())
    assert "Not today." in await person.say("/it")


async def test_at_most_five_talks_wait_beside_the_open_one():
    def one(n: int) -> Any:
        async def script(_core: Core) -> None:
            await Ask("first", _("First?"), ONE_TWO)
            await Ask("next", _("Next?"), ONE_TWO)

        return a_dialogue(f"it{n}", script)

    person = Person(*(one(n) for n in range(9)))
    for n in range(9):
        await person.say(f"/it{n}")
        await person.say("1")
    assert len(person.player.chat["talks"]) == 6


LINES = [
    "menu",
    "1",
    "2",
    "3",
    "9",
    "0",
    "back",
    "/booklet",
    "cancel",
    "By post",
    "yes",
    "12 White street",
]


@settings(max_examples=40, deadline=None)
@given(
    # Words of a language mean nothing in another one; numbers and commands are everybody's.
    st.lists(st.sampled_from([line for line in LINES if line != "By post"]), max_size=14),
    st.randoms(use_true_random=False),
)
async def test_the_language_changes_words_and_nothing_else(lines: list[str], chance: Any):
    steady, switching = Person(trials.booklet), Person(trials.booklet)
    for line in ["/booklet", *lines]:
        switching.player.speak(chance.choice(tuple(Language)))
        await steady.say(line)
        await switching.say(line)
        assert _bare(steady.player.chat) == _bare(switching.player.chat)


def _bare(chat: log.Chat) -> Any:
    talks = [
        (talk["dialogue"], talk["state"], talk["asking"], sorted(talk["steps"]))
        for talk in chat["talks"]
    ]
    return talks, chat["shown"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=14), st.randoms(use_true_random=False))
async def test_a_turn_that_was_not_kept_is_done_again_and_changes_nothing_twice(
    lines: list[str], chance: Any
):
    person = Person(trials.booklet)
    sent = 0
    for line in ["/booklet", *lines]:
        before = person.player.state
        first = await person.say(line)
        sent += "is on its way" in first
        if chance.random() < 0.5:
            person.player.state = before
            assert await person.say(line) == first
    assert person.knocker.changes("/trial/request") == sent


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=70))
async def test_no_tap_data_raises_or_changes_an_answer(data: str):
    person = Person(trials.booklet)
    await person.say("/booklet")
    await person.say("1")
    steps = person.talk["steps"]
    assert await person.tap(data or "|")
    assert person.talk["steps"] == steps


def test_the_core_of_the_tests_is_the_real_client():
    assert isinstance(core_on(PretendKnocker()), Core)
