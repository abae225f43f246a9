"""Transcripts: a line said and a line answered, the same on every adapter.

# a remark
lang fa                   the chat speaks this language from here; without it the chat is new
> words                   what the person writes
> tap:debts               taps the button whose data ends with `|debts`, or the data itself
> contact                 shares the own number; `> contact other` somebody else's
> location 35.7 51.4      > file list.zip      > start payload      > group      > left
< words                   the answer has these words: as they are, or as the language says them
<| data                   a button of the answer carries this
<@ address                a button of the answer opens this page; its last part, {token}, is anything
restart                   nothing is kept but the stored JSON (as before every line)
wait 2d                   time passes: s, m, h, d
core away, core back      the core stops answering; it is back, and waiting talks are woken
[sms] > 1                 a line of any kind for SMS alone; `[chat] …` for all the others
[chat]                    alone: all lines from here, down to `[sms]` or `[both]`
[sms] at the page         writes "elsewhere" by SMS and the code on the page, where the talk goes on
[sms] at the phone        writes by SMS again

On the page a visit is over after half an hour of silence, and who comes next may be somebody else:
there a story ends at the first `wait` of so long.
"""

import gettext
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import cycle, takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any

from api.client import Core
from api.kit.language import DOMAIN, LOCALES, Language, Sentence
from api.kit.speech import Speech
from bots.adapters.web import MESSENGER
from bots.dialogues import collected
from bots.talk import Dialogues
from bots.understanding import alike
from bots.web.visits import IDLE_SECONDS
from tests.bots.phones import SmsPlayer
from tests.bots.players import (
    PHONE,
    BalePlayer,
    Heard,
    Player,
    TelegramPlayer,
    TerminalPlayer,
    WebPlayer,
)
from tests.locales.test_labels import labels

_ONLY = re.compile(r"\[(sms|chat)\] ")
_FROM_HERE = re.compile(r"\[(sms|chat|both)\]")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# Tokens are random: in two stories they are the same where they stand in the same place.
_TOKEN = re.compile(r"[^/]{16,}$")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Play = TerminalPlayer | TelegramPlayer | BalePlayer | SmsPlayer | WebPlayer
# SMS has words of its own where these have buttons: tests/bots/texting.py.
PLAYERS: Mapping[str, type[TerminalPlayer | TelegramPlayer | BalePlayer | WebPlayer]] = (
    MappingProxyType(
        {
            "terminal": TerminalPlayer,
            "telegram": TelegramPlayer,
            "bale": BalePlayer,
            "web": WebPlayer,
        }
    )
)
# What a library makes of an update knows no store: on the second one, two of them are enough.
ON = {"sqlite": tuple(PLAYERS), "postgresql": ("terminal", "telegram")}
_SOURCES = sorted(LOCALES.parent.glob("bots/**/*.py"))


async def play(
    path: Path,
    *,
    dialogues: Dialogues,
    core: Callable[[str], tuple[Core, Any]],
    audience: str = "employers",
    also: Mapping[str, Callable[[Any], None]] = MappingProxyType({}),
    on: Sequence[str] = tuple(PLAYERS),
    switching: bool = True,
) -> None:
    """Play a file on each adapter, and on each once more with another language at every line.

    Bale's is python-telegram-bot. `core` makes a fresh core for the story of a messenger.
    `switching` is whether there is a second pass: what it proves does not depend on the store.
    Raises AssertionError with file and line where an answer is missing, or where two stories differ.
    The second thing `core` gives is its wire: `away`, a flag, and `wait(seconds)`; `also` are lines of one's own that do
    something to it.
    """

    async def told(messenger: str, switched: Switching | None = None) -> Story:
        opened, wire = core(messenger)
        player = PLAYERS[messenger](dialogues, opened, audience)
        try:
            return await _story(path, player, wire, also, switched)
        finally:
            await player.adapter.close()

    stories = [await told(messenger) for messenger in on]
    first = stories[0]
    for messenger, story in zip(on[1:], stories[1:], strict=True):
        for (place, said), (_place, other) in zip(first[: len(story)], story, strict=True):
            assert said == other, f"{path.name}:{place}: {on[0]} {said}, {messenger} {other}"
    if not switching:
        return
    for messenger, story in zip(on, stories, strict=True):
        in_many = await told(messenger, Switching(story))
        for (place, said), (_place, other) in zip(story, in_many, strict=True):
            assert beyond_words(said) == beyond_words(other), (
                f"{path.name}:{place}: {messenger} in one language {said}, in many {other}"
            )


