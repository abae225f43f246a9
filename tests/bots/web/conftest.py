"""A page that is served, its bots at work behind it, and a browser that needs no script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from api import db
from bots.adapters.web import WebAdapter
from bots.doors import doors
from bots.memory import Memory
from bots.turns import Worker
from bots.web.doors import Doors
from bots.web.visits import Visits
from tests.bots import trials
from tests.bots.conftest import Clock
from tests.bots.pretend import PretendKnocker
from tests.bots.web.reading import Form, Sheet, read

AUDIENCE = "employers"
PAGE = f"/talk/{AUDIENCE}"


@dataclass
class Browser:
    """One browser: it keeps cookies, follows where it is led, and presses what stands on the page."""

    client: TestClient[web.Request, web.Application]
    headers: dict[str, str] = field(default_factory=dict)
    sheet: Sheet = field(default_factory=Sheet)
    status: int = 0
    told: Mapping[str, str] = field(default_factory=dict)

    async def look(self, path: str = PAGE) -> Sheet:
        return await self._read("GET", path)

    async def begin(self) -> Sheet:
        """Open the page and press its one button."""
        await self.look()
        return await self.press(self.sheet.form(f"{PAGE}/begin", "start"))

    async def write(self, text: str) -> Sheet:
        return await self.press(self.sheet.form(PAGE, "text"), text=text)

    async def tap(self, label: str) -> Sheet:
        """Press a button of the conversation by its words."""
        for form in self.sheet.forms:
            for words, data in form.buttons:
                if words == label:
                    return await self.press(form, tap=data)
        raise AssertionError(
            f"no button {label!r} among {[one.buttons for one in self.sheet.forms]}"
        )

    async def press(self, form: Form, /, **fields: str) -> Sheet:
        return await self._read("POST", form.action, {**form.fields, **fields})

    async def _read(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> Sheet:
        answer = await self.client.request(method, path, data=fields, headers=self.headers)
        self.status, self.told = answer.status, answer.headers
        self.sheet = read(await answer.text())
        return self.sheet

    @property
    def cookies(self) -> dict[str, str]:
        return {one.key: one.value for one in self.client.session.cookie_jar}


@dataclass
class Site:
    """The page and what is behind it."""

    memory: Memory
    visits: Visits
    knocker: PretendKnocker
    worker: Worker
    clock: Clock
    browser: Browser
    open: Callable[..., Awaitable[Browser]]
    """Another browser, on a site with these settings."""


@pytest.fixture
async def site(memory: Memory, clock: Clock) -> AsyncIterator[Site]:
    visits = Visits(memory, db.keys())
    knocker = trials.new_knocker()
    core = trials.new_core(knocker)
    adapter = WebAdapter(AUDIENCE, visits)
    worker = Worker(
        memory, {adapter.name: adapter}, trials.DIALOGUES, core, db.keys(), sleep=clock.sleep
    )

    async def ready() -> bool:
        return True

    async with AsyncExitStack() as closing:

        async def open_(
            url: str = "http://talk.example", proxies: int = 0, **headers: str
        ) -> Browser:
            pages = Doors(
                visits,
                db.keys(),
                core,
                audiences=[AUDIENCE],
                url=url,
                proxies=proxies,
                came=worker.wake,
            )
            served = doors(worker.receive, [], ready=ready, pages=pages.routes())
            client = TestClient(TestServer(served))
            await client.start_server()
            closing.push_async_callback(client.close)
            return Browser(client, headers)

        working = asyncio.create_task(worker.run())
        yield Site(memory, visits, knocker, worker, clock, await open_(), open_)
        await worker.stop()
        await working
