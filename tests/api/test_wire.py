"""The core's connections: what comes before a body, or after it, has an end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from uvicorn.server import ServerState

from api.wire import HEAD_BYTES, Wire

MORE = b"a" * 1000
ROOM = 8 * 2**20
"""More than the kernel keeps for a connection that nobody reads."""

ENDLESS = {
    "headers": (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-More: " + MORE + b"\r\n"),
    "a header": (b"GET / HTTP/1.1\r\nHost: a\r\nX-More: ", MORE),
    "an address": (b"GET /", MORE),
    "trailers": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        b"X-More: " + MORE + b"\r\n",
    ),
}


async def _counts(_scope: Any, receive: Any, send: Any) -> None:
    """Answer how long a body was."""
    size, more = 0, True
    while more:
        heard = await receive()
        if heard["type"] == "http.disconnect":
            return
        size, more = size + len(heard["body"]), heard["more_body"]
    said = str(size).encode()
    length = [(b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": said})


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(_counts, http=Wire, log_config=None, access_log=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Wire(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()
    for one in list(state.connections):
        one.transport.abort()


@pytest.mark.parametrize("what", ENDLESS)
async def test_who_sends_without_end_is_left(port: int, what: str):
    first, more = ENDLESS[what]
    _, line = await asyncio.open_connection("127.0.0.1", port)
    line.write(first)
    with pytest.raises(ConnectionError):
        await _write_on(line, more)
    line.close()


async def _write_on(line: asyncio.StreamWriter, more: bytes) -> None:
    for _piece in range(ROOM // len(more)):
        line.write(more)
        await line.drain()


async def test_long_heads_and_longer_bodies_are_read_one_after_the_other(port: int):
    answers, line = await asyncio.open_connection("127.0.0.1", port)
    length = 2 * HEAD_BYTES
    for _time in range(2):
        line.write(
            b"POST / HTTP/1.1\r\nHost: a\r\nX-More: %b\r\nContent-Length: %d\r\n\r\n"
            % (b"a" * (HEAD_BYTES - 1000), length)
        )
        line.write(b"b" * length)
        answer = (await answers.readuntil(b"\r\n\r\n")) + await answers.readexactly(6)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(str(length).encode())
    line.close()