def _seconds(said: str) -> int:
    return int(said[:-1]) * _SECONDS[said[-1]]


Story = list[tuple[int, list[Heard]]]


class Switching:
    """Another language before every line, and what was typed said in it."""

    def __init__(self, told: Story) -> None:
        self._told = dict(told)
        self._languages = cycle((Language.AR, Language.CKB, Language.FA, Language.EN))
        self._shown: list[Heard] = []
        self._written = ""

    def line(self, place: int, line: str, player: Player, heard: list[Heard]) -> str:
        """Switch before what a person does, and give the line as it is said now."""
        if not line.startswith((">", "lang ")):
            return line
        if line.startswith("lang "):
            self._written = line.split()[1]
            line = f"lang {next(self._languages)}"
        elif player.chat["language"]:
            self._written = self._written or player.chat["language"]
            player.speak(next(self._languages).value)
        shown, self._shown = self._shown, self._told.get(place, self._shown)
        if not line.startswith("> ") or not self._written:
            return line
        typed = line[2:].strip()
        msgid = _msgids(self._written).get(alike(typed))
        if msgid is not None:
            return f"> {Speech(Language(player.chat['language'])).word(Sentence(msgid))}"
        labels = [alike(label) for message in shown for label, _data in message.buttons]
        if alike(typed) in labels:
            data = [data for message in heard for _label, data in message.buttons]
            return f"> tap:{data[labels.index(alike(typed))]}"
        return line


@cache
def _msgids(language: str) -> Mapping[str, str]:
    """The English of what can be typed, by the words of a language."""
    speech = Speech(Language(language))
    return {alike(speech.word(Sentence(one))): one for one in _typed()}


def said_in(words: str, language: str) -> str:
    """A label in that language, whichever it was read in; any other words as they are."""
    read = (_msgids(one).get(alike(words)) for one in Language)
    msgid = next(filter(None, read), None)
    return words if msgid is None else Speech(Language(language)).word(Sentence(msgid))


@cache
def _typed() -> frozenset[str]:
    """The English of all labels, read from the source."""
    written = {one for path in _SOURCES for one in labels(path.read_text("utf-8"))}
    return frozenset(written | {one.words.msgid for one in collected()})


def beyond_words(heard: list[Heard]) -> tuple[list[str], list[str], bool]:
    """What an answer is in every language: the data of its buttons, its pages, what it wants."""
    return (
        [data for message in heard for _label, data in message.buttons],
        [address for message in heard for _label, address in message.links],
        any(message.wants for message in heard),
    )


async def _story(
    path: Path,
    player: Play,
    wire: Any,
    also: Mapping[str, Callable[[Any], None]],
    switching: Switching | None = None,
) -> Story:
    heard: list[Heard] = []
    story = []
    ids: dict[str, str] = {}
    for place, written in enumerate(_lines(path, player), 1):
        where = f"{path.name}:{place} on {player.adapter.messenger}"
        line = switching.line(place, written, player, heard) if switching else written
        if line.startswith("<|"):
            data = [data for message in heard for _label, data in message.buttons]
            assert line[2:].strip() in data, f"{where}: no such button among {data}"
        elif line.startswith("<@"):
            pages = [address for message in heard for _label, address in message.links]
            assert any(_leads(one, line[2:].strip()) for one in pages), f"{where}: {pages}"
        elif line.startswith("<"):
            words = line[1:].strip()
            # In another language only a sentence of the catalogue can be looked for.
            if switching is None or words in sentences():
                assert says(heard, words, player.chat["language"]), f"{where}: {heard}"
        elif line in also:
            also[line](wire)
        elif line.strip() and not line.startswith("#"):
            answer = await act(line, player, heard, wire)
            if answer is not None:
                heard = answer
                story.append((place, [numbered(message, ids) for message in heard]))
            if line.startswith(">") and line.strip() != "> left":
                assert heard, f"{where}: silence"
    return story


