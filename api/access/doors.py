"""The doors: one hop a request.

An endpoint is a plain `def`. Its door reads the request in the loop, waits at the gate, and then in
one call of the thread pool opens the transaction, finds out who calls, looks for a first answer,
runs the endpoint, turns its result into bytes, keeps them and commits. The answer leaves after the
commit (design.md, "One request, one hop").

    router = Router(prefix="/v1/debts", tags=["debts"])

    @router.get("")
    def mine(session: Session, caller: Acting, today: Today) -> DebtPage:
        ...

`Session`, `Now`, `Today`, `Settings`, `Upload` (the body, where it is a file) and a Caller are given
by the door; all other parameters are FastAPI's. GET doors read; all others write and need an
Idempotency-Key. A GET that gives a `Sheet` answers with the file: it is drawn when the hop is over,
so that nobody waits for it with a connection in hand.
"""

import inspect
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import Counter, Histogram
from pydantic import TypeAdapter
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.types import Message

from api.access import once, service
from api.access.answers import (
    answers,
    body_of,
    file_response,
    json_response,
    kept,
    merged,
    of_fault,
    of_refusal,
    of_status,
    of_unavailable,
    unavailability,
)
from api.access.callers import (
    Acting,
    Anyone,
    Entrusted,
    Grown,
    Insured,
    Keyholder,
    Knock,
    Linked,
    Machine,
    UnheardToday,
    keyholder,
)
from api.access.hub import Hub, hub_of, printer_of
from api.access.uploads import Upload
from api.access.verbs import Now, Today, Verb
from api.errors import Invalid, Refusal, Unavailable
from api.holds import service as holds
from api.kit import calendar, points
from api.printing.printer import Sheet

__all__ = [
    "Acting",
    "Anyone",
    "Door",
    "Entrusted",
    "Grown",
    "Insured",
    "Linked",
    "Machine",
    "Now",
    "Router",
    "Today",
    "answers",
]

log = structlog.get_logger(__name__)

_ANSWERED = Counter("api_requests", "Requests answered.", ["door", "status"])
_SECONDS = Histogram("api_request_seconds", "From the first byte read to the answer.", ["door"])


@dataclass(frozen=True, slots=True)
class _Undrawn:
    """What a hop gives where its answer is a file."""

    sheet: Sheet
    headers: Mapping[str, str]


