"""A body that is a file: counted while it comes, and few at once.

A door whose endpoint asks for an `Upload` takes bytes in place of JSON. Who knocks is judged before
the first of them is read, so that nobody else's bytes take up room.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.access.refusals import BodyTooLarge
from api.access.rules import FILE_BYTES
from api.errors import Unavailable

AT_ONCE = 4
"""So many are held in memory by a process; the others wait."""
WAIT_SECONDS = 10.0
READ_SECONDS = 30.0
"""Whoever sends slower than this takes up the room of others."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes of a request, and their digest."""

    content: bytes = field(repr=False)
    sha256: bytes = field(repr=False)


@dataclass(frozen=True)
class Uploads:
    """The room for those that are being read or kept."""

    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[Upload]:
        """Hold the body of a request; raises BodyTooLarge, and Unavailable where there is no room."""
        try:
            await asyncio.wait_for(self._room.acquire(), WAIT_SECONDS)
        except TimeoutError:
            raise Unavailable("busy") from None
        try:
            yield await _read(request)
        finally:
            self._room.release()


async def _read(request: Request) -> Upload:
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > FILE_BYTES:
        raise BodyTooLarge(bytes=FILE_BYTES)
    body, digest = bytearray(), hashlib.sha256()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for piece in request.stream():
                body += piece
                digest.update(piece)
                if len(body) > FILE_BYTES:
                    raise BodyTooLarge(bytes=FILE_BYTES)
    except (TimeoutError, ClientDisconnect):
        raise Unavailable("broken_off") from None
    return Upload(bytes(body), digest.digest())
