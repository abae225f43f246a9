"""A person who does anything, on any channel: random taps and words, for thousands of turns.

Never silent, never an exception, the menu reachable in two messages; which questions were asked and
which final steps taken is counted, against what stands in the dialogues' own source. By SMS there
is silence where it is due, and nowhere else (`tests.bots.counting`).
"""

import ast
import copy
import inspect
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from api.kit.language import Language
from bots import dialogues, log, replay
from bots.reply import DATA_BYTES, LINES
from bots.talk import Dialogues
from tests.bots.counting import CountingPlayer
from tests.bots.phones import SmsPlayer
from tests.bots.players import Heard, Player
from tests.bots.pretend import PretendKnocker
from tests.bots.transcripts import PLAYERS, Play, act

CHANNELS = (*PLAYERS, "sms")
DAY = 86_400.0

Name = tuple[str, str]
Place = tuple[str, int]
"""Where a step stands in the source: its module and line."""

_NUMBERED = re.compile(r"\.\d+$")
_DIGITS = re.compile(r"\d+")
_WORDS = (
    "menu", "منو", "back", "برگشت", "cancel", "لغو", "زبان", "language", "؟", "help", "نفر",
    "a person", "STOP", "START", "/start", "/nothing", "/debts", "0", "9", "۱", "2", "3", "8", "yes",
    "نه", "x" * 5000, "ی\u200cک", "🙂", "/", "|", "~menu", "\x00", "fa", "English",
    "القائمة", "رجوع", "إلغاء", "گەڕانەوە", "هەڵوەشاندنەوە", "کارناس", "قەبزەکەم", "كم ديوني",
)  # fmt: skip
# By SMS linking alone may be offered to somebody whom nobody knows.
_MENU = ("0.menu|", "0.start|")
_OTHER = (
    "contact",
    "contact other",
    "location 35.7 51.4",
    "file a.pdf",
    "sticker",
    "group",
    "left",
)
# What is written to a number: those of its menu with what belongs behind them, PINs, codes.
_BY_SMS = (
    "1", "1 G", "1 خالی", "2", "2 4831", "۲ ۴۸۳۱", "3", "3 4831", "3 4832", "3 48", "4", "5",
    "5 4820193370", "6", "6 K7Q2-M4XD", "7", "0", "1 4831", "123456", "۱۲۳ ۴۵۶", "000000", "PIN",
    "/link", "/unlink", "/pin", "STOP", "START",
)  # fmt: skip
_CODES = ("123456", "۱۲۳۴۵۶", "123456", "000000", "yes", "12")


@dataclass
class Walk:
    """What was met on the way, by (dialogue, name); numbers of loops are left out.

    `tried` counts what was tapped; what was tapped least goes first as often as it is `curious`.
    """

    turns: int = 0
    asked: set[Name] = field(default_factory=set)
    finished: set[Name] = field(default_factory=set)
    tried: Counter[str] = field(default_factory=Counter)
    curious: float = 0.5

    def take_in(self, other: "Walk") -> None:
        """Count what somebody else met too."""
        self.turns += other.turns
        self.asked |= other.asked
        self.finished |= other.finished


def somebody(
    channel: str, dialogues: Dialogues, core: Any, wire: PretendKnocker, audience: str
) -> Play:
    """Somebody on a channel, who speaks Persian; by SMS the line is that of all audiences."""
    if channel == "sms":
        return CountingPlayer(dialogues, core, wire, "fa")
    return PLAYERS[channel](dialogues, core, audience, "fa")


def real() -> list[ModuleType]:
    """The modules in which the real dialogues stand, and the one that asks for whom they are."""
    return [
        import_module(f"{dialogues.__name__}.{one.name}")
        for one in iter_modules(dialogues.__path__)
    ] + [replay]


def written(modules: Sequence[ModuleType]) -> tuple[set[str], set[str]]:
    """The names of all questions and of all final steps in the source, `code.{n}` as `code`."""
    found = list(steps(modules))
    return (
        {name for word, name, _place in found if word in {"Ask", "Confirm"}},
        {name for word, name, _place in found if word == "Finish"},
    )


