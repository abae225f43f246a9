"""A line that can be cut: what is said into it is passed on until somebody cuts it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Line:
    """A port of the loopback that leads to another one."""

    to_port: int
    port: int = 0
    cuts: int = 0
    is_up: bool = True
    """Whether somebody who calls is let through."""
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _passing: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Break every connection, in both directions and at once."""
        self.cuts += 1
        for end in [*self._ends]:
            end.transport.abort()

    async def cut_every(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self.cut()

    async def close(self) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_up:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        ways = [
            asyncio.create_task(_pass_on(reader, far_writer)),
            asyncio.create_task(_pass_on(far_reader, writer)),
        ]
        self._passing |= {*ways}
        await asyncio.wait(ways)
        self._ends -= {writer, far_writer}
        self._passing -= {*ways}


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while not writer.is_closing() and (said := await reader.read(65_536)):
            writer.write(said)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def line(to_port: int) -> AsyncIterator[Line]:
    """Open a line to a port of the loopback."""
    opened = Line(to_port)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
