"""What waits for a bot: numbered updates, handed over by long polling or by webhook."""

import asyncio
import json
import time
from typing import Any

import aiohttp

from sandbox.faults import Faults, Kind, Service
from sandbox.messenger import dialects
from sandbox.messenger.bots import Bot, Bots
from sandbox.messenger.refusals import Refused
from sandbox.store import Store, dump
from sandbox.witness import Witness

LONGEST_POLL = 50  # seconds
MOST_AT_ONCE = 100
PATIENCE = (0.2, 0.5, 1, 2, 5)  # seconds between tries of a webhook; the last one repeats
# Sent only to bots that name them; core.telegram.org/bots/api#getupdates.
ON_DEMAND = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class Updates:
    """The queue of every bot. An update stays until its bot confirms it, over restarts too."""

    def __init__(self, store: Store, bots: Bots, faults: Faults, witness: Witness) -> None:
        self._store = store
        self._bots = bots
        self._faults = faults
        self._witness = witness
        self._news: dict[str, asyncio.Event] = {}
        self._polls: dict[str, asyncio.Future[None]] = {}
        self._postmen: dict[str, asyncio.Task[None]] = {}
        self._http: aiohttp.ClientSession | None = None
        self._closing = False

    def put(self, bot: Bot, kind: str, body: dict[str, Any]) -> int | None:
        """Queue an update and answer its number; None when the bot did not ask for this kind."""
        allowed = self._bots.told(bot, "allowed_updates") or []
        if kind not in allowed and (allowed or kind in ON_DEMAND):
            return None
        if not dialects.brings(bot.messenger, kind):
            return None
        return self.put_raw(bot, {kind: dialects.told(bot.messenger, body)})

    def put_raw(self, bot: Bot, update: dict[str, Any]) -> int:
        """Queue an update as it stands, whole or broken, and answer its number.

        Numbers begin at the clock's second, so that a restart without memory does not repeat them.
        """
        last = self._store.row("SELECT seq FROM sqlite_sequence WHERE name = 'updates'")
        number = max(int(time.time()), (last["seq"] if last else 0) + 1)
        self._store.do(
            "INSERT INTO updates (update_id, bot, body) VALUES (?, ?, ?)",
            number,
            bot.name,
            dump({"update_id": number, **update}),
        )
        self._news.setdefault(bot.name, asyncio.Event()).set()
        return number

    async def get(
        self, bot: Bot, *, offset: int, limit: int, timeout_s: int, allowed: list[str] | None
    ) -> list[dict[str, Any]]:
        """Answer what waits, as getUpdates does. Raises Refused (409) for a second poller or a webhook."""
        if self._bots.told(bot, "webhook"):
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if allowed is not None:
            self._bots.tell(bot, "allowed_updates", allowed)
        earlier = self._polls.get(bot.name)
        if earlier is not None and not earlier.done():
            # As at Telegram the newcomer wins: a bot that died in mid-poll is not locked out.
            earlier.set_exception(
                Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            )
        mine = self._polls[bot.name] = asyncio.get_running_loop().create_future()
        self._confirm(bot, offset)
        try:
            await self._wait(bot, mine, min(timeout_s, LONGEST_POLL))
        finally:
            if self._polls.get(bot.name) is mine:
                del self._polls[bot.name]
        waiting = self._waiting(bot, max(1, min(limit, MOST_AT_ONCE)))
        if waiting and self._faults.take(Service.TELEGRAM, Kind.DOUBLE):
            waiting = [update for update in waiting for _ in (1, 2)]
        return waiting

    def pending(self, bot: Bot) -> int:
        row = self._store.row("SELECT count(*) AS n FROM updates WHERE bot = ?", bot.name)
        return int(row["n"]) if row else 0

    def drop(self, bot: Bot) -> None:
        self._store.do("DELETE FROM updates WHERE bot = ?", bot.name)

    async def start(self) -> None:
        """Go on delivering to the webhooks that were set before."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        for bot in self._bots:
            self.deliver(bot)

    async def stop(self) -> None:
        self._closing = True
        for poll in self._polls.values():
            if not poll.done():
                poll.set_result(None)
        for postman in self._postmen.values():
            postman.cancel()
        await asyncio.gather(*self._postmen.values(), return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def deliver(self, bot: Bot) -> None:
        """Begin, or begin anew, to deliver by webhook; without one, stop."""
        if (old := self._postmen.pop(bot.name, None)) is not None:
            old.cancel()
        if self._bots.told(bot, "webhook") and self._http is not None:
            self._postmen[bot.name] = asyncio.create_task(self._carry(bot))

    async def _wait(self, bot: Bot, mine: asyncio.Future[None], seconds: int) -> None:
        news = self._news.setdefault(bot.name, asyncio.Event())
        until = asyncio.get_running_loop().time() + seconds
        while not self.pending(bot) and not self._closing:
            news.clear()
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            arrival = asyncio.ensure_future(news.wait())
            waited: set[asyncio.Future[Any]] = {arrival, mine}
            await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            arrival.cancel()
            if mine.done():
                break
        if mine.done():
            mine.result()
        else:
            mine.cancel()

    def _confirm(self, bot: Bot, offset: int) -> None:
        if offset < 0:
            kept = [update["update_id"] for update in self._waiting(bot, -1)][offset:]
            offset = kept[0] if kept else 0
        if offset > 0:
            gone = self._store.changed(
                "DELETE FROM updates WHERE bot = ? AND update_id < ?", bot.name, offset
            )
            if gone:
                self._witness.add(
                    "telegram",
                    "getUpdates",
                    accepted=True,
                    address=bot.name,
                    result={"confirmed": gone, "offset": offset},
                )

    def _waiting(self, bot: Bot, limit: int) -> list[dict[str, Any]]:
        rows = self._store.rows(
            "SELECT body FROM updates WHERE bot = ? ORDER BY update_id LIMIT ?", bot.name, limit
        )
        return [json.loads(row["body"]) for row in rows]

    async def _carry(self, bot: Bot) -> None:
        """Post one update after another until each is answered with 2xx."""
        tries = 0
        news = self._news.setdefault(bot.name, asyncio.Event())
        while True:
            waiting = self._waiting(bot, 1)
            if not waiting:
                news.clear()
                await news.wait()
                continue
            times = 2 if self._faults.take(Service.TELEGRAM, Kind.DOUBLE) else 1
            trouble = ""
            for _ in range(times):
                trouble = await self._post(bot, waiting[0])
            hook = self._bots.told(bot, "webhook") or {}
            if trouble and hook:
                hook |= {"last_error_date": int(time.time()), "last_error_message": trouble}
                self._bots.tell(bot, "webhook", hook)
                await asyncio.sleep(PATIENCE[min(tries, len(PATIENCE) - 1)])
                tries += 1
                continue
            tries = 0
            number = waiting[0]["update_id"]
            self._store.do("DELETE FROM updates WHERE bot = ? AND update_id = ?", bot.name, number)
            self._witness.add(
                "telegram",
                "webhook",
                accepted=True,
                address=bot.name,
                reference=str(number),
                result={"confirmed": 1},
            )

    async def _post(self, bot: Bot, update: dict[str, Any]) -> str:
        """Post an update and answer what went wrong, or nothing."""
        hook = self._bots.told(bot, "webhook")
        if self._http is None or not hook:
            return "no webhook"
        headers = {}
        if hook.get("secret_token"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook["secret_token"]
        try:
            async with self._http.post(hook["url"], json=update, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    return ""
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"Connection failed: {type(error).__name__}"
