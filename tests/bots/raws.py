"""Raw updates made from the Bot API's schema: whole, in a dialect, and broken in every way."""

import json
import random
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from tests.bots.players import in_bales_dialect

# What bots are told most; the rest of the kinds come too.
_USUAL = ("message", "callback_query", "my_chat_member", "edited_message")
_WORDS = ("سلام", "/start", "/start about-K7Q2M4XD", "۱۲", "1.kind|first", "a\u200cb", "")
_SIMPLE: dict[str, tuple[Any, ...]] = {
    "Integer": (0, 1, 12, 1_790_000_000, 1 << 40, -100_123),
    "Float": (0, 35.7, 51.4, -180.0),
    "Boolean": (True, False),
    "True": (True,),
}
_JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1 << 62,
    1 << 70,
    1e308,
    float("inf"),
    "",
    "12",
    "\x00",
    "\ud800",
    "\u202e" * 40,
    "ش" * 5_000,
    [],
    [[[]]],
    {},
    {"id": {}},
    {"id": "12", "type": 7},
    ["private"],
)


@cache
def _types() -> dict[str, Any]:
    text = (Path(__file__).parent / "bot_api.json").read_text(encoding="utf-8")
    types: dict[str, Any] = json.loads(text)
    return types


def raw(chance: random.Random, number: int) -> dict[str, Any]:
    """An update with this number, as a messenger would bring it."""
    kinds = [name for name in _types()["Update"] if name != "update_id"]
    kind = chance.choice(_USUAL if chance.random() < 0.8 else kinds)
    [type_] = _types()["Update"][kind]["t"]
    update = {"update_id": number, kind: _made(chance, type_, 0)}
    if chance.random() < 0.5:
        update = in_bales_dialect(update)
    for _break in range(chance.choice((0, 0, 1, 1, 2, 4))):
        _broken(chance, update)
    # Its number is what it is known by: it stays, nearly always.
    if chance.random() < 0.98:
        update["update_id"] = number
    read: dict[str, Any] = json.loads(json.dumps(update))
    return read


def _made(chance: random.Random, kind: str, depth: int) -> Any:
    if kind.startswith("Array of "):
        return [_made(chance, kind[9:], depth + 1) for _one in range(chance.choice((0, 1, 2)))]
    form = _types().get(kind)
    if form is None:
        return chance.choice(_SIMPLE.get(kind, _WORDS))
    if "sub" in form:
        return _made(chance, chance.choice(form["sub"]), depth)
    wanted = [name for name, field in form.items() if field["r"]]
    others = [name for name in form if name not in wanted]
    # As few as people's messages have: all that there are would be a tree without end.
    wanted += chance.sample(others, min(len(others), chance.randint(0, max(0, 4 - depth))))
    made = {
        name: form[name].get("const") or _made(chance, chance.choice(form[name]["t"]), depth + 1)
        for name in wanted
    }
    if kind == "Message":
        # What people do most, or one who only looks at whole messages would be fed on rarities.
        name = chance.choice(("text", "text", "contact", "location", "document", "photo"))
        made[name] = _made(chance, chance.choice(form[name]["t"]), depth + 1)
        made["from"] = _made(chance, "User", depth + 1)
    if kind == "Chat":
        made["type"] = chance.choice(("private", "private", "group", "supergroup", "channel"))
    return made


def _broken(chance: random.Random, update: dict[str, Any]) -> None:
    """Take something out of it, or put something else in its place, wherever."""
    place: Any = update
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = chance.choice(keys)
        inner = place[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.75:
            place = inner
        elif chance.random() < 0.4:
            del place[key]
            return
        else:
            # Its own copy: what comes next may break what is inside.
            place[key] = deepcopy(chance.choice(_JUNK))
            return
