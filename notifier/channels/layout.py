"""How a message lies in a chat: in which parts, in which direction, under which keyboard.

The same on every messenger that speaks the Bot API; the mouths turn each part into their library's
call.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from api.kit.message import Button, Message, Paper, Wants

LENGTH = 4_096
"""UTF-16 units of one message (Bot API, sendMessage)."""

CAPTION = 1_024
"""UTF-16 units of the words beside a file (Bot API, sendPhoto)."""

LARGEST = 50 * 2**20
"""Bytes of a file that a bot sends (Bot API, sendDocument)."""

_LARGEST_PHOTO = 10 * 2**20
_LONGEST_SIDES, _SLIMMEST = 10_000, 20
"""A photo's width and height together, and one by the other (Bot API, sendPhoto)."""

BYTES_A_SECOND = 64 * 1024
"""The slowest line that a file is sent over: a larger one may take longer."""

NOBODY_THERE = ("chat not found", "peer_id_invalid", "user not found", "user is deactivated")
"""How the Bot API says, with status 400, that nobody is there."""

_RTL_LANGUAGES = frozenset({"fa", "ar", "ckb"})
_LRM, _RLM = "\u200e", "\u200f"
_ISOLATES, _END_OF_ISOLATE = "\u2066\u2067\u2068", "\u2069"
_SHARED = frozenset({Wants.CONTACT, Wants.LOCATION})

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a messenger: its text, with buttons under it or one that shares, or neither."""

    text: str
    buttons: Rows = ()
    wants: Wants | None = None
    wants_label: str = ""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One file of a message, with the words beside it; a picture that is shown, or a document."""

    paper: Paper
    caption: str
    photo: bool


def enclosed(message: Message) -> Iterator[Enclosed]:
    """Lay out the papers of a message; words that fit go beside the only one."""
    beside = captioned(message)
    for paper in message.papers:
        words = _directed(message.text, message.language) if beside else ""
        yield Enclosed(paper, words, _is_photo(paper))


def captioned(message: Message) -> bool:
    """Say whether the words of a message go beside its paper, and not before it."""
    asks = message.buttons or message.wants
    # Two marks a line at most are added to it.
    room = CAPTION - 2 * (message.text.count("\n") + 1)
    return len(message.papers) == 1 and not asks and _units(message.text) <= room


def is_too_large(message: Message, largest: int) -> bool:
    """Say whether a paper of a message is larger than the channel takes."""
    return any(len(paper.content) > largest for paper in message.papers)


def seconds(paper: Paper, at_least: float) -> int:
    """Say how long a call with a paper may take."""
    return int(at_least + len(paper.content) / BYTES_A_SECOND)


def _is_photo(paper: Paper) -> bool:
    """Say whether a messenger shows it as it is; of pictures we make PNG alone."""
    content = paper.content
    if len(content) > _LARGEST_PHOTO or not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return False
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    short, long = sorted((width, height))
    return width + height <= _LONGEST_SIDES and long <= _SLIMMEST * short


def parts(message: Message, length: int = LENGTH) -> Iterator[Part]:
    """Lay out a message, its papers and what is said beside them aside; a long text in several parts."""
    if captioned(message):
        return
    wants = message.wants if message.wants in _SHARED else None
    texts = split(_directed(message.text, message.language), length) if message.text else []
    for text in texts[:-1]:
        yield Part(text)
    if texts and message.buttons:
        yield Part(texts[-1], buttons=message.buttons)
    elif texts:
        yield Part(texts[-1], wants=wants, wants_label=message.wants_label)
    if message.buttons and wants:
        # A message carries one keyboard: with both, the reply keyboard follows on its own.
        yield Part(message.wants_label, wants=wants, wants_label=message.wants_label)


def split(text: str, length: int = LENGTH) -> list[str]:
    """Cut a text into parts that fit, at the end of a paragraph, line or word where there is one."""
    parts = []
    while _units(text) > length:
        room = _fitting(text, length)
        head = text[:room]
        cut = next(
            (at for mark in ("\n\n", "\n", " ") if (at := head.rfind(mark)) >= room // 2), room
        )
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text]


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _fitting(text: str, length: int) -> int:
    """Tell how many characters of a text fit in so many UTF-16 units."""
    units = 0
    for place, character in enumerate(text):
        units += 1 + (character > "\uffff")
        if units > length:
            return place
    return len(text)


def _directed(text: str, language: str) -> str:
    """Keep lines that begin with a word of the other direction from flipping."""
    mark, other = (_RLM, {"L"}) if language in _RTL_LANGUAGES else (_LRM, {"R", "AL"})
    return "\n".join(mark + line if _flips(line, other) else line for line in text.split("\n"))


def _flips(line: str, other: set[str]) -> bool:
    strong = []
    depth = 0
    for character in line:
        if character in _ISOLATES:
            depth += 1
        elif character == _END_OF_ISOLATE:
            depth = max(0, depth - 1)
        elif depth == 0 and (kind := unicodedata.bidirectional(character)) in {"L", "R", "AL"}:
            strong.append(kind)
    return bool(strong) and strong[0] in other and not other.issuperset(strong)
