"""How a message lies in a chat: in which parts, in which direction, under which keyboard.

The same on every messenger that speaks the Bot API; the mouths turn each part into their library's
call.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from api.kit.message import Button, Message, Wants

LENGTH = 4_096
"""UTF-16 units of one message (Bot API, sendMessage)."""

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


def parts(message: Message, length: int = LENGTH) -> Iterator[Part]:
    """Lay out a message, its papers aside; a long text leaves in several parts."""
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
