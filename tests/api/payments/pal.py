"""A gateway of ZarinPal's shape, over HTTP on the loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

MERCHANT = "0f6c2d18-57a4-4c7e-9b0a-3d5e8f1a2b4c"


@dataclass
class Pal:
    """Its book, what it was asked, and how it is to misbehave."""

    url: str = ""
    amounts: dict[str, int] = field(default_factory=dict)
    paid: dict[str, int] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)
    heard: list[dict[str, Any]] = field(default_factory=list)
    answer: web.Response | None = None
    """Given instead of an answer of its own."""
    hangs: bool = False
    crowd: int = 20
    inside: int = 0
    most_inside: int = 0
    crowded: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when `crowd` questions are inside at once."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to let those that hang go on."""

    async def request(self, request: web.Request) -> web.Response:
        """Open an authority."""
        said = await self._hear(request)
        if self.answer is not None:
            return self.answer
        authority = f"A{len(self.amounts) + 1:035d}"
        self.amounts[authority] = said["amount"]
        return _done(100, authority=authority, fee_type="Merchant", fee=100)

    async def verify(self, request: web.Request) -> web.Response:
        """Keep the money, once."""
        said = await self._hear(request)
        if self.answer is not None:
            return self.answer
        authority = said["authority"]
        if authority not in self.amounts:
            return failed(-54)
        if authority not in self.paid:
            return failed(-51)
        if self.paid[authority] != said["amount"]:
            return failed(-50)
        code = 101 if authority in self.verified else 100
        self.verified.add(authority)
        return _done(
            code,
            ref_id=201 + len(self.verified),
            card_pan="999999******1234",
            card_hash="1E",
            fee=0,
        )

    async def _hear(self, request: web.Request) -> dict[str, Any]:
        said: dict[str, Any] = await request.json()
        self.heard.append(said)
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        if self.inside >= self.crowd:
            self.crowded.set()
        try:
            if self.hangs:
                await self.woken.wait()
        finally:
            self.inside -= 1
        return said


def failed(code: int, status: int = 200) -> web.Response:
    """A failure, whose `errors` are an object and whose `data` is an empty list."""
    errors = {"code": code, "message": "no", "validations": []}
    return web.json_response({"data": [], "errors": errors}, status=status)


def _done(code: int, **data: Any) -> web.Response:
    return web.json_response({"data": {"code": code, "message": "", **data}, "errors": []})


@asynccontextmanager
async def opened() -> AsyncIterator[Pal]:
    """Run it on a free port."""
    pal = Pal()
    app = web.Application()
    app.router.add_post("/pg/v4/payment/request.json", pal.request)
    app.router.add_post("/pg/v4/payment/verify.json", pal.verify)
    async with TestServer(app, host="127.0.0.1") as server:
        pal.url = str(server.make_url("/")).rstrip("/")
        try:
            yield pal
        finally:
            pal.woken.set()
