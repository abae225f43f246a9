"""The gate: so many requests inside as there are connections, the rest in the loop.

A request inside holds a thread and a connection; one that waits holds neither (design.md, "One
request, one hop"). Pages have a line of their own before it and few of its places: when a bank
hangs and a thousand people press Pay, chats still find a place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from prometheus_client import Gauge

from api.errors import Unavailable

Result = TypeVar("Result")

PAGES = 6
"""One place in so many may be held by pages, and one at least. Threads share one interpreter: each
page inside makes every chat slower."""

_WAITING = Gauge("api_requests_waiting", "Requests that wait before the gate.", ["line"])
_INSIDE = Gauge("api_requests_inside", "Requests that hold a thread and a connection.")


class Gate:
    """Bounds who is inside and who waits, in number and in time."""

    def __init__(self, *, threads: int, waiting: int, seconds: float) -> None:
        self._all = _Line("all", places=threads, waiting=waiting, seconds=seconds)
        self._pages = _Line(
            "pages", places=max(1, threads // PAGES), waiting=waiting, seconds=seconds
        )
        self._limiter = CapacityLimiter(threads)

    async def cross(self, work: Callable[[], Result]) -> Result:
        """Do the work in a thread when there is a place; raises Unavailable("busy").

        The place is held until the thread is done, even when who asked has gone: a place given
        back earlier would let one more in than there are connections.
        """
        async with self._all.place():
            with _INSIDE.track_inprogress():
                return await to_thread.run_sync(work, limiter=self._limiter)

    async def cross_for_page(self, work: Callable[[], Result]) -> Result:
        """Do the work of a page likewise, after its turn among the pages."""
        async with self._pages.place():
            return await self.cross(work)


class _Line:
    """Some places, and a line of those who wait for one."""

    def __init__(self, name: str, *, places: int, waiting: int, seconds: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._waiting = 0
        self._most_waiting = waiting
        self._seconds = seconds
        self._gauge = _WAITING.labels(name)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _wait(self) -> None:
        if self._waiting >= self._most_waiting:
            raise Unavailable("busy", retry_after=self._seconds)
        self._waiting += 1
        try:
            with self._gauge.track_inprogress():
                async with asyncio.timeout(self._seconds):
                    await self._places.acquire()
        except TimeoutError:
            raise Unavailable("busy", retry_after=self._seconds) from None
        finally:
            self._waiting -= 1
