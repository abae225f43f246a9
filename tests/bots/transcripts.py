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
"""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from api.client import Core
from api.kit.language import DOMAIN, LOCALES
from bots.talk import Dialogues
from tests.bots.players import PHONE, Heard, Player, SmsPlayer, TelegramPlayer, TerminalPlayer

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# Tokens are random: in two stories they are the same where they stand in the same place.
_TOKEN = re.compile(r"[^/]{16,}$")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Play = TerminalPlayer | TelegramPlayer | SmsPlayer


async def play(
    path: Path,
    *,
    dialogues: Dialogues,
    core: Callable[[], tuple[Core, Any]],
    audience: str = "employers",
    also: Mapping[str, Callable[[Any], None]] = MappingProxyType({}),
) -> None:
    """Play a file on the terminal and on aiogram; `core` makes a fresh core for each of them.

    Raises AssertionError with file and line where an answer is missing, or where the two differ.
    The second thing `core` gives is its wire: `away`, a flag, and `wait(seconds)`; `also` are lines of one's own that do
    something to it.
    """
    stories = []
    for kind in (TerminalPlayer, TelegramPlayer):
        opened, wire = core()
        player = kind(dialogues, opened, audience)
        stories.append(await _story(path, player, wire, also))
        await player.adapter.close()
    for (place, said), (_place, other) in zip(*stories, strict=True):
        assert said == other, f"{path.name}:{place}: terminal {said}, telegram {other}"


async def _story(
    path: Path, player: Play, wire: Any, also: Mapping[str, Callable[[Any], None]]
) -> list[tuple[int, list[Heard]]]:
    heard: list[Heard] = []
    story = []
    ids: dict[str, str] = {}
    for place, line in enumerate(_lines(path), 1):
        where = f"{path.name}:{place} on {player.adapter.messenger}"
        if line.startswith("<|"):
            data = [data for message in heard for _label, data in message.buttons]
            assert line[2:].strip() in data, f"{where}: no such button among {data}"
        elif line.startswith("<@"):
            pages = [address for message in heard for _label, address in message.links]
            assert any(_leads(one, line[2:].strip()) for one in pages), f"{where}: {pages}"
        elif line.startswith("<"):
            assert says(heard, line[1:].strip(), player.chat["language"]), f"{where}: {heard}"
        elif line in also:
            also[line](wire)
        elif line.strip() and not line.startswith("#"):
            answer = await act(line, player, heard, wire)
            if answer is not None:
                heard = answer
                story.append((place, [_numbered(message, ids) for message in heard]))
            if line.startswith(">") and line.strip() != "> left":
                assert heard, f"{where}: silence"
    return story


def _numbered(message: Heard, ids: dict[str, str]) -> Heard:
    """Ids are made anew in each story: they are the same when they come in the same order."""

    def number(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"id {len(ids) + 1}")

    buttons = tuple((label, _ID.sub(number, data)) for label, data in message.buttons)
    links = tuple((label, _TOKEN.sub("…", address)) for label, address in message.links)
    return replace(message, buttons=buttons, links=links)


def _leads(address: str, pattern: str) -> bool:
    """Whether an address is the one written: `{…}` in it stands for anything."""
    return bool(re.fullmatch(_holes(pattern), address))


def _holes(text: str) -> str:
    return re.sub(r"\\\{[^}]*\\\}", ".+?", re.escape(text))


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


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
            seconds = int(rest[:-1]) * _SECONDS[rest[-1]]
            player.now += seconds
            wire.wait(seconds)
            return None
        case "core":
            wire.away = rest == "away"
            return None if wire.away else await player.wake()
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
    made = {"terminal": TerminalPlayer, "telegram": TelegramPlayer}[kind]
    return made(dialogues, core, audience, language="fa")
