"""Pages stand in a line of their own before the gate, and leave room for everybody else."""

import asyncio
import threading

import pytest

from api.access.gate import PAGES, Gate
from api.errors import Unavailable

THREADS = 2 * PAGES


class Held:
    """Work that lasts until it is let go; counts how much of it is inside at once."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._entered = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.inside = self.most = 0

    def work(self) -> str:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self._entered.release()
        assert self._go.wait(10)
        with self._lock:
            self.inside -= 1
        return "done"

    async def entered(self, count: int) -> None:
        """Wait until so many more have come in."""
        for _ in range(count):
            assert await asyncio.to_thread(self._entered.acquire, timeout=10)

    def let_go(self) -> None:
        self._go.set()


async def test_pages_fill_no_more_than_their_places_and_all_get_in():
    gate, held = Gate(threads=THREADS, waiting=100, seconds=10.0), Held()
    pages = [asyncio.create_task(gate.cross_for_page(held.work)) for _ in range(50)]
    await held.entered(THREADS // PAGES)
    assert await gate.cross(lambda: "a chat") == "a chat"
    assert not any(page.done() for page in pages)
    held.let_go()
    assert await asyncio.gather(*pages) == ["done"] * 50
    assert held.most == THREADS // PAGES


async def test_line_of_pages_is_bounded_by_itself():
    gate, held = Gate(threads=1, waiting=1, seconds=10.0), Held()
    inside = asyncio.create_task(gate.cross_for_page(held.work))
    await held.entered(1)
    next_page = asyncio.create_task(gate.cross_for_page(held.work))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await gate.cross_for_page(held.work)
    chat = asyncio.create_task(gate.cross(held.work))
    held.let_go()
    done = [await inside, await next_page, await chat]
    assert done == ["done"] * 3


async def test_page_that_waits_too_long_is_told_that_we_are_busy():
    gate, held = Gate(threads=1, waiting=1, seconds=0.01), Held()
    inside = asyncio.create_task(gate.cross_for_page(held.work))
    await held.entered(1)
    with pytest.raises(Unavailable):
        await gate.cross_for_page(held.work)
    held.let_go()
    assert await inside == "done"
