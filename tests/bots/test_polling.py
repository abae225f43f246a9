"""Polling: rows first, then the next offset; one process a bot; nothing outside ends the loop."""

import asyncio
from typing import Any

import pytest

from api.kit import points
from bots.adapters import NotNow, Raw
from bots.adapters.terminal import TerminalAdapter
from bots.memory import Memory
from bots.polling import Poller
from tests.bots.conftest import Clock


class Messenger(TerminalAdapter):
    """Gives updates from an offset on, as a messenger does; what is below it, it forgets."""

    def __init__(self, *numbers: int) -> None:
        super().__init__("employers", lambda _chat, _message: None)
        self.waiting = list(numbers)
        self.asked: list[int | None] = []
        self.fails: list[NotNow] = []

    async def updates(self, offset: int | None, wait_seconds: float) -> list[Raw]:
        self.asked.append(offset)
        if self.fails:
            raise self.fails.pop(0)
        self.waiting = [number for number in self.waiting if offset is None or number >= offset]
        return [{"update_id": n, "chat": str(n % 3), "text": "hi"} for n in self.waiting[:2]]


def a_poller(memory: Memory, messenger: Messenger, came: Any = lambda: None) -> Poller:
    return Poller(memory.inbox, messenger, came, wait_seconds=0)


async def test_updates_are_kept_before_the_messenger_is_told(memory: Memory):
    messenger, heard = Messenger(7, 8, 9), []
    poller = a_poller(memory, messenger, lambda: heard.append(1))
    assert await poller.poll() == 0.0
    assert await memory.inbox.waiting() == 2
    assert messenger.waiting == [7, 8, 9], "not told yet"
    await poller.poll()
    assert await memory.inbox.waiting() == 3
    assert messenger.asked == [None, 9]
    await poller.poll()
    assert messenger.waiting == []
    assert heard == [1, 1], "nothing came the third time"


@pytest.mark.parametrize("point", ["memory.polled.before", "memory.polled.after"])
async def test_a_poller_killed_at_its_commit_loses_nothing(
    memory: Memory, clock: Clock, point: str
):
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    messenger = Messenger(7, 8, 9)
    points.arm(point, die)
    with pytest.raises(Killed):
        await a_poller(memory, messenger).poll()
    points.disarm()
    clock.pass_(31)
    after = a_poller(memory, messenger)
    for _again in range(3):
        assert await after.poll() == 0.0
    assert await memory.inbox.waiting() == 3


async def test_a_restarted_messenger_that_numbers_anew_is_heard(memory: Memory, clock: Clock):
    messenger = Messenger(900)
    poller = a_poller(memory, messenger)
    await poller.poll()
    clock.pass_(90_000)
    messenger.waiting = [3]
    await poller.poll()
    assert await memory.inbox.waiting() == 2


async def test_two_processes_never_poll_one_bot(memory: Memory, clock: Clock):
    messenger = Messenger(1, 2, 3, 4)
    one, other = a_poller(memory, messenger), a_poller(memory, messenger)
    assert await one.poll() == 0.0
    assert await other.poll() > 0
    assert len(messenger.asked) == 1
    await one._give_up()
    assert await other.poll() == 0.0


async def test_a_messenger_that_fails_is_asked_again_later_and_later(memory: Memory):
    messenger = Messenger(1)
    messenger.fails = [NotNow("status_409", 1.0)] * 6 + [NotNow("status_429", 90.0)]
    poller = a_poller(memory, messenger)
    waits = [await poller.poll() for _again in range(7)]
    assert waits[0] >= 1
    assert waits == sorted(waits)
    assert waits[-1] == 90
    assert await poller.poll() == 0.0


async def test_a_messenger_that_holds_no_call_open_is_not_asked_without_a_pause(memory: Memory):
    messenger = Messenger(1)
    poller = Poller(memory.inbox, messenger, lambda: None, wait_seconds=15)
    assert await poller.poll() == 0.0
    messenger.waiting = []
    assert 0.5 < await poller.poll() <= 1.0


async def test_a_memory_that_is_away_does_not_end_the_loop(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
):
    async def away(*_bot: str) -> int:
        raise OSError("no such host")

    messenger = Messenger(1)
    poller = a_poller(memory, messenger)
    with monkeypatch.context() as patched:
        patched.setattr(memory.inbox, "lead", away)
        assert await poller.poll() > 0
    assert await poller.poll() == 0.0


async def test_whatever_a_messenger_answers_the_loop_goes_on(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
):
    async def too_deep(*_asked: object) -> list[Raw]:
        raise RecursionError

    messenger = Messenger(1)
    poller = a_poller(memory, messenger)
    with monkeypatch.context() as patched:
        patched.setattr(messenger, "updates", too_deep)
        assert await poller.poll() > 0
    assert await poller.poll() == 0.0


async def test_a_stopped_poller_gives_its_lease_back(memory: Memory):
    messenger = Messenger()
    messenger.fails = [NotNow("status_502", 30.0)] * 5
    running = asyncio.create_task(a_poller(memory, messenger).run())
    await asyncio.sleep(0.3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await memory.inbox.lead(messenger.name, "the next") is None
