"""Text with HTML marks, as the Bot API reads it: plain text and entities counted in UTF-16 units."""

import html
import re
from typing import Any

from sandbox.messenger.refusals import bad
from sandbox.messenger.validation import units

KIND_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "a": "text_link",
}
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z-]+(?:=(?:\"[^\"]*\"|'[^']*'))?)*)\s*>"
)
HREF = re.compile(r"""href=(?:"([^"]*)"|'([^']*)')""")
COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?")


def parse(text: str, parse_mode: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Answer the plain text and its entities. Raises Refused (400) where the marks do not fit.

    HTML only: the sandbox does not read the two Markdown dialects and says so.
    """
    if not parse_mode:
        return text, []
    if parse_mode.lower() != "html":
        raise bad("unsupported parse_mode (the sandbox reads HTML)")
    plain: list[str] = []
    length = 0
    open_tags: list[tuple[str, int, dict[str, Any]]] = []
    entities: list[dict[str, Any]] = []
    at = 0
    while at < len(text):
        piece, at, tag = _piece(text, at)
        plain.append(piece)
        length += units(piece)
        if tag is None:
            continue
        closing, name, attributes = tag
        if not closing:
            open_tags.append((name, length, _extra(name, attributes)))
            continue
        if not open_tags or open_tags[-1][0] != name:
            raise bad(f'can\'t parse entities: unexpected end tag "{name}"')
        _, start, extra = open_tags.pop()
        if length > start:
            kind = KIND_OF_TAG[name]
            entities.append({"type": kind, "offset": start, "length": length - start} | extra)
    if open_tags:
        raise bad(
            f"can't parse entities: can't find end tag corresponding to \"{open_tags[-1][0]}\""
        )
    return "".join(plain), sorted(entities, key=lambda one: (one["offset"], -one["length"]))


def _piece(text: str, at: int) -> tuple[str, int, tuple[bool, str, str] | None]:
    """Answer the text up to the next mark, where to go on, and the tag met, if any."""
    if text[at] == "<":
        found = TAG.match(text, at)
        name = found[2].lower() if found else ""
        if found is None or name not in KIND_OF_TAG:
            offset = len(text[:at].encode())
            raise bad(
                f'can\'t parse entities: unsupported start tag "{name}" at byte offset {offset}'
            )
        return "", found.end(), (bool(found[1]), name, found[3])
    if text[at] == "&" and (sign := ENTITY.match(text, at)):
        return html.unescape(sign[0]), sign.end(), None
    end = min(
        (i for i in (text.find("<", at + 1), text.find("&", at + 1)) if i > 0), default=len(text)
    )
    return text[at:end], end, None


def _extra(name: str, attributes: str) -> dict[str, Any]:
    if name != "a":
        return {}
    found = HREF.search(attributes)
    return {"url": html.unescape(found[1] or found[2] or "")} if found else {}


def commands(text: str) -> list[dict[str, Any]]:
    """Answer the command entities of what a person wrote, as Telegram marks them for bots."""
    return [
        {
            "type": "bot_command",
            "offset": units(text[: found.start()]),
            "length": units(found[0]),
        }
        for found in COMMAND.finditer(text)
    ]