def steps(modules: Sequence[ModuleType]) -> Iterator[tuple[str, str, Place]]:
    """Every question and final step in the source: its word, its name, and where it stands."""
    for module in modules:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = (module.__name__, node.lineno)
                match node.func.id:
                    case "Ask" | "Finish" as word:
                        yield word, _name(node.args[0]), place
                    case "Confirm":
                        yield "Confirm", "confirm", place


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
    tried: Counter[str] | None = None,
    curious: float = 0.5,
) -> Walk:
    """Do anything for so many turns. `answers` are fitting texts by question, `openings` taps of notices.

    `tried` is what those before have tapped; `curious` how often what was tapped least goes first.
    Raises AssertionError that names the seed and the turn.
    """
    chance = random.Random(seed)
    found = Walk(tried=Counter() if tried is None else tried, curious=curious)
    heard: list[Heard] = []
    seen: list[str] = []
    with _noting(found, player):
        for turn in range(turns):
            line = _next(chance, player, heard, seen, answers, openings, found)
            where = f"seed {seed}, turn {turn}, {player.adapter.messenger}, {line[:60]!r}"
            try:
                said = await act(line, player, heard, wire)
            except Exception as error:
                raise AssertionError(f"{where}: raised") from error
            found.turns += 1
            if line.startswith("> ") and line != "> left":
                # By SMS the player itself knows when nothing is due.
                assert said or isinstance(player, CountingPlayer), f"{where}: silence"
            if said:
                heard = said
                _check(said, player, where)
                seen += taps(player, said)
                del seen[:-60]
            _note(found, player.chat)
            if turn % 25 == 0 and not wire.away:
                await _menu_is_near(player, wire, where)
    return found


def taps(player: Player, heard: list[Heard]) -> list[str]:
    """What can be tapped now; by SMS the lines that stand for it."""
    if isinstance(player, SmsPlayer):
        return [line.data for line in player.lines]
    return [data for message in heard for _label, data in message.buttons]


def _next(  # noqa: PLR0911, PLR0917
    chance: random.Random,
    player: Play,
    heard: list[Heard],
    seen: list[str],
    answers: Mapping[str, Sequence[str]],
    openings: Sequence[str],
    walk: Walk,
) -> str:
    buttons = taps(player, heard)
    onward = [data for data in buttons if not data.endswith(("~menu", "~back", "~cancel"))]
    wants = any(message.wants for message in heard)
    talk = log.open_talk(player.chat)
    question = _NUMBERED.sub("", talk["asking"].partition(".")[2]) if talk else ""
    by_sms = isinstance(player, SmsPlayer)
    dice = chance.random()
    if by_sms and dice < 0.1:
        # A day of a number is short.
        return "wait 1d"
    if talk and talk["view"] == "code" and dice < 0.7:
        return f"> {chance.choice(_CODES)}"
    if question in answers and dice < 0.6:
        return f"> {chance.choice(answers[question])}"
    if wants and dice < 0.7:
        return f"> {chance.choice(_OTHER[:4])}"
    if onward and dice < 0.75:
        return f"> tap:{_one_of(chance, onward, walk, talk['dialogue'] if talk else '')}"
    if dice < 0.85 and buttons:
        return f"> tap:{chance.choice(buttons)}"
    lines = [
        f"> {chance.choice(_WORDS)}",
        f"> {chance.randrange(10)}",
        f"> tap:{chance.choice(seen) if seen else '1.x|y'}",
        "rings" if by_sms else f"> {chance.choice(_OTHER)}",
        f"lang {chance.choice(tuple(Language))}",
        f"wait {chance.choice(('5m', '2h', '3d'))}",
        "core back" if wire_is_away(player) else "> ؟",
        "> hello",
        *(f"> tap:{opening}" for opening in openings),
        *(f"> {text}" for texts in answers.values() for text in texts[:1]),
        *(f"> {text}" for text in _BY_SMS if by_sms),
        *(f"> /{one.name}" for one in player.dialogues if by_sms and one.menu),
    ]
    return chance.choice(lines)


def _one_of(chance: random.Random, onward: Sequence[str], walk: Walk, dialogue: str) -> str:
    """One of the taps; as often as the walk is curious, of those that were tapped least."""
    known = {data: f"{dialogue} {_DIGITS.sub('', data)}" for data in onward}
    least = min(walk.tried[name] for name in known.values())
    rare = [data for data in onward if walk.tried[known[data]] == least]
    chosen = chance.choice(rare if chance.random() < walk.curious else onward)
    walk.tried[known[chosen]] += 1
    return chosen


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
    kept, wire_state = dict(player.__dict__), copy.copy(wire.__dict__)
    if isinstance(player, SmsPlayer):
        # However often a number wrote today, tomorrow it is answered.
        player.now += DAY
    for words in ("menu", "منو"):
        said = await act(f"> {words}", player, [], wire)
        if said and any(data.startswith(_MENU) for data in taps(player, said)):
            break
    else:
        raise AssertionError(f"{where}: no menu in two messages")
    player.__dict__.update(kept)
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
