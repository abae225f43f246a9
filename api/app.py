"""The core as an application: all doors and error answers, and how it is served."""

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import anyio
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.orm import configure_mappers
from starlette.exceptions import HTTPException

from api import db, migrations, reactions
from api.access import router as access_router
from api.access.answers import json_response
from api.access.doors import of_exception
from api.access.gate import Gate
from api.access.hub import Hub
from api.bills import router as bills_router
from api.booklets import router as booklets_router
from api.contracts import router as contracts_router
from api.db import BadStore, Store
from api.debts import router as debts_router
from api.files import router as files_router
from api.identity import router as identity_router
from api.kit import logs
from api.kit.language import MissingCatalogue, open_catalogues
from api.kit.sealing import BadKeys, Keyring
from api.notices import router as notices_router
from api.notices import service as notices
from api.organisation import router as organisation_router
from api.payments import gateway as gateways
from api.payments import router as payments_router
from api.payments.sweeper import Sweeper
from api.people import router as people_router
from api.portal import answering as pages
from api.portal import router as portal_router
from api.preferences import router as preferences_router
from api.printing.printer import Printer
from api.records import router as records_router
from api.requests import router as requests_router
from api.settings import Settings

log = structlog.get_logger(__name__)

READY_SECONDS = 0.8
"""A readiness answer takes no longer: red within a second when the database is away."""

STOP_SECONDS = 15

_ROUTERS = (
    access_router.router,
    bills_router.router,
    booklets_router.router,
    contracts_router.router,
    debts_router.router,
    files_router.router,
    identity_router.router,
    notices_router.router,
    organisation_router.router,
    payments_router.router,
    people_router.router,
    portal_router.router,
    preferences_router.router,
    records_router.router,
    requests_router.router,
)


def create_app(
    settings: Settings,
    store: Store | None = None,
    clock: Callable[[], datetime] | None = None,
) -> FastAPI:
    """Make the application; nothing is connected yet.

    `store` is opened from the settings unless given, with as many connections as there are
    threads. `clock` tells the instant of a request; tests give their own.
    """
    if store is None:
        store = db.open_store(settings.database_url, size=settings.threads)
        # Its own connection: readiness does not wait behind the requests it reports on.
        probe = Probe(db.open_store(settings.database_url, size=1, wait_seconds=READY_SECONDS))
    else:
        probe = Probe(store)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _outside(app):
            log.info("web.ready", port=settings.port)
            yield
        for one in (store, probe.store):
            one.bind.engine.dispose()

    reactions.connect()
    app = _Documented(
        title="bimeyar",
        summary="The core of the social insurance's messaging hub.",
        version="1",
        lifespan=lifespan,
        # Their pages load scripts from outside hosts; /openapi.json is for any tool.
        docs_url=None,
        redoc_url=None,
        # A redirect would lose the body and the keys of whoever follows it.
        redirect_slashes=False,
    )
    app.state.probe = probe
    app.state.gateway = gateways.of(settings)
    app.state.printer = Printer()
    app.state.hub = Hub(
        store=store,
        settings=settings,
        clock=clock or _now,
        gate=Gate(
            threads=settings.threads,
            waiting=settings.waiting_requests,
            seconds=settings.waiting_seconds,
        ),
        wait_until=notices.bot_waits_until,
    )
    for router in _ROUTERS:
        app.include_router(router)
    _add_health(app, probe)
    for kind in (RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _refuse)
    return app


@asynccontextmanager
async def _outside(app: FastAPI) -> AsyncIterator[None]:
    """Ask the gateway about open payments while the doors are open, and leave nobody behind."""
    gateway, sweeping = app.state.gateway, None
    if gateway is not None:
        sweeping = asyncio.create_task(Sweeper(app.state.hub, gateway).run())
    try:
        yield
    finally:
        if sweeping is not None:
            sweeping.cancel()
            await asyncio.wait([sweeping])
        if gateway is not None:
            await gateway.close()
        app.state.printer.close()


class Probe:
    """Asks whether the store is there and has this code's schema or a newer one; never for long."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._one_at_a_time = anyio.CapacityLimiter(1)

    async def is_ready(self) -> bool:
        """Say yes within READY_SECONDS, or no."""
        with anyio.move_on_after(READY_SECONDS):
            # A thread that hangs on a dead network is left behind; the next waits for its end.
            return await anyio.to_thread.run_sync(
                self._ask, limiter=self._one_at_a_time, abandon_on_cancel=True
            )
        return False

    def _ask(self) -> bool:
        try:
            with self.store.reading() as session:
                session.execute(text("SELECT 1"))
                return migrations.is_ready(session.connection())
        except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready.
            log.warning("web.not_ready", reason=type(error).__name__)
            return False


class _Documented(FastAPI):
    """FastAPI whose OpenAPI page explains the keys."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schema = super().openapi()
            schema.setdefault("components", {})["securitySchemes"] = {
                "Key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Key",
                    "description": "The bots' service key, or a machine's key.",
                },
                "Bearer": {"type": "http", "scheme": "bearer", "description": "The same key."},
            }
        return self.openapi_schema or schema


def _add_health(app: FastAPI, probe: Probe) -> None:
    # Pages of operators, not doors: async, outside the gate, and in no client.
    @app.get("/health/live", include_in_schema=False)
    async def live() -> Response:
        return json_response(200, b'{"live": true}')

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        if await probe.is_ready():
            return json_response(200, b'{"ready": true}')
        return json_response(503, b'{"ready": false}', {"retry-after": "1"})

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _refuse(request: Request, error: Exception) -> Response:
    if pages.is_page(request.url.path):
        return pages.of_exception(request, error)
    return of_exception(error, door=request.url.path)


def _now() -> datetime:
    return datetime.now(UTC)


def serve(settings: Settings) -> None:
    """Serve the core until it is told to stop; requests inside end first.

    Raises SystemExit(2), with one sentence on standard error, when it cannot start.
    """
    import uvicorn

    from api.wire import Wire

    try:
        db.use_keys(Keyring.load(settings.keys), settings.keys)
        open_catalogues()
        _check(db.open_store(settings.database_url, size=1))
        listening = _listen(settings.host, settings.port)
    except (BadStore, BadKeys, MissingCatalogue, OSError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    logs.setup(settings.log_level)
    app = create_app(settings)
    _set_apart()
    config = uvicorn.Config(
        app,
        http=Wire,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS - 5,
        timeout_keep_alive=75,
    )
    # Uvicorn stops gracefully and then lets the signal that stopped it take its usual course.
    with (
        listening,
        suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=config.get_loop_factory()) as runner,
    ):
        runner.run(uvicorn.Server(config).serve(sockets=[listening]))


def _set_apart() -> None:
    """Let the collector pass over what was made at start and stays: a tenth of a second each time.

    While it looks through everything no thread goes on, and every chat waits.
    """
    configure_mappers()
    gc.collect()
    gc.freeze()


def _check(store: Store) -> None:
    try:
        db.check_durable(store)
        migrations.check(store)
    finally:
        store.bind.engine.dispose()


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise OSError(
            f"Port {port} of {host} cannot be used ({error.strerror}): stop what holds it, "
            "or set API_PORT."
        ) from None
    # Who is accepted here inherits it; asyncio sets it only on sockets that it made itself. Without
    # it an answer's body waits 40 ms for the other side to acknowledge its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
