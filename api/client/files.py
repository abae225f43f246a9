"""Files that people send: brought to the core, bytes and all."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from api.access.refusals import BodyTooLarge
from api.access.rules import FILE_BYTES
from api.client.knock import Door, Knocker
from api.files.rules import Purpose
from api.files.schemas import FileOut

KEEP = Door[FileOut]("POST", "/v1/files", FileOut)

AT_ONCE = 4
"""So many files are held in memory at once; the others wait where they are."""

Content = Callable[[], Awaitable[bytes]]
"""Fetches the bytes of a file, when they are wanted; what it raises goes through."""


@dataclass(frozen=True)
class Files:
    """Bringing files."""

    knock: Knocker
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def keep(self, *, purpose: Purpose, content: Content) -> FileOut:
        """Fetch a file and have it kept until it is used; the same bytes are the same file."""
        async with self._room:
            fetched = await content()
            if len(fetched) > FILE_BYTES:
                raise BodyTooLarge(bytes=FILE_BYTES)
            return await self.knock.bring(KEEP, fetched, purpose=purpose)
