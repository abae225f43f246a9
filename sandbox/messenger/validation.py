"""Every call held against the Bot API as data: names, types, what is required, lengths, keyboards."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.messenger.refusals import Refused, bad

BUTTONS_INLINE = 100
BUTTONS_REPLY = 300
# Their limits hold after the markup is taken out, so they are judged where it is (methods.py).
AFTER_PARSING = frozenset({"text", "caption"})
ACTIONS_OF_A_BUTTON = frozenset(
    {
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
    }
)


class Upload(bytes):
    """The bytes of a file part, with the name and kind its sender gave it."""

    name: str = "file"
    mime: str = "application/octet-stream"


@cache
def bot_api() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        Path(__file__).with_name("bot_api.json").read_text(encoding="utf-8")
    )
    return data


@cache
def methods() -> dict[str, str]:
    """The methods played, by their name in small letters: the Bot API does not mind the case."""
    return {name.lower(): name for name in bot_api()["methods"]}


def units(text: str) -> int:
    """Answer the length of a text in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read(method: str, raw: Mapping[str, Any], files: Mapping[str, Upload]) -> dict[str, Any]:
    """Answer the call's parameters with their right types. Raises Refused (400) with the reason.

    Stricter than Telegram in one thing: a parameter that the method does not have is refused, not ignored.
    """
    fields = bot_api()["methods"][method]["fields"]
    attached: set[str] = set()
    read_: dict[str, Any] = {}
    for name, value in {**raw, **{k: v for k, v in files.items() if k in fields}}.items():
        if name not in fields:
            raise bad(f'unknown parameter "{name}" of {method}')
        if value is None:
            continue
        if isinstance(value, str) and value.startswith("attach://"):
            part = value.removeprefix("attach://")
            if part not in files:
                raise bad(f'attached file "{part}" not found')
            attached.add(part)
            value = files[part]  # noqa: PLW2901  From here on the file stands for its name.
        read_[name] = _top(value, fields[name], name)
    if stray := set(files) - attached - set(fields):
        raise bad(f'unknown file part "{min(stray)}" of {method}')
    for name, field in fields.items():
        if field["r"] and name not in read_:
            raise bad(f'parameter "{name}" is required')
    if "reply_markup" in read_:
        _keyboard(read_["reply_markup"])
    return read_


def _top(value: Any, field: dict[str, Any], name: str) -> Any:
    """Read a parameter that may have come as text: in a query or a form everything does."""
    kinds = field["t"]
    if isinstance(value, Upload):
        if "InputFile" not in kinds:
            raise bad(f'parameter "{name}" must be {_or(kinds)}, not a file')
        return value
    if (isinstance(value, str) and "String" not in kinds) or kinds == ["Integer", "String"]:
        value = _from_text(value, kinds, name)
    return _fit(value, field, name)


def _from_text(value: Any, kinds: list[str], name: str) -> Any:
    if not isinstance(value, str):
        return value
    if "Integer" in kinds and value.lstrip("-").isdecimal() and value.isascii():
        return int(value)
    if "String" in kinds:
        return value
    if kinds == ["Boolean"]:
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    try:
        return json.loads(value)
    except ValueError:
        raise bad(f'parameter "{name}" must be {_or(kinds)}') from None


def _fit(value: Any, field: dict[str, Any], name: str) -> Any:
    reasons = []
    for kind in field["t"]:
        try:
            _is(value, kind, name)
        except Refused as reason:
            reasons.append((_likeness(value, kind), reason))
        else:
            break
    else:
        if len(reasons) == 1 or isinstance(value, dict):
            raise max(reasons, key=lambda pair: pair[0])[1]
        raise bad(f'parameter "{name}" must be {_or(field["t"])}')
    if "const" in field and value != field["const"]:
        raise bad(f'parameter "{name}" must be "{field["const"]}"')
    if isinstance(value, str) and name not in AFTER_PARSING and "max" in field:
        _length(value, field, name)
    return value


def _length(value: str, field: dict[str, Any], name: str) -> None:
    size = len(value.encode()) if field["unit"] == "bytes" else units(value)
    if not field.get("min", 0) <= size <= field["max"]:
        if name == "callback_data":
            raise bad("BUTTON_DATA_INVALID")
        raise bad(
            f'parameter "{name}" must have {field["min"]}-{field["max"]} {field["unit"]}, it has {size}'
        )


def _is(value: Any, kind: str, name: str) -> None:
    """Raise Refused when `value` is not of the Bot API's `kind`."""
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            raise bad(f'parameter "{name}" must be {kind}')
        for one in value:
            _is(one, kind.removeprefix("Array of "), name)
    elif kind in SIMPLE:
        if isinstance(value, bool) != (kind == "Boolean") or not isinstance(value, SIMPLE[kind]):
            raise bad(f'parameter "{name}" must be {kind}')
    elif kind == "InputFile":
        raise bad(f'parameter "{name}" must be a file')
    else:
        _is_object(value, kind, name)


SIMPLE: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "String": (str,),
    "Boolean": (bool,),
}


def _is_object(value: Any, kind: str, name: str) -> None:
    if not isinstance(value, dict):
        raise bad(f'parameter "{name}" must be {kind}')
    form = bot_api()["types"][kind]
    if "sub" in form:
        kinds = [sub for sub in form["sub"] if _says_it_is(value, sub)]
        if not kinds:
            raise bad(f'parameter "{name}" has an unknown type')
        return _is_object(value, kinds[0], name)
    for key, one in value.items():
        if key not in form["fields"]:
            raise bad(f'unknown field "{key}" of {kind} in "{name}"')
        if one is not None:
            _fit(one, form["fields"][key], key)
    for key, field in form["fields"].items():
        if field["r"] and value.get(key) is None:
            raise bad(f'field "{key}" of {kind} in "{name}" is required')
    return None


def _says_it_is(value: dict[str, Any], kind: str) -> bool:
    said: bool = value.get("type") == bot_api()["types"][kind]["fields"]["type"]["const"]
    return said


def _likeness(value: Any, kind: str) -> int:
    """Answer how many field names a value has in common with a type: whose fault is the most telling."""
    if not isinstance(value, dict) or kind not in bot_api()["types"]:
        return -1
    return len(set(value) & set(bot_api()["types"][kind]["fields"]))


def _keyboard(markup: dict[str, Any]) -> None:
    rows = markup.get("inline_keyboard", markup.get("keyboard"))
    if rows is None:
        return
    inline = "inline_keyboard" in markup
    if sum(len(row) for row in rows) > (BUTTONS_INLINE if inline else BUTTONS_REPLY):
        raise bad("reply markup is too long")
    if not inline and not any(rows):
        raise bad("object expected as reply markup: the keyboard has no button")
    for row in rows:
        for button in row:
            if not button["text"].strip():
                raise bad("button text must be non-empty")
            acts = [key for key in ACTIONS_OF_A_BUTTON if button.get(key) is not None]
            if inline and len(acts) != 1:
                raise bad("text buttons are unallowed in the inline keyboard" if not acts else
                          "an inline button has exactly one action")  # fmt: skip


def _or(kinds: list[str]) -> str:
    return " or ".join(kinds)
