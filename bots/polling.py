"""Long polling, by a loop of ours: updates are rows in one commit with the next offset.

The libraries' own pollers acknowledge before anything is kept. One process polls a bot, by a lease
row; the others wait for it to end.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Callable

import structlog

from bots.adapters import Adapter, NotNow
from bots.inbox import Inbox, Update
from bots.leases import LostLease
from bots.store import Away

WAIT_SECONDS = 15.0
"""How long a messenger may hold one call open; with its margin shorter than the poller's lease."""

_OTHERS_TURN = 5.0
_BREATH = 1.0
_LONGEST = 60.0
_logger = structlog.get_logger("bots.polling")


class Poller:
    """Fetches one bot's updates while this process holds its lease."""

    def __init__(
        self,
        inbox: Inbox,
        adapter: Adapter,
        came: Callable[[], None],
        *,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        """`came` is called after updates were committed."""
        self._inbox = inbox
        self._adapter = adapter
        self._came = came
        self._wait = wait_seconds
        self._owner = secrets.token_hex(16)
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled. Nothing that happens outside ends it."""
        try:
            while True:
                wait = await self.poll()
                await asyncio.sleep(wait)
        finally:
            await self._give_up()

    async def poll(self) -> float:
        """Poll once; gives the seconds to wait before the next time."""
        bot = self._adapter.name
        begun = time.monotonic()
        try:
            offset = await self._inbox.lead(bot, self._owner)
            raws = await self._adapter.updates(offset, self._wait)
            updates = [
                Update(number, self._adapter.chat_of(raw), json.dumps(raw))
                for raw in raws
                if (number := self._adapter.update_id(raw)) is not None
            ]
            fresh = await self._inbox.receive_polled(bot, self._owner, updates)
        except LostLease:
            return _OTHERS_TURN
        except NotNow as error:
            _logger.warning("updates.not_now", channel=bot, reason=error.reason)
            return self._later(error.wait_seconds)
        except Away as error:
            _logger.warning("memory.away", kind=type(error).__name__)
            return self._later(1.0)
        except Exception:
            # Whatever a messenger made of its answer: a bot whose loop ends is deaf for good.
            _logger.exception("updates.fault", channel=bot)
            return self._later(1.0)
        self._failures = 0
        if fresh:
            self._came()
        # A messenger that holds no call open would be asked as fast as it answers.
        held = time.monotonic() - begun
        return 0.0 if raws else max(0.0, min(_BREATH, self._wait) - held)

    def _later(self, at_least: float) -> float:
        self._failures += 1
        return max(at_least, min(_LONGEST, 2.0 ** min(self._failures, 6) / 4))

    async def _give_up(self) -> None:
        try:
            await self._inbox.stop_leading(self._adapter.name, self._owner)
        except Away:
            # The lease ends by itself.
            return