class Door(APIRoute):
    """A route whose endpoint runs in one hop."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        verb = Verb(endpoint)
        if isinstance(options.get("response_model"), DefaultPlaceholder):
            options["response_model"] = None if verb.draws else verb.returns
        if verb.draws:
            options["response_class"] = Response
        elif options["response_model"] is None and not options.get("status_code"):
            options["status_code"] = HTTPStatus.NO_CONTENT
        tag = (options.get("tags") or ["door"])[0]
        name = options.get("operation_id") or f"{tag}.{endpoint.__name__}"
        summary, _, description = inspect.cleandoc(endpoint.__doc__ or name).partition("\n")
        options["operation_id"] = name
        options["summary"] = options.get("summary") or summary.rstrip(".")
        options["description"] = options.get("description") or description.strip()
        methods: set[str] = set(options.get("methods") or {"GET"})
        hop = _Hop(
            name=name,
            verb=verb,
            writes=methods != {"GET"},
            status=int(options.get("status_code") or HTTPStatus.OK),
            answer=options["response_model"] and TypeAdapter(options["response_model"]),
        )
        options["responses"] = merged(verb.says(writes=hop.writes), options.get("responses") or {})
        options["openapi_extra"] = verb.openapi(writes=hop.writes)
        self.takes_file = verb.takes_file
        super().__init__(path, hop.endpoint(), **options)

    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()
        name = str(self.operation_id)
        # The room for files counts the bytes of these.
        takes_file = self.takes_file

        async def answer(request: Request) -> Response:
            began = time.perf_counter()
            try:
                response = await _heard(handler, request if takes_file else _bounded(request))
            except Exception as error:  # noqa: BLE001 - the last place that can still answer.
                response = of_exception(error, door=name)
            _SECONDS.labels(name).observe(time.perf_counter() - began)
            _ANSWERED.labels(name, response.status_code).inc()
            return response

        return answer


class Router(APIRouter):
    """A router whose routes are doors."""

    def __init__(self, *, prefix: str, tags: list[str]) -> None:
        super().__init__(prefix=prefix, tags=[*tags], route_class=Door)


def of_exception(error: Exception, *, door: str) -> Response:
    """Answer whatever was raised: a refusal, a form that cannot be read, a store that is away."""
    if isinstance(error, Refusal):
        return of_refusal(error)
    if isinstance(error, RequestValidationError):
        return of_refusal(_invalid(error))
    if isinstance(error, HTTPException):
        # What FastAPI could not parse at all: bytes of no text, a number without end.
        if error.status_code == HTTPStatus.BAD_REQUEST:
            return of_refusal(Invalid(field="body", reason="json_invalid"))
        return of_status(error.status_code)
    away = error if isinstance(error, Unavailable) else unavailability(error)
    if away is not None:
        log.warning("door.unavailable", door=door, reason=away.reason)
        return of_unavailable(away)
    event = uuid.uuid4().hex
    log.error("door.fault", door=door, event_id=event, exc_info=error)
    return of_fault(event)


def _invalid(error: RequestValidationError) -> Invalid:
    first = error.errors()[0]
    # The input itself is never repeated: it may hold a national code.
    where = [] if first["type"] == "json_invalid" else [str(part) for part in first["loc"][1:]]
    return Invalid(field=".".join(where) or "body", reason=first["type"])


async def _heard(handler: Callable[[Request], Any], request: Request) -> Response:
    """Answer a request; who shows a key that nobody holds hears that, whatever else is wrong.

    A request that can be read shows its key within its hop. One that cannot is refused before it:
    its key is judged in a hop of its own, so that strangers learn no form of ours.
    """
    try:
        return cast("Response", await handler(request))
    except (RequestValidationError, HTTPException):
        hub = hub_of(request.app)
        await hub.gate.cross(partial(_judge_key, hub, request))
        raise


def _judge_key(hub: Hub, request: Request) -> None:
    with hub.store.reading() as session:
        keyholder(session, Knock.read(request.headers), hub.settings.bots_key)


def _bounded(request: Request) -> Request:
    """The same request, whose body is no longer than the settings allow (413)."""
    most = hub_of(request.app).settings.body_bytes
    read = 0

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > most:
            # FastAPI lets this one through; anything else it would call a body it cannot parse.
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return Request(request.scope, receive)


@dataclass(frozen=True, slots=True)
class _Call:
    """What a request says: its values as read, the bytes that tell it from another, its file."""

    values: Mapping[str, Any]
    said: bytes = b""
    upload: Upload | None = None


@dataclass(frozen=True, slots=True)
class _Hop:
    name: str
    verb: Verb
    writes: bool
    status: int
    answer: TypeAdapter[Any] | None

    def endpoint(self) -> Callable[..., Any]:
        """What FastAPI sees: the endpoint's own parameters, and the request."""

        async def crossing(**values: Any) -> Response:
            request: Request = values.pop("door_request")
            hub = hub_of(request.app)
            if self.verb.takes_file:
                # The one hop more: a stranger's bytes are not read.
                await hub.gate.cross(partial(_judge_key, hub, request))
                async with hub.uploads.of(request) as upload:
                    call = _Call(values, upload.sha256, upload)
                    return await self._crossed(hub, request, call)
            call = _Call(values, await request.body() if self.writes else b"")
            return await self._crossed(hub, request, call)

        knocking = inspect.Parameter(
            "door_request", inspect.Parameter.KEYWORD_ONLY, annotation=Request
        )
        vars(crossing)["__signature__"] = inspect.Signature([*self.verb.asked, knocking])
        crossing.__name__ = self.verb.function.__name__
        crossing.__doc__ = None
        vars(crossing)["verb"] = self.verb.function
        return crossing

    async def _crossed(self, hub: Hub, request: Request, call: _Call) -> Response:
        crossed = await hub.gate.cross(partial(self.cross, hub, request, call))
        if isinstance(crossed, Response):
            return crossed
        content = await printer_of(request.app).made(crossed.sheet)
        return file_response(content, crossed.sheet, crossed.headers)

    def cross(self, hub: Hub, request: Request, call: _Call) -> Response | _Undrawn:
        """Everything of a request that touches the store, in a thread of the pool."""
        now = hub.clock()
        try:
            return self._within(hub, request, call, now)
        except UnheardToday as unheard:
            # Once a day and chat: a reading door's transaction cannot write it down.
            with hub.store.writing("access.heard_of") as session:
                service.heard_of(session, link_id=unheard.link_id, now=now)
            return self._within(hub, request, call, now)

    def _within(
        self, hub: Hub, request: Request, call: _Call, now: datetime
    ) -> Response | _Undrawn:
        with hub.store.session(writing=self.writes) as session:
            holder = keyholder(session, Knock.read(request.headers), hub.settings.bots_key)
            if self.writes:
                holds.refuse(session)
            headers = _waits(hub, session, holder, now)
            if self.verb.draws:
                return _Undrawn(self._result(hub, session, holder, call, now), headers)
            if not self.writes:
                _, body = self._answered(hub, session, holder, call, now)
                return json_response(self.status, body, headers)
            asked = once.request(
                owner=holder.owner,
                key=request.headers.get("idempotency-key", ""),
                said=_said(request, holder, call.said),
            )
            answered = once.first_answer(session, asked)
            if answered is None:
                answered = self._answered(hub, session, holder, call, now)
                once.keep(session, asked, status=answered[0], body=answered[1], now=now)
                with points.around(f"door.{self.name}"):
                    session.commit()
            return kept(*answered, headers)

    def _answered(
        self, hub: Hub, session: Session, holder: Keyholder, call: _Call, now: datetime
    ) -> tuple[int, bytes]:
        try:
            result = self._result(hub, session, holder, call, now)
        except Refusal as refusal:
            if not (self.writes and refusal.kept):
                raise
            return refusal.status, body_of(refusal)
        if self.answer is None:
            return self.status, b""
        valid = self.answer.validate_python(result, from_attributes=True)
        return self.status, self.answer.dump_json(valid, by_alias=True)

    def _result(
        self, hub: Hub, session: Session, holder: Keyholder, call: _Call, now: datetime
    ) -> Any:
        gifts: dict[str, Any] = {
            "session": session,
            "settings": hub.settings,
            "upload": call.upload,
            "now": now,
            "today": calendar.today(now),
        }
        if self.verb.caller is not None:
            gifts["caller"] = self.verb.caller.resolve(
                session, holder, now=now, writing=self.writes
            )
        return self.verb(call.values, gifts)


def _said(request: Request, holder: Keyholder, body: bytes) -> bytes:
    """All that makes a request the same request."""
    url = f"{request.method} {request.url.path}?{request.url.query}\n{holder.grant}\n"
    return url.encode() + body


def _waits(hub: Hub, session: Session, holder: Keyholder, now: datetime) -> dict[str, str]:
    if holder.chat is None:
        return {}
    until = hub.wait_until(session, holder.chat.messenger, holder.chat.audience, now)
    return {} if until is None else {"x-wait-until": until.isoformat()}