def _lines(path: Path, player: Play) -> list[str]:
    lines = lines_of(path)
    if player.adapter.messenger != MESSENGER:
        return lines
    return list(takewhile(lambda line: not _is_over(line), lines))


def _is_over(line: str) -> bool:
    """Whether so long nothing is said that a visit of the page is over."""
    return line.startswith("wait ") and _seconds(line[5:]) >= IDLE_SECONDS


def numbered(message: Heard, ids: dict[str, str]) -> Heard:
    """Ids are made anew in each story: they are the same when they come in the same order."""

    def number(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"id {len(ids) + 1}")

    buttons = tuple((label, _ID.sub(number, data)) for label, data in message.buttons)
    links = tuple((label, _TOKEN.sub("…", address)) for label, address in message.links)
    return replace(message, buttons=buttons, links=links)


@cache
def sentences() -> frozenset[str]:
    return frozenset(gettext.translation(DOMAIN, LOCALES, ["fa"])._catalog)  # type: ignore[attr-defined]


def _leads(address: str, pattern: str) -> bool:
    """Whether an address is the one written: `{…}` in it stands for anything."""
    return bool(re.fullmatch(_holes(pattern), address))


def _holes(text: str) -> str:
    return re.sub(r"\\\{[^}]*\\\}", ".+?", re.escape(text))


def lines_of(path: Path, *, by_sms: bool = False) -> list[str]:
    """The lines of a file, each at its place; those of another channel are empty."""
    ours = {"both", "sms" if by_sms else "chat"}
    lines, block = [], "both"
    for line in path.read_text("utf-8").splitlines():
        if found := _FROM_HERE.fullmatch(line):
            block = found[1]
        only = _ONLY.match(line)
        whose = only[1] if only else block
        lines.append(_ONLY.sub("", line, count=1) if whose in ours and not found else "")
    return lines


async def act(line: str, player: Play, heard: list[Heard], wire: Any) -> list[Heard] | None:
    """Do one line; gives what was heard, None for a line that says nothing."""
    word, _space, rest = line.partition(" ")
    match word:
        case "lang":
            player.speak(rest)
            return None
        case "restart":
            return None
        case "wait":
            seconds = _seconds(rest)
            player.now += seconds
            wire.wait(seconds)
            return None
        case "core":
            wire.away = rest == "away"
            return None if wire.away else await player.wake()
        case "rings" if isinstance(player, SmsPlayer):
            return await player.call()
        case ">":
            return await player.send(_raw(rest, player, heard))
    raise AssertionError(f"a transcript does not know {line!r}")


def _raw(said: str, player: Play, heard: list[Heard]) -> dict[str, Any]:  # noqa: PLR0911
    word, _space, rest = said.partition(" ")
    if said.startswith("tap:"):
        wanted = said[4:]
        data = [data for message in heard for _label, data in message.buttons]
        tapped = next((one for one in data if one.rpartition("|")[2] == wanted), wanted)
        return player.raw("tap", tapped)
    match word:
        case "contact":
            return player.raw("contact", {"phone": PHONE, "own": rest != "other"})
        case "location" if rest:
            latitude, longitude = map(float, rest.split())
            return player.raw("location", {"latitude": latitude, "longitude": longitude})
        case "file" if rest:
            return player.raw("file", {"name": rest})
        case "start":
            return player.raw("start", rest)
        case "sticker":
            return player.raw("dice", {"emoji": "🎲", "value": 3})
        case "group" | "left":
            return player.raw(word, True)
    return player.raw("text", said)


def says(heard: list[Heard], words: str, language: str) -> bool:
    """Whether the answer has the words: as written, or a msgid as the language says it."""
    text = " ".join(" ".join(message.text.split()) for message in heard)
    labels = [label for message in heard for label, _data in (*message.buttons, *message.links)]
    catalogue = gettext.translation(DOMAIN, LOCALES, [language or "fa"], fallback=True)
    for said in (words, catalogue.gettext(words)):
        if re.search(_holes(" ".join(said.split())), text) or said in labels:
            return True
    return False


def player(kind: str, dialogues: Dialogues, core: Core, audience: str = "employers") -> Player:
    """A player by the name of its messenger."""
    return PLAYERS[kind](dialogues, core, audience, language="fa")
