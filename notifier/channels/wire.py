"""The way of python-telegram-bot's calls to the wire: aiohttp's pool, and answers in any dialect.

The library's own way is httpx, which looks at every connection for every call and falls behind at
some hundred calls at once (performance.md).
"""

import io
import json
from typing import Any

import aiohttp
from aiohttp import ClientConnectorError, ClientError
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from notifier.channels.dialects import Dialect

_AT_ONCE = 200
_LONGEST_WAIT = 86_400.0
_JSON = {"Content-Type": "application/json"}


class TooMany(TelegramError):
    """The messenger wants silence for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many calls")
        self.seconds = seconds


class NotReached(NetworkError):
    """Nobody listens: the call was not made."""


class Broken(NetworkError):
    """The line broke: nobody can say whether the call was heard."""


class Garbled(NetworkError):
    """Not the Bot API's words: somebody between us and it answered."""


class TooLarge(NetworkError):
    """What was sent is larger than the messenger takes."""


class ServerError(NetworkError):
    """The messenger says itself that the call has failed."""


class Wire(BaseRequest):
    """One bot's calls. A kept connection for each that is under way, 200 at most."""

    def __init__(self, dialect: Dialect, timeout_seconds: float) -> None:
        self._dialect = dialect
        self._seconds = timeout_seconds
        self._http: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._seconds

    async def initialize(self) -> None:
        """Nothing: the pool opens with the first call."""

    async def shutdown(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def do_request(  # noqa: PLR0917 - the library's own signature.
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - one limit holds for a call.
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """Make one call. Raises the errors above, TimedOut, or leaves the status to the library."""
        body, headers = _body(request_data)
        # What takes long to write has a limit of its own, for the whole call as well.
        long = isinstance(write_timeout, int | float) and write_timeout > self._seconds
        limit = aiohttp.ClientTimeout(total=write_timeout if long else self._seconds)
        try:
            async with self._pool().request(
                method, url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                status, said = answer.status, await answer.read()
                after = answer.headers.get("Retry-After", "")
        # No text of these errors goes further: the address holds the token.
        except TimeoutError:
            raise TimedOut from None
        except ClientConnectorError:
            raise NotReached("not reached") from None
        except ClientError as error:
            raise Broken(type(error).__name__) from None
        if status == 200 and (method == "GET" or b'"result"' in said):
            return status, said
        return self._refused(status, said, after), said

    def _pool(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_AT_ONCE),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._http

    def _refused(self, status: int, said: bytes, after: str) -> int:
        """The status of a refusal as Telegram would give it; raises what the library has no word for."""
        told = _loaded(said)
        if "ok" not in told:
            raise Garbled(f"status {status}")
        code = told.get("error_code")
        description = told.get("description")
        status = code if isinstance(code, int) and status == 200 else status
        status = self._dialect.status_of(str(description or ""), status)
        if status == 429:
            raise TooMany(_wait(told.get("parameters"), after))
        if status == 413:
            raise TooLarge("too large")
        if status >= 500:
            raise ServerError(f"status {status}")
        # The library takes any status from 200 to 299 for a success.
        return status if status >= 300 else 400

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """What was answered; of a message only what is read here, as a dialect may leave out the rest.

        Raises Garbled. The library's own would write the answer into the log.
        """
        told = _loaded(payload)
        if not told:
            raise Garbled("no JSON object")
        result = told.get("result")
        if isinstance(result, dict) and "message_id" in result:
            told["result"] = {
                "message_id": result["message_id"],
                "date": 0,
                "chat": {"id": 0, "type": "private"},
            }
        return told


def _body(asked: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, dict[str, str]]:
    if asked is None:
        return None, {}
    if not asked.contains_files:
        text = json.dumps(asked.parameters, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="replace"), _JSON
    form = aiohttp.FormData()
    for name, value in asked.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, media_type) in asked.multipart_data.items():
        # As a stream: large bytes would be written in one piece, and nothing else would move.
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, stream, filename=filename, content_type=media_type)
    return form, {}


def _loaded(payload: bytes) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _wait(parameters: Any, header: str) -> float:
    """The seconds of silence that were asked for; one where none were named."""
    told = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(told, int | float) and 0 < told < _LONGEST_WAIT:
        return float(told)
    return float(header) if header.isascii() and header.isdecimal() and int(header) else 1.0
