"""Knocking at a door: headers from the context, one call, and an answer of the promised type.

Nothing is tried twice here: the talk engine repeats, with the same key (talks.md, rule 4).
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from functools import cached_property
from io import BytesIO
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

import aiohttp
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from api.errors import Refusal, Unavailable
from api.kit.message import Paper

Answer = TypeVar("Answer")

_STILL_RUNNING = "still_running"
_BYTES = "application/octet-stream"
_NOBODY = {502, 503, 504}
"""What the core says without its store, and a proxy without the core."""
FILE_SECONDS = 60.0
"""So long a file may be on its way, and wait for its turn there."""
READY_SECONDS = 2.0
"""So long the core may take to say whether it is ready."""


@dataclass(frozen=True, slots=True)
class Knock:
    """For whom the next calls are made: the chat, its grant, the key of a change, the language.

    `chat` is `<messenger>:<audience>:<chat id>`, none for a machine; `language` is the one being spoken.
    """

    chat: str | None = None
    grant: UUID | str | None = None
    key: str | None = None
    language: str | None = None


current: ContextVar[Knock | None] = ContextVar("knock", default=None)


@dataclass(frozen=True)
class Door(Generic[Answer]):
    """One door of the core: where it is and what it answers (None where it answers nothing).

    A `Paper` is the file itself; everything else comes as JSON.
    """

    method: str
    path: str
    answer: Any = None

    def __post_init__(self) -> None:
        _doors.append(self)

    @cached_property
    def adapter(self) -> TypeAdapter[Answer]:
        return TypeAdapter(self.answer)


_doors: list[Door[Any]] = []


def doors() -> tuple[Door[Any], ...]:
    """All doors the client has a method for."""
    return tuple(_doors)


@dataclass
class Knocker:
    """Makes the calls. The connections are opened with the first and kept."""

    url: str
    key: str = field(repr=False)
    timeout_seconds: float = 10.0
    wait_until: dict[tuple[str, str], datetime] = field(default_factory=dict)
    is_away: bool = field(default=True, init=False)
    """Whether the last knock found nobody who could answer; true before the first."""
    _session: aiohttp.ClientSession | None = field(default=None, init=False, repr=False)

    async def __call__(self, door: Door[Answer], /, **arguments: Any) -> Answer:
        """Knock: arguments that the path names go there, the others into the query or the body.

        Raises the refusal that was answered, or Unavailable when the same knock is worth
        repeating.
        """
        path = door.path
        rest: dict[str, Any] = {}
        for name, value in arguments.items():
            hole = "{" + name + "}"
            if hole in path:
                path = path.replace(hole, quote(str(value), safe=""))
            elif value is not None:
                rest[name] = value
        if door.method == "GET":
            return await self._answer(door, path, query=rest)
        return await self._answer(door, path, body=to_json(rest))

    async def bring(self, door: Door[Answer], content: bytes, /, **query: Any) -> Answer:
        """Knock with a file as the body; raises as a knock without one."""
        return await self._answer(
            door,
            door.path,
            query=query,
            body=BytesIO(content),
            media_type=_BYTES,
            seconds=FILE_SECONDS,
        )

    async def _answer(self, door: Door[Answer], path: str, **sent: Any) -> Answer:
        status, body, headers = await self._call(door.method, path, **sent)
        self._keep_wait(headers)
        if status >= 300:
            raise _no(status, body, headers)
        if door.answer is None:
            return None  # type: ignore[return-value]
        if door.answer is Paper:
            return _paper(body, headers)  # type: ignore[return-value]
        try:
            return door.adapter.validate_json(body)
        except ValidationError as error:
            raise Unavailable("answer_not_understood") from error

    async def is_ready(self) -> bool:
        """Whether the core says that it is there and has its store."""
        try:
            status, _, _ = await self._call("GET", "/health/ready", seconds=READY_SECONDS)
        except Unavailable:
            return False
        return status < 300

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] = MappingProxyType({}),
        body: bytes | BytesIO | None = None,
        media_type: str = "application/json",
        seconds: float | None = None,
    ) -> tuple[int, bytes, "aiohttp.typedefs.LooseHeaders"]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"X-Key": self.key},
                connector=aiohttp.TCPConnector(limit=0),
            )
        seconds = self.timeout_seconds if seconds is None else seconds
        try:
            async with self._session.request(
                method,
                self.url.rstrip("/") + path,
                params={name: str(value) for name, value in query.items()},
                data=body,
                headers=_headers(media_type if body is not None else ""),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                content = await response.read()
                self.is_away = response.status in _NOBODY
                return response.status, content, response.headers
        except TimeoutError:
            self.is_away = True
            raise Unavailable("timeout") from None
        except aiohttp.ClientError as error:
            self.is_away = True
            raise Unavailable(f"connection: {type(error).__name__}") from None

    def _keep_wait(self, headers: Any) -> None:
        knock = current.get()
        if knock is None or knock.chat is None:
            return
        messenger, audience, _ = knock.chat.split(":", 2)
        until = headers.get("X-Wait-Until")
        if until is None:
            self.wait_until.pop((messenger, audience), None)
        else:
            self.wait_until[messenger, audience] = datetime.fromisoformat(until)


def _headers(media_type: str) -> dict[str, str]:
    """The headers of a knock; one without a body has no media type."""
    knock = current.get()
    headers = {"Content-Type": media_type} if media_type else {}
    if knock is not None:
        if knock.chat is not None:
            headers["X-Chat"] = knock.chat
        if knock.grant is not None:
            headers["X-For"] = str(knock.grant)
        if knock.language is not None:
            headers["Accept-Language"] = knock.language
        if knock.key is not None and media_type:
            headers["Idempotency-Key"] = knock.key
    return headers


def _paper(body: bytes, headers: Any) -> Paper:
    named = Message()
    named["Content-Disposition"] = headers.get("Content-Disposition", "")
    media_type = headers.get("Content-Type", "application/octet-stream")
    return Paper(named.get_filename("file"), body, media_type)


def _no(status: int, body: bytes, headers: Any) -> Exception:
    try:
        said = from_json(body)
        code, params = str(said["code"]), dict(said["params"])
    except (ValueError, KeyError, TypeError):
        code, params = "", {}
    if status >= 500 or code == _STILL_RUNNING or not code:
        try:
            wait = float(headers.get("Retry-After", "1"))
        except ValueError:
            wait = 1.0
        return Unavailable(code or f"status_{status}", retry_after=wait)
    return Refusal.of(code, status, params)
