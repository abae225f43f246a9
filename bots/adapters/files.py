"""Files on a messenger that speaks the Bot API: where one is, and its bytes, no more than we take.

Fetched by plain calls of ours, as updates are: aiogram's and python-telegram-bot's own hold whatever
comes, however long it is.
"""

import re
from typing import Any

import aiohttp

from api.access.refusals import BodyTooLarge
from api.access.rules import FILE_BYTES
from api.errors import Unavailable
from api.files.refusals import FileNotFound
from api.kit import points
from bots.sent import File
from notifier.channels.dialects import DIALECTS
from notifier.channels.settings import BotSettings

_PATH = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*")
_PIECE = 64 * 1024


class Files:
    """The files of one bot's chats."""

    def __init__(self, settings: BotSettings) -> None:
        token = settings.token.get_secret_value()
        self._asked = f"{settings.api_root}/bot{token}/getFile"
        self._root = f"{settings.file_root}/file/bot{token}"
        self._dialect = DIALECTS[settings.messenger]
        self._opened: aiohttp.ClientSession | None = None

    async def fetch(self, file: File) -> bytes:
        """Fetch a file; raises FileNotFound, BodyTooLarge, Unavailable."""
        try:
            with points.around("bots.file"):
                return await self._bytes(await self._path(file))
        except TimeoutError:
            raise Unavailable("messenger_timeout") from None
        except (aiohttp.ClientError, ValueError) as error:
            # The error's text may hold the token, as part of the address.
            raise Unavailable(f"messenger_{type(error).__name__}") from None

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _path(self, file: File) -> str:
        said = {"file_id": file.reference}
        async with self._session.post(self._asked, json=said, allow_redirects=False) as response:
            status, answer = response.status, await response.json(content_type=None)
        told: dict[str, Any] = answer if isinstance(answer, dict) else {}
        result = told.get("result")
        if told.get("ok") is True and isinstance(result, dict):
            path = str(result.get("file_path", ""))
            if _PATH.fullmatch(path):
                return path
            raise FileNotFound
        words = str(told.get("description", ""))
        if "too big" in words.lower():
            raise BodyTooLarge(bytes=FILE_BYTES)
        code = told.get("error_code")
        status = self._dialect.status_of(words, code if isinstance(code, int) else status)
        if status == 400:
            raise FileNotFound
        raise Unavailable(f"messenger_status_{status}")

    async def _bytes(self, path: str) -> bytes:
        async with self._session.get(f"{self._root}/{path}", allow_redirects=False) as response:
            if response.status == 404:
                raise FileNotFound
            if response.status != 200:
                raise Unavailable(f"messenger_status_{response.status}")
            content = bytearray()
            async for piece in response.content.iter_chunked(_PIECE):
                content += piece
                if len(content) > FILE_BYTES:
                    raise BodyTooLarge(bytes=FILE_BYTES)
        return bytes(content)

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._opened
