"""What a form of the page says: its fields, read as a line of the talk."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from api.kit.identifiers import BadIdentifier, mobile
from api.kit.language import Language, Sentence, Speech, _
from api.kit.text import normalise
from bots import wording
from bots.adapters import Raw
from bots.web import pages
from bots.web.visits import Seen

_BODY_BYTES = 16_384
_PLACE = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,15})?) (-?[0-9]{1,3}(?:\.[0-9]{1,15})?)")
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
_A_PLACE = _("a place on the map")


class Unclear(Exception):
    """What was posted cannot be a line; `words` say what helps."""

    def __init__(self, words: Sentence) -> None:
        super().__init__()
        self.words = words


def said(fields: Mapping[str, str], seen: Seen, language: Language) -> tuple[Raw, str]:
    """What a form says, and how it stands in the conversation; nothing for an empty line.

    Raises Unclear.
    """
    if tap := fields.get("tap", "")[:128]:
        return {"tap": tap}, _label(tap, seen)
    if contact := fields.get("contact", ""):
        try:
            phone = mobile(contact)
        except BadIdentifier:
            raise Unclear(pages.NO_PHONE) from None
        # Nobody vouches for it, here as elsewhere it proves nothing: codes go to the registered one.
        return {"contact": {"phone": phone, "own": True}}, normalise(contact)
    if place := _PLACE.fullmatch(fields.get("place", "")):
        latitude, longitude = map(float, place.groups())
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            where = {"latitude": latitude, "longitude": longitude}
            return {"location": where}, Speech(language).word(_A_PLACE)
    text = normalise(fields.get("text", ""))
    if len(text) > pages.LONGEST:
        raise Unclear(wording.TOO_LONG.using(longest=pages.LONGEST))
    return ({"text": text}, text) if text else ({}, "")


def _label(tap: str, seen: Seen) -> str:
    """The words of the button that was pressed; nothing where it is not shown any more."""
    labels = (
        button.label
        for line in reversed(seen.lines)
        for row in line.message.buttons
        for button in row
        if button.data == tap
    )
    return next(labels, "")


async def fields_of(request: web.Request) -> dict[str, str] | None:
    """The fields of a posted form, the first of each; None where it is no form of ours."""
    body = b""
    async for piece in request.content.iter_chunked(_BODY_BYTES):
        body += piece
        if len(body) > _BODY_BYTES:
            return None
    try:
        given: dict[str, list[Any]] = parse_qs(body.decode("ascii"), max_num_fields=16)
    except ValueError:
        return None
    return {name: values[0] for name, values in given.items()}


def payload(text: str) -> str:
    """The payload of a deep link; nothing where it is none."""
    return text if _PAYLOAD.fullmatch(text) else ""
