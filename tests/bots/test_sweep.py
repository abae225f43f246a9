"""Every question × language × channel: 0 missing, 0 over budget, 0 without a way out.

A question that is added to the dialogues and that nobody met on the walk fails here.
"""

import gettext
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import pytest

from api.kit import speech as spoken
from api.kit.language import DOMAIN, LOCALES, Language
from api.kit.sms import parts
from api.kit.speech import Speech
from bots import dialogues, log, wording
from bots.reply import DATA_BYTES, LINES, Line, Reply
from bots.texting import LIST_PARTS, SHORT_PARTS
from locales.voice import LATIN_WORDS
from tests.bots import invented, walker
from tests.bots.counting import AMOUNT
from tests.bots.phones import SmsPlayer
from tests.bots.players import Heard, Player
from tests.bots.pretend import core_on
from tests.bots.sweeping import Asked, found_by_walking
from tests.bots.transcripts import PLAYERS, Play

DIALOGUES = dialogues.collected()
# By module and name: what is not asked there, and why.
NOT_IN_CHATS: Mapping[tuple[str, str], str] = MappingProxyType({
    ("short", "number"): "a chat lists the requests, and asks for no number alone",
})  # fmt: skip
NOT_BY_SMS: Mapping[tuple[str, str], str] = MappingProxyType({
    ("meeting", "phone"): "the number is known",
    ("meeting", "workplace"): "names are not said to somebody who has proved nothing",
    ("persons", "begin"): "nobody is added by SMS, which is answered to whose number it is alone",
    ("persons", "national_code"): "likewise",
    ("receipts", "then"): "it follows a page, and an SMS opens none",
})  # fmt: skip
_CHATS = tuple(PLAYERS)
_UTF16_UNITS = 4096
"""Of a message of Telegram's and of Bale's."""
# Codes that people type, map addresses: the same in every language.
_CODES = re.compile(r"[A-Z]*[0-9][A-Z0-9]*|geo:\S+")
_WORDS = re.compile("[A-Za-z]{2,}")
_HOLE = re.compile(r"\{[^{}]*\}")
_ISOLATED = re.compile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Sight:
    """What somebody was shown, and which sentences of the catalogue were said for it."""

    player: Player
    speech: Speech
    heard: list[Heard]
    reply: Reply
    said: frozenset[str]

    @property
    def text(self) -> str:
        return "\n".join(one.text for one in self.heard)


async def test_every_question_of_a_chat_is_whole_in_every_language(
    monkeypatch: pytest.MonkeyPatch,
):
    found = await found_by_walking("terminal", _wanted(NOT_IN_CHATS))
    asked = list(found.values())
    assert _unmet(asked) == set(NOT_IN_CHATS)
    faults = [
        fault
        for channel in _CHATS
        for one in asked
        async for fault in _faults(one, channel, monkeypatch)
    ]
    assert not faults, "\n".join(faults)


async def test_every_question_by_sms_is_whole_in_every_language(monkeypatch: pytest.MonkeyPatch):
    found = await found_by_walking("sms", _wanted(NOT_BY_SMS))
    asked = list(found.values())
    assert _unmet(asked) == set(NOT_BY_SMS)
    faults = [fault for one in asked async for fault in _faults(one, "sms", monkeypatch)]
    assert not faults, "\n".join(faults)


def _wanted(but: Mapping[tuple[str, str], str]) -> set[walker.Place]:
    return {place for named, place in _written() if named not in but}


def _unmet(asked: list[Asked]) -> set[tuple[str, str]]:
    """What stands in the source and was not asked."""
    places = {one.place for one in asked}
    return {named for named, place in _written() if place not in places}


def _written() -> Iterator[tuple[tuple[str, str], walker.Place]]:
    for word, name, place in walker.steps(walker.real()):
        if word != "Finish":
            yield (place[0].rpartition(".")[2], name), place


