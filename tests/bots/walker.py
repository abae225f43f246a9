"""A person who does anything: random taps and words, for thousands of turns.

Never silent, never an exception, the menu reachable in two messages; which questions were asked and
which final steps taken is counted, against what stands in the dialogues' own source.
"""

import ast
import copy
import inspect
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from api.kit.language import Language
from bots import log
from bots.reply import DATA_BYTES, LINES
from tests.bots.players import Heard, Player
from tests.bots.transcripts import Play, act

Name = tuple[str, str]

_NUMBERED = re.compile(r"\.\d+$")
_WORDS = (
    "menu", "منو", "back", "برگشت", "cancel", "لغو", "زبان", "language", "؟", "help", "نفر",
    "a person", "STOP", "START", "/start", "/nothing", "/debts", "0", "9", "۱", "2", "3", "8", "yes",
    "نه", "x" * 5000, "ی\u200cک", "🙂", "/", "|", "~menu", "\x00", "fa", "English",
    "القائمة", "رجوع", "إلغاء", "گەڕانەوە", "هەڵوەشاندنەوە", "کارناس", "قەبزەکەم", "كم ديوني",
)  # fmt: skip
_OTHER = (
    "contact",
    "contact other",
    "location 35.7 51.4",
    "file a.pdf",
    "sticker",
    "group",
    "left",
)


@dataclass
class Walk:
    """What was met on the way, by (dialogue, name); numbers of loops are left out."""

    turns: int = 0
    asked: set[Name] = field(default_factory=set)
    finished: set[Name] = field(default_factory=set)


def written(modules: Sequence[ModuleType]) -> tuple[set[str], set[str]]:
    """The names of all questions and of all final steps in the source, `code.{n}` as `code`."""
    questions: set[str] = set()
    finals: set[str] = set()
    for module in modules:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                match node.func.id:
                    case "Ask":
                        questions.add(_name(node.args[0]))
                    case "Confirm":
                        questions.add("confirm")
                    case "Finish":
                        finals.add(_name(node.args[0]))
    return questions, finals


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        first = node.values[0]
        assert isinstance(first, ast.Constant)
        return str(first.value).rstrip(".")
    assert isinstance(node, ast.Constant)
    return str(node.value)


async def walk(
    player: Play,
    wire: Any,
    *,
    turns: int,
    seed: int,
    answers: Mapping[str, Sequence[str]],
    openings: Sequence[str] = (),
) -> Walk:
    """Do anything for so many turns. `answers` are fitting texts by question, `openings` taps of notices.

    Raises AssertionError that names the seed and the turn.
    """
    chance = random.Random(seed)
    found = Walk()
    heard: list[Heard] = []
    seen: list[str] = []
    with _noting(found, player):
        for turn in range(turns):
            line = _next(chance, player, heard, seen, answers, openings)
            where = f"seed {seed}, turn {turn}, {line[:60]!r}"
            try:
                said = await act(line, player, heard, wire)
            except Exception as error:
                raise AssertionError(f"{where}: raised") from error
            found.turns += 1
            if line.startswith("> ") and line != "> left":
                assert said, f"{where}: silence"
            if said:
                heard = said
                _check(said, player, where)
                seen += [data for message in said for _label, data in message.buttons]
                del seen[:-60]
            _note(found, player.chat)
            if turn % 25 == 0 and not wire.away:
                await _menu_is_near(player, wire, where)
    return found


def _next(  # noqa: PLR0917
    chance: random.Random,
    player: Play,
    heard: list[Heard],
    seen: list[str],
    answers: Mapping[str, Sequence[str]],
    openings: Sequence[str],
) -> str:
    buttons = [data for message in heard for _label, data in message.buttons]
    onward = [data for data in buttons if not data.endswith(("~menu", "~back", "~cancel"))]
    wants = any(message.wants for message in heard)
    talk = log.open_talk(player.chat)
    question = _NUMBERED.sub("", talk["asking"].partition(".")[2]) if talk else ""
    dice = chance.random()
    if question in answers and dice < 0.6:
        return f"> {chance.choice(answers[question])}"
    if wants and dice < 0.7:
        return f"> {chance.choice(_OTHER[:4])}"
    if onward and dice < 0.75:
        return f"> tap:{chance.choice(onward)}"
    if dice < 0.85 and buttons:
        return f"> tap:{chance.choice(buttons)}"
    lines = [
        f"> {chance.choice(_WORDS)}",
        f"> {chance.randrange(10)}",
        f"> tap:{chance.choice(seen) if seen else '1.x|y'}",
        f"> {chance.choice(_OTHER)}",
        f"lang {chance.choice(tuple(Language))}",
        f"wait {chance.choice(('5m', '2h', '3d'))}",
        "core back" if wire_is_away(player) else "> ؟",
        "> hello",
        *(f"> tap:{opening}" for opening in openings),
        *(f"> {text}" for texts in answers.values() for text in texts[:1]),
    ]
    return chance.choice(lines)


def wire_is_away(player: Player) -> bool:
    """Whether a talk waits for the core."""
    talk = log.open_talk(player.chat)
    return talk is not None and talk["state"] == "waiting"


def _check(said: list[Heard], player: Player, where: str) -> None:
    for message in said:
        assert message.text.strip(), f"{where}: an empty message"
        assert len(message.text) <= 4096, f"{where}: too long"
        for label, data in message.buttons:
            assert label.strip(), f"{where}: a button without words"
            assert 0 < len(data.encode()) <= DATA_BYTES, f"{where}: {data}"
        for label, address in message.links:
            assert label.strip(), f"{where}: a link without words"
            assert address.startswith(("https://", "http://127.0.0.1")), f"{where}: a link nowhere"
    for reply in player.replies:
        assert len(reply.lines) <= LINES, f"{where}: more than {LINES} lines"
    chat = player.chat
    assert len(player.state) < 60_000, f"{where}: the log grows"
    assert sum(talk["state"] != "parked" for talk in chat["talks"]) <= 1, f"{where}: two open"
    assert all(digit.isdigit() for digit in chat["shown"])


async def _menu_is_near(player: Play, wire: Any, where: str) -> None:
    """From here the menu is two messages away; nobody notices that we looked."""
    kept, replies, wire_state = player.state, player.replies, copy.copy(wire.__dict__)
    for words in ("menu", "menu"):
        said = await act(f"> {words}", player, [], wire)
        if said and any(data.startswith("0.menu|") for one in said for _l, data in one.buttons):
            break
    else:
        raise AssertionError(f"{where}: no menu in two messages")
    player.state, player.replies = kept, replies
    wire.__dict__.update(wire_state)


def _note(found: Walk, chat: log.Chat) -> None:
    talk = log.open_talk(chat)
    if talk is not None and talk["asking"]:
        question = talk["asking"].partition(".")[2]
        for name in (question, _NUMBERED.sub("", question)):
            found.asked.add((talk["dialogue"], name))


@contextmanager
def _noting(found: Walk, player: Player) -> Iterator[None]:
    """Note every Finish that was accepted."""
    close = log.close

    def noted(talk: log.Talk, passed: list[str]) -> None:
        found.finished.add((talk["dialogue"], _NUMBERED.sub("", passed[-1])))
        close(talk, passed)

    log.close = noted
    try:
        yield
    finally:
        log.close = close
