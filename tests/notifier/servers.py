"""Tiny real servers on the loopback: what a channel said, and what it was answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support import ports

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class HttpServer:
    """Takes every call; `answers` are given in order, the last one again and again."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        fields: dict[str, Any] = {**request.query, **(await request.post())}
        if request.content_type == "application/json":
            fields |= await request.json()
        # Its file is closed with the request.
        fields = {
            name: (one.filename, one.file.read()) if isinstance(one, web.FileField) else one
            for name, one in fields.items()
        }
        self.calls.append((request.path, fields))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def say(status: int, body: Any, **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Take the call and cut the line."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def patience(request: pytest.FixtureRequest) -> float:
    """Seconds for a mouth to wait: few before one who never answers, and many on a busy machine."""
    callspec = getattr(request.node, "callspec", None)
    waits_for = callspec.params.get("answer") if callspec else None
    return 0.5 if waits_for is never else 30.0


async def never(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


@asynccontextmanager
async def http(*answers: Answer) -> AsyncIterator[HttpServer]:
    server = HttpServer(answers=list(answers))
    application = web.Application(client_max_size=64 * 2**20)
    application.router.add_route("*", "/{rest:.*}", server.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def nobody() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{ports.a_free_one()}"


@dataclass
class MailServer:
    """Takes mail; `refusals` answer MAIL, RCPT or DATA for an address, `cut` breaks off after DATA."""

    url: str = ""
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    refusals: dict[tuple[str, str], str] = field(default_factory=dict)
    cut: bool = False
    sessions: set[int] = field(default_factory=set)
    transports: list[asyncio.Transport] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name.
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if refusal := self.refusals.get(("mail", address)):
            return refusal
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        self.transports.append(_transport(server))
        if refusal := self.refusals.get(("rcpt", address)):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        to = envelope.rcpt_tos[0]
        if refusal := self.refusals.get(("data", to)):
            return refusal
        assert isinstance(envelope.content, bytes)
        self.mails.append((to, envelope.content))
        if self.cut:
            _transport(server).abort()
        return "250 OK"

    def hang_up(self) -> None:
        """Let every connection go, as a server does that is tired of waiting."""
        for transport in self.transports:
            transport.abort()


def _transport(server: SMTP) -> asyncio.Transport:
    assert isinstance(server.transport, asyncio.Transport)
    return server.transport


@asynccontextmanager
async def mail() -> AsyncIterator[MailServer]:
    handler = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="desk", loop=loop), "127.0.0.1", 0
    )
    handler.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield handler
    finally:
        server.close()
        handler.hang_up()
