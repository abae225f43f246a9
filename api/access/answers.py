"""How a refusal looks on the wire, and in the OpenAPI page."""

import math
import sqlite3
from collections.abc import Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from fastapi import Response
from pydantic_core import from_json, to_json
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.access.refusals import BodyTooLarge
from api.errors import NotFound, Refusal, Unavailable
from api.printing.printer import Sheet

Said = dict[int | str, dict[str, Any]]

_STILL_RUNNING = "still_running"
_GUARDED = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
"""Nobody on the way may keep an answer, or take it for what it is not."""


def json_response(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """An answer of bytes that are JSON already; nobody on the way may keep it."""
    return Response(
        body or None,
        status,
        {**_GUARDED, **(headers or {})},
        "application/json" if body else None,
    )


def file_response(content: bytes, sheet: Sheet, headers: Mapping[str, str]) -> Response:
    """Answer with a file that was drawn; nobody on the way may keep it."""
    said = {
        **_GUARDED,
        "content-disposition": f'attachment; filename="{sheet.name}"',
        **headers,
    }
    return Response(content, headers=said, media_type=sheet.media_type)


def body_of(refusal: Refusal) -> bytes:
    """The JSON of a refusal."""
    return to_json({"code": refusal.code, "params": refusal.params})


def of_refusal(refusal: Refusal) -> Response:
    """Answer a refusal; one that says how long to wait says so in Retry-After too."""
    return kept(refusal.status, body_of(refusal), {})


def kept(status: int, body: bytes, headers: dict[str, str]) -> Response:
    """Answer with a body that was made before: a result, or a refusal as of_refusal would."""
    wait = from_json(body)["params"].get("wait_seconds") if status >= 400 else None
    if wait is not None:
        headers = {**headers, "retry-after": str(math.ceil(wait))}
    return json_response(status, body, headers)


def of_unavailable(unavailable: Unavailable) -> Response:
    """Answer that the same request is worth repeating: 409 while the same key runs, else 503."""
    status = 409 if unavailable.reason == _STILL_RUNNING else 503
    return json_response(
        status,
        to_json({"code": unavailable.reason, "params": {}}),
        {"retry-after": str(math.ceil(unavailable.retry_after))},
    )


def of_status(status: int) -> Response:
    """Answer what the framework refused: no such door, another method, a body that is too large."""
    code = HTTPStatus(status).phrase.lower().replace(" ", "_")
    for refusal in (NotFound, BodyTooLarge):
        if refusal.status == status:
            code = refusal.code
    return json_response(status, to_json({"code": code, "params": {}}))


def of_fault(event: str) -> Response:
    """Answer that the fault is ours; `event` finds it in the log."""
    return json_response(500, to_json({"code": "fault", "params": {"event": event}}))


def unavailability(error: BaseException) -> Unavailable | None:
    """Whether this error says that the store is away for now, and is no fault of ours."""
    if isinstance(error, PoolTimeout):
        return Unavailable("away")
    if not isinstance(error, (OperationalError, InterfaceError)):
        return None
    # SQLite calls a missing table an operational error as well (its code 1): that is a fault.
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return None
    return Unavailable("away")


def answers(*refusals: type[Refusal]) -> Said:
    """Declare the refusals a door may answer, for `responses=`."""
    said: Said = {}
    for refusal in refusals:
        _declare(said, refusal.status, refusal.code, (refusal.__doc__ or "").strip())
    return said


def with_unavailable(said: Said, *, writing: bool) -> Said:
    """Add the answers that are worth repeating."""
    if writing:
        _declare(said, 409, _STILL_RUNNING, "The same key is being answered: repeat.")
    _declare(said, 503, "busy", "Too many requests wait: repeat.")
    if writing:
        _declare(said, 503, "held", "Restored from a backup and not released yet: repeat.")
    _declare(said, 503, "away", "The database is away: repeat.")
    return said


def merged(one: Said, other: Said) -> Said:
    """All that both declare."""
    both = deepcopy(one)
    for status, answer in other.items():
        if status not in both:
            both[status] = answer
            continue
        for code, example in answer["content"]["application/json"]["examples"].items():
            _declare(both, int(status), code, example["summary"])
    return both


def _declare(said: Said, status: int, code: str, meaning: str) -> None:
    example = {"summary": meaning.partition("\n")[0], "value": {"code": code, "params": {}}}
    answer = said.setdefault(
        status,
        {
            "description": HTTPStatus(status).phrase,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["code", "params"],
                        "properties": {
                            "code": {"type": "string", "enum": []},
                            "params": {"type": "object", "description": "Facts of the refusal."},
                        },
                    },
                    "examples": {},
                }
            },
        },
    )
    content = answer["content"]["application/json"]
    if code not in content["examples"]:
        content["examples"][code] = example
        content["schema"]["properties"]["code"]["enum"].append(code)