async def _faults(asked: Asked, channel: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is wrong with a question on a channel, in any language and on any page of its lists."""
    core = core_on(
        invented.new_knocker(
            random.Random(1405),
            linked=asked.dialogue != "link",
            workplaces=1,
            noes=False,
            audience="people" if channel == "sms" else asked.address.audience,
        )
    )
    make = SmsPlayer if channel == "sms" else PLAYERS[channel]
    player: Play = make(DIALOGUES, core, asked.address.audience)
    player.address, player.now = asked.address, asked.now
    views: list[dict[str, Any]] = [{}]
    if asked.is_summary:
        views += [{"view": "change"}, *([{"view": "code"}] if channel == "sms" else [])]
    for language in Language:
        for view in views:
            page = 0
            while page is not None:
                show = partial(_shown, player, asked, language, monkeypatch, page=page, **view)
                sights = [await show()]
                if channel == "sms":
                    sights.append(await show(pin=True))
                for sight in sights:
                    for fault in _faults_of(sight, asked, channel):
                        yield f"{asked.dialogue}.{asked.name} {view or ''} {channel} {language}: {fault}"
                more = any(line.data.endswith(f"|~p{page + 1}") for line in sights[0].reply.lines)
                page = page + 1 if more else None  # type: ignore[assignment]
        if channel in {"terminal", "sms"}:
            async for fault in _faults_of_ways(player, asked, language):
                yield f"{asked.dialogue}.{asked.name} {channel} {language}: {fault}"
    await player.adapter.close()


async def _shown(
    player: Player,
    asked: Asked,
    language: Language,
    monkeypatch: pytest.MonkeyPatch,
    *,
    pin: bool = False,
    **view: Any,
) -> Sight:
    said: set[str] = set()
    translated = spoken._translated

    def noted(to: Language, msgid: str, plural: str, count: int) -> Any:
        if to is language:
            said.add(msgid)
        return translated(to, msgid, plural, count)

    player.state = asked.talking(**view)
    player.speak(language)
    speech = Speech(language, player.address.medium, discreet=player.address.by_sms and not pin)
    with monkeypatch.context() as patched:
        patched.setattr(spoken, "_translated", noted)
        player.discreet = False if pin else None
        heard = await player.again()
    return Sight(player, speech, heard, player.replies[-1], frozenset(said))


def _faults_of(sight: Sight, asked: Asked, channel: str) -> Iterator[str]:
    talk = log.open_talk(sight.player.chat)
    if talk is None or talk["state"] != "open":
        yield "it is not asked again"
        return
    yield from _faults_of_words(sight, asked)
    yield from _faults_of_lines(sight, asked, talk)
    yield from _faults_without_buttons(sight)
    if channel == "sms":
        yield from _faults_by_sms(sight, asked)


def _faults_of_words(sight: Sight, asked: Asked) -> Iterator[str]:
    text, language = sight.text, sight.speech.language
    if not text.strip():
        yield "no words"
    if language is not Language.EN:
        missing = {one for one in sight.said - _translations(language) if _has_words(one)}
        yield from (f"{one!r} is not translated" for one in missing)
        strange = set(_WORDS.findall(_CODES.sub("", text))) - LATIN_WORDS
        # A summary shows what somebody typed, in whatever language.
        if strange and not asked.is_summary:
            yield f"words of another language: {strange}"
    if re.search("[{}]", text):
        yield f"a hole is left: {text}"
    if any(_BIDI.search(_ISOLATED.sub("", line)) for line in text.split("\n")):
        yield f"what sets apart is not closed: {text!r}"
    if any(len(one.text.encode("utf-16-le")) > 2 * _UTF16_UNITS for one in sight.heard):
        yield "longer than a message"


def _faults_of_lines(sight: Sight, asked: Asked, talk: log.Talk) -> Iterator[str]:
    """What is wrong with the list, the buttons and the ways out."""
    text, reply = sight.text, sight.reply
    buttons = [button for one in sight.heard for button in one.buttons]
    if len(reply.lines) > LINES:
        yield f"{len(reply.lines)} lines"
    if any(not 0 < len(data.encode()) <= DATA_BYTES for _label, data in buttons):
        yield f"the data of a button: {buttons}"
    choices = {line.data.rpartition("|")[2] for _digit, line in reply.ways}
    if "~back" not in choices or choices.isdisjoint({"~menu", "~cancel"}):
        yield f"ways out: {choices}"
    listed = [line.label for line in reply.lines]
    # Of the answers in a list to change one, two may be the same.
    if not talk["view"] and len(set(listed)) < len(listed):
        yield f"lines that look alike: {listed}"
    labels = {label for label, _data in buttons}
    for line in _everything(reply):
        if "\n" in line.label:
            yield f"a label of several lines: {line.label!r}"
        elif line.label not in labels and line.label.translate(_PLAIN) not in text:
            yield f"{line.label!r} is shown nowhere"
    if asked.label is not None and "\n" in sight.speech.word(asked.label):
        yield f"a summary shows several lines of it: {sight.speech.word(asked.label)!r}"


def _faults_without_buttons(sight: Sight) -> Iterator[str]:
    """What the form of a question in words alone has not."""
    reply, speech = sight.reply, sight.speech
    written = reply.numbered(speech).split("\n")
    if not any(one.strip() for one in written):
        yield "no form without buttons"
    shown = reply.shown()
    for digit, data in shown.items():
        line = next(line for line in _everything(reply) if line.data == data)
        if not any(one.startswith(f"{speech.digits(digit)}. ") for one in written):
            yield f"{line.label!r} has no number"
    unnumbered = [line for line in _everything(reply) if line.data not in shown.values()]
    for line in unnumbered:
        if not any(line.label.translate(_PLAIN) in one.translate(_PLAIN) for one in written):
            yield f"{line.label!r} cannot be written"


def _faults_by_sms(sight: Sight, asked: Asked) -> Iterator[str]:
    text = sight.text
    wanted = DIALOGUES.named(asked.dialogue, asked.address.audiences)
    short = wanted is not None and wanted.short_of and sight.speech.discreet
    budget = SHORT_PARTS if short else LIST_PARTS
    if parts(text) > budget:
        yield f"{parts(text)} parts, {budget} are allowed: {text}"
    if "http" in text:
        yield f"a link: {text}"
    if sight.speech.discreet and AMOUNT.search(text):
        yield f"an amount without a PIN: {text}"


async def _faults_of_ways(player: Play, asked: Asked, language: Language) -> Any:
    """Whether the words that are always understood are understood here."""
    speech = Speech(language, player.address.medium)
    for words in (wording.BACK, wording.CANCEL, wording.MENU):
        player.state = asked.state
        player.speak(language)
        before = log.open_talk(player.chat)
        assert before is not None
        heard = await player.send(player.raw("text", speech.word(words)))
        if not heard:
            yield f"silence after {words.msgid!r}"
        after = log.open_talk(player.chat)
        same = after is not None and (after["no"], after["asking"]) == (
            before["no"],
            before["asking"],
        )
        if same:
            yield f"{words.msgid!r} leads nowhere"
        if words is wording.CANCEL and any(t["no"] == before["no"] for t in player.chat["talks"]):
            yield "it is not cancelled"


def _everything(reply: Reply) -> list[Line]:
    return [*reply.lines, *reply.others, *(line for _digit, line in reply.ways)]


# As an SMS has them (bots.reply).
_PLAIN = str.maketrans({"·": "-", "•": "*", "–": "-", "—": "-", "“": '"', "”": '"', "’": "'"})


def _has_words(sentence: str) -> bool:
    """Whether it is more than holes (bots.dialogues.lines)."""
    return bool(_WORDS.search(_HOLE.sub("", sentence)))


@cache
def _translations(language: Language) -> frozenset[str]:
    """The English of what a catalogue has words for."""
    catalogue = gettext.translation(DOMAIN, LOCALES, [language])._catalog  # type: ignore[attr-defined]
    said = [one[0] if isinstance(one, tuple) else one for one, words in catalogue.items() if words]
    return frozenset(said)
