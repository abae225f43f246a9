"""The part of the Bot API's objects that is read, as data: what is missing or broken is set right.

python-telegram-bot looks at no types and stumbles over whatever is missing; aiogram tries nested
kinds of text in every combination, which takes for ever a dozen deep. Here an update of any dialect
becomes one that both can parse: of each object only the fields below, each of its type. What a
library wants and we do not read has a value to stand in for it; what cannot be without (an id, a
number) makes its object absent where it is missing.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

MOST = 1 << 63
"""Ids are smaller: a store keeps them in 64 bits."""


class Unreadable(ValueError):
    """It lacks what it cannot be without."""


class Field(NamedTuple):
    """How a field is read: a function that gives None for what is none, and what stands in for it."""

    read: Callable[[Any], Any]
    otherwise: Any = None
    needed: bool = False


def number_of(value: Any) -> int | None:
    """An id, which some messengers write as text; None for what is none."""
    if isinstance(value, str) and len(value) < 20 and value.removeprefix("-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if abs(value) < MOST else None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _name(value: Any) -> str | None:
    """A text that some write as a number."""
    number = number_of(value)
    return str(value) if isinstance(value, str) else None if number is None else str(number)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _degrees(value: Any) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 360
    return float(value) if plain else None


def _object(kind: str) -> Callable[[Any], dict[str, Any] | None]:
    def read(value: Any) -> dict[str, Any] | None:
        try:
            return shaped(value, kind)
        except Unreadable:
            return None

    return read


def _many(kind: str) -> Callable[[Any], list[dict[str, Any]] | None]:
    read = _object(kind)

    def each(value: Any) -> list[dict[str, Any]] | None:
        if not isinstance(value, list):
            return None
        return [one for one in map(read, value) if one is not None]

    return each


def _never(_value: Any) -> None:
    return None


_NUMBER, _ID = Field(number_of), Field(number_of, needed=True)
_WORD, _EMPTY = Field(_word), Field(_word, "")
_KEY = Field(_name, needed=True)
# Days are not read, and those of a broken clock cannot be parsed.
_DAY = Field(_never, 0)

SHAPES: Mapping[str, Mapping[str, Field]] = {
    "user": {"id": _ID, "is_bot": Field(_flag, otherwise=False), "first_name": _EMPTY},
    "chat": {"id": _ID, "type": _EMPTY},
    "contact": {"phone_number": _KEY, "first_name": _EMPTY, "user_id": _NUMBER},
    "location": {
        "latitude": Field(_degrees, needed=True),
        "longitude": Field(_degrees, needed=True),
    },
    "document": {
        "file_id": _KEY,
        "file_unique_id": _EMPTY,
        "file_name": _WORD,
        "mime_type": _WORD,
        "file_size": _NUMBER,
    },
    "photo": {
        "file_id": _KEY,
        "file_unique_id": _EMPTY,
        "width": Field(number_of, 0),
        "height": Field(number_of, 0),
        "file_size": _NUMBER,
    },
    "message": {
        "message_id": Field(number_of, 0),
        "date": _DAY,
        "chat": Field(_object("chat"), needed=True),
        "from": Field(_object("user")),
        "text": _WORD,
        "contact": Field(_object("contact")),
        "location": Field(_object("location")),
        "document": Field(_object("document")),
        "photo": Field(_many("photo")),
    },
    "callback_query": {
        "id": _KEY,
        "from": Field(_object("user"), needed=True),
        "chat_instance": _EMPTY,
        "data": _WORD,
        "message": Field(_object("message")),
    },
    "member": {"status": Field(_word, needed=True)},
    "my_chat_member": {
        "chat": Field(_object("chat"), needed=True),
        "new_chat_member": Field(_object("member"), needed=True),
    },
}


def shaped(value: Any, kind: str) -> dict[str, Any]:
    """An object of this kind that the library can parse; raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(kind)
    made: dict[str, Any] = {}
    for name, field in SHAPES[kind].items():
        read = field.read(value.get(name))
        if read is None and field.needed:
            raise Unreadable(name)
        read = field.otherwise if read is None else read
        if read is not None:
            made[name] = read
    return made
