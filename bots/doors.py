"""The bots' doors: updates that messengers bring, health, figures."""

import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bots.adapters import Adapter, Raw
from bots.adapters.sms import call_of, message_of
from bots.inbox import Update
from bots.store import Away

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name.
_BODY_BYTES = 1_048_576
_logger = structlog.get_logger("bots.doors")

Handler = Callable[[web.Request], Awaitable[web.Response]]
Receive = Callable[[str, Sequence[Update]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Watched:
    """A bot whose updates are brought, and the secret they must carry; its repr shows none."""

    adapter: Adapter
    secret: str = field(repr=False)
    in_path: bool = False
    """Whether the secret stands at the end of the address, not in a header."""


def doors(
    receive: Receive,
    watched: Iterable[Watched],
    *,
    ready: Callable[[], Awaitable[bool]],
    line: tuple[Adapter, str] | None = None,
    pages: Sequence[web.RouteDef] = (),
) -> web.Application:
    """Make the doors: `/<messenger>/<audience>`, with the secret in a header or at its end.

    `receive` keeps the updates of a bot, committed when it returns, as `Inbox.receive` does.
    `line` is that of SMS with the secret in the addresses to which its provider pushes; `pages` are
    those of the web talk (`bots.web.doors`).
    """
    application = web.Application(client_max_size=_BODY_BYTES)
    application.router.add_routes(pages)
    by_name = {one.adapter.name: one for one in watched}
    by_header = {name: one for name, one in by_name.items() if not one.in_path}
    by_path = {name: one for name, one in by_name.items() if one.in_path}
    update = "/{messenger:[a-z]+}/{audience:[a-z]+}"
    router = application.router
    router.add_get("/health/live", _live)
    router.add_get("/health/ready", _ready(ready))
    router.add_get("/metrics", _metrics)
    # Before the messengers' doors, whose shape theirs is.
    for path, kind in (("inbound", message_of), ("missed", _call_of_now)):
        if line is not None:
            push = _sms(receive, line, kind)
            router.add_get(f"/sms/{path}/{{secret}}", push, allow_head=False)
            router.add_post(f"/sms/{path}/{{secret}}", push)
    router.add_post(
        update, _update(receive, by_header, lambda it: it.headers.get(SECRET_HEADER, ""))
    )
    router.add_post(
        f"{update}/{{secret}}", _update(receive, by_path, lambda it: it.match_info["secret"])
    )
    return application


def _update(
    receive: Receive,
    watched: Mapping[str, Watched],
    secret_of: Callable[[web.Request], str],
) -> Handler:
    async def update(request: web.Request) -> web.Response:
        name = f"{request.match_info['messenger']}:{request.match_info['audience']}"
        expected = watched[name].secret if name in watched else ""
        # Compared before anything is read, and in the same time for every secret.
        # What is no UTF-8 comes as lone surrogates, which a plain encode would choke on.
        shown = secret_of(request).encode(errors="surrogateescape")
        genuine = hmac.compare_digest(shown, expected.encode())
        if not expected or not genuine:
            return web.Response(status=404)
        adapter = watched[name].adapter
        try:
            raw = json.loads(await request.read())
            kept = json.dumps(raw)
        except (ValueError, RecursionError, web.RequestPayloadError):
            return web.Response(status=400)
        number = adapter.update_id(raw) if isinstance(raw, dict) else None
        if number is None:
            return web.Response(status=400)
        one = Update(number, adapter.chat_of(raw), kept)
        return await _keep(receive, adapter, one)

    return update


def _sms(
    receive: Receive,
    line: tuple[Adapter, str],
    kind: Callable[[Mapping[str, str]], Raw],
) -> Handler:
    adapter, secret = line

    async def push(request: web.Request) -> web.Response:
        shown = request.match_info["secret"].encode(errors="surrogateescape")
        if not secret or not hmac.compare_digest(shown, secret.encode()):
            return web.Response(status=404)
        try:
            form = await request.post() if request.method == "POST" else {}
        except (ValueError, LookupError, web.RequestPayloadError):
            return web.Response(status=400)
        given = {
            **request.query,
            **{name: one for name, one in form.items() if isinstance(one, str)},
        }
        raw = kind(given)
        number = adapter.update_id(raw)
        if number is None or not raw["from"]:
            return web.Response(status=400)
        one = Update(number, adapter.chat_of(raw), json.dumps(raw))
        return await _keep(receive, adapter, one)

    return push


def _call_of_now(given: Mapping[str, str]) -> Raw:
    return call_of(given, time.time())


async def _keep(receive: Receive, adapter: Adapter, one: Update) -> web.Response:
    """Acknowledge what came when it is committed."""
    try:
        await receive(adapter.name, [one])
    except Away as error:
        # Not acknowledged: the messenger will bring it again.
        _logger.warning("memory.away", kind=type(error).__name__)
        return web.Response(status=503, headers={"Retry-After": "1"})
    return web.Response()


async def _live(_request: web.Request) -> web.Response:
    return web.json_response({"live": True})


def _ready(ready: Callable[[], Awaitable[bool]]) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        if await ready():
            return web.json_response({"ready": True})
        return web.json_response({"ready": False}, status=503, headers={"Retry-After": "1"})

    return answer


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
