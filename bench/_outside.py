"""The outside, to measure against: bare loops of bytes in a process of their own.

They answer every whole request with the same words, at once or after so many seconds, and keep
nothing: what they cost is the least that a provider of that kind could.
"""

import asyncio
import json
import multiprocessing
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from multiprocessing.connection import Connection

_ROOM = 12


@contextmanager
def http(said: str, seconds: float = 0.0) -> Iterator[str]:
    """Answer each HTTP request with this JSON; `#` in it is a number of its own. Gives the address."""
    with _outside(partial(_Http, said, seconds)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def smtp(seconds: float = 0.0) -> Iterator[int]:
    """Take each mail, so long after its last line. Gives the port."""
    with _outside(partial(_Smtp, seconds)) as port:
        yield port


@contextmanager
def _outside(protocol: Callable[[], asyncio.Protocol]) -> Iterator[int]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(protocol, theirs), daemon=True
    )
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(protocol: Callable[[], asyncio.Protocol], told: Connection) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, "127.0.0.1", 0, backlog=1024)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())


class _Line(asyncio.Protocol):
    """A connection that answers at once or later."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._line = transport

    def _later(self, words: bytes) -> None:
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._line.write, words)
        else:
            self._line.write(words)


class HttpLine(_Line, ABC):
    """A connection that is asked by HTTP: `asked` is called for each whole request, in turn."""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while True:
            head, end, rest = self._held.partition(b"\r\n\r\n")
            if not end:
                return
            body, left = _body(head, rest)
            if body is None:
                return
            self._held = left
            self.asked(head, body)

    @abstractmethod
    def asked(self, head: bytes, body: bytes) -> None: ...


def _body(head: bytes, rest: bytes) -> tuple[bytes | None, bytes]:
    """Cut a request's body from what came; None while it is not whole."""
    lines = head.lower().split(b"\r\n")
    for line in lines:
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
            return (rest[:length], rest[length:]) if len(rest) >= length else (None, rest)
    if b"transfer-encoding: chunked" in lines:
        body, end, left = rest.partition(b"\r\n0\r\n\r\n")
        return (body, left) if end else (None, rest)
    return b"", rest


def message(words: str) -> str:
    """Give what a messenger answers to sendMessage with these words."""
    return json.dumps(
        {
            "ok": True,
            "result": {
                "message_id": 7,
                "date": 1_790_000_000,
                "chat": {"id": 1, "type": "private", "first_name": "مینا"},
                "from": {"id": 2, "is_bot": True, "first_name": "bot", "username": "a_bot"},
                "text": words,
            },
        }
    )


def answer(said: bytes, room: int = 0) -> bytes:
    """Give the whole answer that says this JSON, in which so many bytes more will be filled in."""
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % (len(said) + room)
    ) + said


_numbers = count(1)


class _Http(HttpLine):
    def __init__(self, said: str, seconds: float) -> None:
        super().__init__(seconds)
        body = said.encode()
        self._answer = answer(body, (_ROOM - 1) * body.count(b"#"))

    def asked(self, _head: bytes, _body: bytes) -> None:
        number = 10 ** (_ROOM - 1) + next(_numbers)
        self._later(self._answer.replace(b"#", b"%d" % number))


class _Smtp(_Line):
    """Says yes to everything; offers to hear several commands at once (RFC 2920)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self._in_text = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._line.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        while True:
            if self._in_text:
                _text, end, rest = self._held.partition(b"\r\n.\r\n")
                if not end:
                    return
                self._held, self._in_text = rest, False
                self._later(b"250 taken\r\n")
                continue
            line, end, rest = self._held.partition(b"\r\n")
            if not end:
                return
            self._held = rest
            self._line.write(self._answered(line.upper()))

    def _answered(self, line: bytes) -> bytes:
        if line.startswith(b"EHLO"):
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        if line == b"DATA":
            self._in_text = True
            return b"354 go on\r\n"
        if line == b"QUIT":
            return b"221 bye\r\n"
        return b"250 yes\r\n"
