"""What waits for the core goes on when it is back, and not only when its own time has come."""

import asyncio

import pytest

from bots.memory import Memory
from bots.returning import LOOK_SECONDS, Returning
from tests.bots.bench import BOT, Bench
from tests.bots.conftest import Clock


@pytest.fixture
def bench(memory: Memory, clock: Clock) -> Bench:
    return Bench(memory, clock)


class Watch:
    """Looks after the core on the bench's clock, one pause after the other."""

    def __init__(self, bench: Bench) -> None:
        self.woken = 0
        self.pauses: list[float] = []
        self._go_on = asyncio.Semaphore(0)
        self._looked = asyncio.Event()
        self._returning = Returning(bench.core, bench.memory, [BOT], self._wake, sleep=self._sleep)
        self._task = asyncio.create_task(self._returning.run())

    async def look(self) -> None:
        """Let it look once more."""
        if self.pauses:
            self._go_on.release()
        await asyncio.wait_for(self._looked.wait(), 10)
        self._looked.clear()

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _wake(self) -> None:
        self.woken += 1

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._looked.set()
        await self._go_on.acquire()


async def _wait_for_the_core(bench: Bench) -> None:
    """Bring a talk to wait, for as long as it can be."""
    for words in ("hi", "2", "1", "1"):
        await bench.send(words)
        await bench.settle()
    bench.knocker.away = True
    await bench.send("1")
    await bench.settle()
    for _minute in range(8):
        await bench.worker().drain()
        bench.clock.pass_(300)
    await bench.worker().drain()


async def test_a_talk_goes_on_as_soon_as_the_core_is_back(bench: Bench):
    await _wait_for_the_core(bench)
    bench.clock.pass_(20)
    await bench.worker().drain()
    assert "We cannot reach the information right now." in bench.texts()[-1]
    watch = Watch(bench)
    await watch.look()
    bench.knocker.away = False
    assert watch.woken == 0
    await bench.worker().drain()
    assert "We are back." not in bench.texts()[-1], "its own time has not come"
    await watch.look()
    await watch.end()
    assert watch.woken == 1
    await bench.settle()
    assert "We are back." in bench.texts()[-1]


async def test_what_waited_when_the_bots_began_goes_on(bench: Bench):
    await _wait_for_the_core(bench)
    bench.knocker.away = False
    watch = Watch(bench)
    await watch.look()
    await watch.end()
    await bench.settle()
    assert "We are back." in bench.texts()[-1]


async def test_a_talk_under_way_and_one_that_waits_for_another_day_are_left_alone(bench: Bench):
    await _wait_for_the_core(bench)
    bench.knocker.away = False
    now = bench.memory.now()
    assert await bench.memory.wake([BOT], within=0.1) == 0, "it is due later"
    assert await bench.memory.wake(["telegram:other"], within=900) == 0
    assert await bench.memory.wake([BOT], within=900) == 1
    [claim] = await bench.memory.claim("a" * 32, bots=[BOT], limit=5)
    await bench.memory.keep_turn(claim, None, "{}", [], wake_at=now + 200, wakes=9)
    assert await bench.memory.wake([BOT], within=900) == 0, "somebody works on it"


async def test_a_core_that_comes_and_goes_is_looked_after_less_often(bench: Bench):
    watch = Watch(bench)
    for _time in range(4):
        bench.knocker.is_away, bench.knocker.away = True, False
        await watch.look()
    assert watch.pauses == [2 * LOOK_SECONDS, 4 * LOOK_SECONDS, 8 * LOOK_SECONDS, 16 * LOOK_SECONDS]
    await watch.look()
    assert watch.pauses[-1] == LOOK_SECONDS, "it has stayed"
    bench.knocker.away = bench.knocker.is_away = True
    await watch.look()
    await watch.look()
    assert watch.pauses[-2:] == [LOOK_SECONDS, LOOK_SECONDS], "who is away is looked after soon"
    await watch.end()
    assert watch.woken == 0, "nobody waited"
