"""A sandbox of its own for each test, on a free port of loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.app import WORLD, Options, create_app
from sandbox.messenger.bots import Bot
from sandbox.people import People

TOKEN = "7100000001:AAinvented-token-of-the-employers-bot"
EMPLOYERS = Bot("employers", TOKEN, "bimeyar_employers_bot")
PEOPLE: list[dict[str, Any]] = [
    {
        "id": "0010000003",
        "first_name": "مینا",
        "last_name": "آزموده",
        "phone": "09000000001",
        "email": "mina@example.org",
        "roles": [{"workshop": "نان سحر", "role": "owner"}],
    },
    {
        "id": "0010000011",
        "first_name": "بهرام",
        "last_name": "کاوه",
        "phone": "09000000002",
        "email": "",
        "language": "en",
    },
    {"id": "0010000021", "first_name": "گیتی", "last_name": "راد", "email": "giti@example.org"},
]
MINA, BAHRAM, GITI = (str(row["id"]) for row in PEOPLE)


class Desk:
    """A running sandbox and a hand to use it with."""

    def __init__(self, url: str, world: Any, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.world = world
        self.http = http

    async def get(self, path: str, **asked: Any) -> Any:
        async with self.http.get(self.url + path, params=asked) as answer:
            return await answer.json()

    async def post(self, path: str, *, expect: int = 200, **body: Any) -> Any:
        async with self.http.post(self.url + path, json=body) as answer:
            said = await answer.json()
            assert answer.status == expect, said
            return said

    async def call(self, method: str, *, token: str = TOKEN, **given: Any) -> tuple[int, Any]:
        """Call the Bot API with JSON and answer status and body."""
        async with self.http.post(f"{self.url}/bot{token}/{method}", json=given) as answer:
            return answer.status, await answer.json()

    async def log(self, service: str = "") -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = (await self.get("/desk/log", service=service))["log"]
        return lines

    def user_id(self, person: str) -> int:
        return int(self.world.people.get(person).user_id)


Opener = Callable[..., Awaitable[Desk]]


@asynccontextmanager
async def a_desk(**options: Any) -> AsyncIterator[Desk]:
    chosen = Options(**{"bots": [EMPLOYERS], "people": People.of(PEOPLE), **options})
    app = create_app(chosen)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Desk(f"http://127.0.0.1:{runner.addresses[0][1]}", app[WORLD], http)
    finally:
        await runner.cleanup()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as opened:
        yield opened


@pytest.fixture
async def open_desk() -> AsyncIterator[Opener]:
    """Opens desks with options of one's own; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def opener(**options: Any) -> Desk:
            return await stack.enter_async_context(a_desk(**options))

        yield opener
