"""The real core on a loopback port, for tests of whoever knocks at it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.client import Core, knock
from api.db import Store
from api.settings import Settings
from api.wire import Wire
from tests.support import make

BOTS_KEY = "an invented key of the bots, long enough"


@dataclass
class Clock:
    """What time it is for a core in a test; set `now` to move it."""

    now: datetime = field(default=make.NOW)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Running:
    """A core that answers at `url`."""

    url: str
    store: Store
    clock: Clock
    app: FastAPI

    def client(self, key: str = BOTS_KEY) -> Core:
        """A client of it, to be closed by whoever asked."""
        return Core(self.url, key)


def settings(**changed: object) -> Settings:
    """Settings of a core in a test; its database is given apart."""
    given = {
        "database_url": "sqlite://",
        "keys": Path("unused"),
        "bots_key": BOTS_KEY,
        "threads": 4,
        **changed,
    }
    return Settings.model_validate(given)


def app(store: Store, clock: Callable[[], datetime] | None = None, **changed: object) -> FastAPI:
    """The application over a store, not listening."""
    return create_app(settings(**changed), store, clock or Clock())


def doors(application: FastAPI, **headers: str) -> httpx.AsyncClient:
    """A client that knocks without a network, with the bots' key and these headers (X_Chat=…)."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(application, raise_app_exceptions=False),
        base_url="http://core",
        headers={
            "X-Key": BOTS_KEY,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )


@contextmanager
def running(store: Store, clock: Clock | None = None, **changed: object) -> Iterator[Running]:
    """Run the core on a free port of the loopback, in a thread with a loop of its own.

    Raises AssertionError at the end when it answered with a fault: to a caller that looks like a
    core that is away, and they go on.
    """
    clock = clock or Clock()
    application = app(store, clock, **changed)
    faults: list[str] = []
    server = uvicorn.Server(
        uvicorn.Config(
            _noting(application, faults),
            http=Wire,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=5,
        )
    )
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        # As the core's own door has it: without it each answer waits 40 ms for the caller's nod.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listening.getsockname()[1]
        loop = threading.Thread(target=_serve, args=(server, listening), daemon=True)
        loop.start()
        try:
            # The socket listens already: an early caller waits in its queue.
            yield Running(f"http://127.0.0.1:{port}", store, clock, application)
        finally:
            server.should_exit = True
            loop.join(10)
    assert not faults, faults


def _noting(application: FastAPI, faults: list[str]) -> Any:
    async def noted(scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            if message.get("status") == HTTPStatus.INTERNAL_SERVER_ERROR:
                faults.append(scope["path"])
            await send(message)

        await application(scope, receive, note)

    return noted


def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[listening]))


def doors_of_the_client() -> list[knock.Door[Any]]:
    """The core's own doors; trial doors of other tests in this process stand elsewhere."""
    return [door for door in knock.doors() if door.path.startswith("/v1/")]
