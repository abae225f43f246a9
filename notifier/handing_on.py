"""SMS of people on their way from the core's table to the bots' own door, until it has taken them.

The door knows a message by the id we give it, so one that is brought twice is one.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain

import aiohttp
import structlog
from pydantic import SecretStr

from api.db import Store
from api.inbound import service as inbound
from api.inbound.service import Whole
from api.kit import points
from notifier import crossing
from notifier.channels.smpp import texts
from notifier.crossing import AWAY, Now, cross

log = structlog.get_logger("notifier.handing_on")

_AT_ONCE = 50
_TIMEOUT_SECONDS = 10.0
_NO_SMS = frozenset({400, 413, 422})
"""The door has looked at it and will never take it."""


class HandingOn:
    """Hands on until told to stop. `url` is the bots' door with its secret, and so never logged."""

    def __init__(
        self,
        store: Store,
        url: SecretStr,
        news: asyncio.Event,
        *,
        now: Now = crossing.now_of,
        idle_seconds: float = 1.0,
    ) -> None:
        self._store = store
        self._url = url.get_secret_value()
        self._news = news
        self._now = now
        self._idle = idle_seconds
        self._stopping = False
        self._http: aiohttp.ClientSession | None = None

    async def run(self) -> None:
        """Hand on what is whole, as soon as it is; what the door does not take is brought again."""
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(
            timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
        ) as self._http:
            while not self._stopping:
                try:
                    if await self.look():
                        continue
                except AWAY as error:
                    log.warning("store.away", reason=type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), self._idle)
                self._news.clear()

    def stop(self) -> None:
        """Claim nothing new; what is on its way ends."""
        self._stopping = True
        self._news.set()

    async def look(self) -> int:
        """Hand on what is due now; gives how many were looked at. Raises AWAY."""
        whole = await cross(self._claim)
        by_sender: dict[str, list[Whole]] = defaultdict(list)
        for one in whole:
            by_sender[one.sender].append(one)
        taken = await asyncio.gather(*map(self._hand_on_in_order, by_sender.values()))
        done = [*chain.from_iterable(taken)]
        if done:
            await cross(self._note, done)
        return len(whole)

    def _claim(self) -> list[Whole]:
        with self._store.reading() as session:
            if not inbound.has_due(session, now=self._now(session)):
                return []
        with self._store.writing("notifier.inbound.claim") as session:
            return list(inbound.claim(session, now=self._now(session), limit=_AT_ONCE))

    def _note(self, done: Sequence[int]) -> None:
        with self._store.writing("notifier.inbound.done") as session:
            inbound.handed_on(session, done)

    async def _hand_on_in_order(self, own: Sequence[Whole]) -> list[int]:
        """Bring one person's messages; those after one that was not taken wait with it."""
        done = []
        for one in own:
            if not await self._hand_on(one):
                break
            done.append(one.number)
        return done

    async def _hand_on(self, one: Whole) -> bool:
        """Bring one message to the door; whether it is done with."""
        form = {
            "messageid": str(one.name),
            "from": one.sender,
            "to": one.line,
            "message": texts.read(one.coding, one.octets),
        }
        assert self._http is not None  # noqa: S101 - `run` opens it.
        try:
            with points.around("notifier.inbound.post"):
                async with self._http.post(self._url, data=form, allow_redirects=False) as answer:
                    status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("inbound.not_reached", reason=type(error).__name__)
            return False
        if status in _NO_SMS:
            log.error("inbound.refused", status=status, sms=str(one.name))
            return True
        if status >= 300:
            log.warning("inbound.not_taken", status=status)
            return False
        return True
