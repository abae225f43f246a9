"""Which forms are ours: the proof that a page of ours carried the button that was pressed."""

import base64
import hmac
from urllib.parse import parse_qs, urlsplit

from fastapi import Request

from api import db

FIELD = "form"
MOST_BYTES = 4096
"""A form of ours is one short field; a longer body is nobody's."""


def token(path: str) -> str:
    """Give what the form that posts to this path carries.

    It needs no memory and no cookie, which the browsers inside messengers often refuse. Whoever can
    read it can read the page; that a stranger's page cannot post it in somebody's name is judged by
    what the browser says of where the form stood.
    """
    signed = db.keys().sign("portal_form", path.encode())
    return base64.urlsafe_b64encode(signed[:18]).decode("ascii")


async def is_ours(request: Request, *, public_url: str) -> bool:
    """Whether the form that is being posted stood on our own page for this very path.

    Nothing else of it is read: amounts, bills and people come from our own store.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    # Our pages send no referrer, and so browsers call their origin "null".
    origin = request.headers.get("origin", "null")
    if site != "same-origin" or origin not in {"null", _origin(public_url)}:
        return False
    given = await _field(request)
    return hmac.compare_digest(given, token(request.url.path).encode())


async def _field(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            return b""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=16)
    except ValueError:
        return b""
    return fields.get(FIELD, [""])[0].encode()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
