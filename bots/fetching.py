"""The bytes of a file that a person sent: fetched when a call of the core carries them, kept nowhere.

In the log a file stands by the messenger's own reference. `contents` gives what a `Do` carries:

    kept = await Do("kept", core.files.keep, purpose=…, content=contents(file))
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from api.access.refusals import BodyTooLarge
from api.access.rules import FILE_BYTES
from api.client.files import Content
from api.errors import Unavailable
from api.files.refusals import FileNotFound
from bots.sent import File

SECONDS = 30.0
"""Whatever is fetched by then is fetched again later: the chat waits for it meanwhile."""

Fetch = Callable[[File], Awaitable[bytes]]
"""Fetches from where the chat is; raises FileNotFound, BodyTooLarge, Unavailable."""


async def nowhere(_file: File) -> bytes:
    """Fetch where no file can come from."""
    raise FileNotFound


fetching: ContextVar[Fetch] = ContextVar("fetching", default=nowhere)
"""How this talk's files are fetched."""


def contents(file: File) -> Content:
    """The bytes of a file, when they are wanted."""
    fetch = fetching.get()

    async def fetched() -> bytes:
        if file.size > FILE_BYTES:
            raise BodyTooLarge(bytes=FILE_BYTES)
        try:
            async with asyncio.timeout(SECONDS):
                return await fetch(file)
        except TimeoutError:
            raise Unavailable("file_slow") from None

    return fetched
