"""The bots' doors: updates that messengers bring, health, figures."""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bots.adapters import Adapter
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
) -> web.Application:
    """Make the doors. `watched` is each audience's bot with the secret its updates must carry."""
    application = web.Application(client_max_size=_BODY_BYTES)
    application.router.add_post("/telegram/{audience}", _telegram(inbox, watched, came))
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
        try:
            fresh = await inbox.receive(adapter.name, [one])
        except Away as error:
            # Not acknowledged: the messenger will bring it again.
            _logger.warning("memory.away", kind=type(error).__name__)
            return web.Response(status=503, headers={"Retry-After": "1"})
        if fresh:
            came()
        return web.Response()

    return update


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
