"""Talks that wait for the core go on as soon as it is back.

A talk tries again by itself, ever less often, so that many of them do not storm a core that is in
trouble. So each process looks by itself whether the core is back, and then wakes them all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

import structlog

from api.client import Core
from bots.memory import Memory
from bots.store import Away

LONGEST_WAKE = 300.0
"""A talk that waits is tried again within so many seconds, woken or not."""

LOOK_SECONDS = 5.0
_logger = structlog.get_logger("bots.returning")


class Returning:
    """Looks after the core while it is away. `woken` is called when talks are to go on."""

    def __init__(
        self,
        core: Core,
        memory: Memory,
        bots: Collection[str],
        woken: Callable[[], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._core = core
        self._memory = memory
        self._bots = bots
        self._woken = woken
        self._sleep = sleep

    async def run(self) -> None:
        """Look until cancelled. Talks that waited when the process began are woken, too.

        A core that comes and goes is looked after ever less often.
        """
        pause, waited = LOOK_SECONDS, True
        while True:
            if self._core.is_away:
                waited = True
                await self._core.is_ready()
            if waited and not self._core.is_away:
                with suppress(*Away):
                    await self._wake()
                    waited = False
                pause = min(2 * pause, LONGEST_WAKE)
            elif not waited:
                pause = LOOK_SECONDS
            await self._sleep(pause)

    async def _wake(self) -> None:
        count = await self._memory.wake(self._bots, within=LONGEST_WAKE)
        if count:
            _logger.info("core.back", count=count)
            self._woken()
