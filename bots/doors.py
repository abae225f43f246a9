"""The bots' doors: updates that messengers bring, health, figures."""

import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bots.adapters import Adapter, Raw
from bots.adapters.sms import call_of, message_of
from bots.inbox import Inbox, Update
from bots.store import Away

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name.
_BODY_BYTES = 1_048_576
_logger = structlog.get_logger("bots.doors")

Handler = Callable[[web.Request], Awaitable[web.Response]]


def doors(
    inbox: Inbox,
    watched: Mapping[str, tuple[Adapter, str]],
    *,
    ready: Callable[[], Awaitable[bool]],
    came: Callable[[], None],
    line: tuple[Adapter, str] | None = None,
) -> web.Application:
    """Make the doors. `watched` is each audience's bot with the secret its updates must carry.

    `line` is that of SMS with the secret in the address to which its provider pushes.
    """
    application = web.Application(client_max_size=_BODY_BYTES)
    application.router.add_post("/telegram/{audience}", _telegram(inbox, watched, came))
    if line is not None:
        for path, kind in (("inbound", message_of), ("missed", _call_of_now)):
            application.router.add_route(
                "GET", f"/sms/{path}/{{secret}}", _sms(inbox, line, came, kind)
            )
            application.router.add_route(
                "POST", f"/sms/{path}/{{secret}}", _sms(inbox, line, came, kind)
            )
    application.router.add_get("/health/live", _live)
    application.router.add_get("/health/ready", _ready(ready))
    application.router.add_get("/metrics", _metrics)
    return application


def _telegram(
    inbox: Inbox, watched: Mapping[str, tuple[Adapter, str]], came: Callable[[], None]
) -> Handler:
    async def update(request: web.Request) -> web.Response:
        adapter, secret = watched.get(request.match_info["audience"], (None, ""))
        given = request.headers.get(SECRET_HEADER, "")
        # Compared before anything is read, and in the same time for every secret.
        # What is no UTF-8 comes as lone surrogates, which a plain encode would choke on.
        shown = given.encode(errors="surrogateescape")
        genuine = hmac.compare_digest(shown, secret.encode())
        if adapter is None or not secret or not genuine:
            return web.Response(status=404)
        try:
            raw = json.loads(await request.read())
            kept = json.dumps(raw)
        except (ValueError, RecursionError):
            return web.Response(status=400)
        number = adapter.update_id(raw) if isinstance(raw, dict) else None
        if number is None:
            return web.Response(status=400)
        one = Update(number, adapter.chat_of(raw), kept)
        return await _keep(inbox, adapter, one, came)

    return update


def _sms(
    inbox: Inbox,
    line: tuple[Adapter, str],
    came: Callable[[], None],
    kind: Callable[[Mapping[str, str]], Raw],
) -> Handler:
    adapter, secret = line

    async def push(request: web.Request) -> web.Response:
        shown = request.match_info["secret"].encode(errors="surrogateescape")
        if not secret or not hmac.compare_digest(shown, secret.encode()):
            return web.Response(status=404)
        try:
            form = await request.post() if request.method == "POST" else {}
        except (ValueError, LookupError):
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
        return await _keep(inbox, adapter, one, came)

    return push


def _call_of_now(given: Mapping[str, str]) -> Raw:
    return call_of(given, time.time())


async def _keep(
    inbox: Inbox, adapter: Adapter, one: Update, came: Callable[[], None]
) -> web.Response:
    """Acknowledge what came when it is committed."""
    try:
        fresh = await inbox.receive(adapter.name, [one])
    except Away as error:
        # Not acknowledged: the messenger will bring it again.
        _logger.warning("memory.away", kind=type(error).__name__)
        return web.Response(status=503, headers={"Retry-After": "1"})
    if fresh:
        came()
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
