"""What a form of the page says: its fields, read as a line of the talk."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from aiohttp import BodyPartReader, ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from api.access.refusals import BodyTooLarge
from api.access.rules import FILE_BYTES
from api.files.refusals import FileDamaged
from api.kit.identifiers import BadIdentifier, mobile
from api.kit.language import Language, Sentence, _
from api.kit.speech import Speech
from api.kit.text import normalise
from bots import wording
from bots.adapters import Raw
from bots.web import pages
from bots.web.visits import Seen

_BODY_BYTES = 16_384
_FIELDS, _FIELD_BYTES, _PIECE_BYTES = 4, 256, 64 * 1024
_PLACE = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,15})?) (-?[0-9]{1,3}(?:\.[0-9]{1,15})?)")
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
_A_PLACE = _("a place on the map")
A_FILE = _("a file")


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


class SentFile(NamedTuple):
    """A file that was posted, and the fields that stood before it."""

    fields: Mapping[str, str]
    content: bytes


async def file_of(
    request: web.Request, is_ours: Callable[[Mapping[str, str]], bool]
) -> SentFile | None:
    """The file of a posted form; None where it is no form of ours, or has none.

    The file stands last: none of its bytes is read before the fields have proved the form. Raises
    Unclear for one that is too large.
    """
    fields: dict[str, str] = {}
    if request.content_type != "multipart/form-data":
        return None
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or len(fields) > _FIELDS:
                break
            if part.name == "file":
                return SentFile(fields, await _read(part)) if is_ours(fields) else None
            field = await part.read_chunk(_FIELD_BYTES)
            fields[part.name or ""] = field.decode("ascii", "replace")
    except (ValueError, ClientPayloadError, HttpProcessingError) as broken:
        raise Unclear(wording.refusal(FileDamaged())) from broken
    return None


async def _read(part: BodyPartReader) -> bytes:
    content = bytearray()
    while piece := await part.read_chunk(_PIECE_BYTES):
        content += piece
        if len(content) > FILE_BYTES:
            raise Unclear(wording.refusal(BodyTooLarge(bytes=FILE_BYTES)))
    return bytes(content)


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
