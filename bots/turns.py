"""The work of the bots: chats are leased, updates get their turn, replies are said.

    inbox row committed -> acknowledged -> turn under the chat's lease -> log and replies in one
    transaction, with the attempt of the first -> call -> its outcome, and the chat is let go

A crash at any point repeats the rest and nothing else: a turn that was not kept is done again with
the same keys, and a reply found with an attempt and no outcome is repeated, as `uncertain`.
"""

import asyncio
import json
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

import structlog
from prometheus_client import Counter, Histogram

from api.client import Core
from api.kit.sealing import Keyring
from bots import log, wording
from bots.adapters import Adapter
from bots.address import Address
from bots.conversation import Conversation
from bots.inbox import Update
from bots.leases import LEASE_SECONDS, Claim, LostLease
from bots.memory import Memory
from bots.moves import Overtaken
from bots.reply import Reply, messages
from bots.returning import LONGEST_WAKE
from bots.saying import Saying
from bots.standing import Closed
from bots.store import Away
from bots.talk import Dialogues, Sent
from bots.texting import Texting
from bots.work import Work

_IDLE_SECONDS = 0.5
_BREATH = 1.0
_OVERTAKEN_SECONDS = 0.25

_turns = Counter("bots_turns", "Turns of chats, by bot.", ["bot"])
_turn_seconds = Histogram("bots_turn_seconds", "From claiming an update to its turn kept.", ["bot"])
_logger = structlog.get_logger("bots.turns")


class Worker:
    """Works on as many chats side by side as it may; any number of processes do."""

    def __init__(
        self,
        memory: Memory,
        adapters: Mapping[str, Adapter],
        dialogues: Dialogues,
        core: Core,
        keys: Keyring,
        *,
        chats_at_once: int = 16,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`sleep` waits for a rate, at most a second; tests move their clock instead."""
        self._memory = memory
        self._adapters = adapters
        self._dialogues = dialogues
        self._core = core
        self._keys = keys
        self._saying = Saying(memory, core)
        self._closed = Closed(memory.now)
        self._room = chats_at_once
        self._sleep = sleep
        self._held: dict[Claim, asyncio.Task[None]] = {}
        self._promised = 0
        self._resting = 0
        self._room_made = asyncio.Event()
        self._something = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Something came in: look at once."""
        self._something.set()

    async def run(self) -> None:
        """Work until `stop`. A memory that is away is waited for."""
        keeper = asyncio.create_task(self._keep_leases())
        try:
            while not self._stopping:
                came = self._something.is_set()
                self._something.clear()
                try:
                    more = await self.look(sure=came)
                except Away as error:
                    _logger.warning("memory.away", kind=type(error).__name__)
                    await self._sleep(_BREATH)
                    continue
                except Exception as error:
                    # Whatever it is, the other chats go on.
                    _logger.exception("look.broken", kind=type(error).__name__)
                    await self._sleep(_BREATH)
                    continue
                if not more:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._something.wait(), _IDLE_SECONDS)
        finally:
            keeper.cancel()

    async def stop(self, seconds: float = 12.0) -> None:
        """Claim nothing more; what is under way ends within `seconds`, or is left to its lease."""
        self._stopping = True
        self.wake()
        tasks = list(self._held.values())
        if tasks:
            _done, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def look(self, *, sure: bool = False) -> bool:
        """Claim what is due and begin to work on it; gives whether more may be due than had room.

        `sure` says that something came in.
        """
        room = self._free()
        if room <= 0:
            # What is being received takes the rest, and says so itself.
            if not self._held:
                return False
            self._room_made.clear()
            await self._room_made.wait()
            return True
        claims = await self._memory.claim(
            secrets.token_hex(16), bots=list(self._adapters), limit=room, sure=sure
        )
        self._begin(claims)
        return len(claims) == room

    async def receive(self, bot: str, updates: Sequence[Update]) -> int:
        """Keep updates of a bot, and begin at once on as many chats as they are and have room.

        Gives how many updates are new; they are committed when it returns.
        """
        promised = 0 if self._stopping else max(0, min(self._free(), len(updates)))
        self._promised += promised
        try:
            fresh, claims = await self._memory.receive(
                bot, updates, secrets.token_hex(16), bots=list(self._adapters), limit=promised
            )
        finally:
            self._promised -= promised
        self._begin(claims)
        if fresh > len(claims):
            self.wake()
        return fresh

    async def drain(self) -> None:
        """Work until nothing is due any more; for tests and the terminal."""
        while await self.look() or self._held:
            if self._held:
                await asyncio.gather(*self._held.values())

    def _free(self) -> int:
        return self._room - len(self._held) - self._promised + self._resting

    def _begin(self, claims: Mapping[Claim, Work]) -> None:
        for claim, work in claims.items():
            task = asyncio.create_task(self._hold(claim, work))
            self._held[claim] = task
            task.add_done_callback(partial(self._let_go, claim))

    def _let_go(self, claim: Claim, _task: asyncio.Task[None]) -> None:
        self._held.pop(claim, None)
        self._room_made.set()

    async def _rest(self, seconds: float) -> None:
        """Wait for a rate while the chat stays ours; it takes no room from others meanwhile."""
        self._resting += 1
        self._room_made.set()
        try:
            await self._sleep(seconds)
        finally:
            self._resting -= 1

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            with suppress(*Away):
                await self._memory.renew(self._held)

    async def _hold(self, claim: Claim, work: Work) -> None:
        """Work on one chat while it has something to do."""
        adapter = self._adapters[claim.bot]
        left: Work | None = work
        try:
            while left is not None:
                left = await self._next(claim, adapter, left)
        except LostLease:
            # Another process has the chat now; everything of ours that counted was kept before.
            _logger.info("chat.lease_lost")
        except Away as error:
            _logger.warning("memory.away", kind=type(error).__name__)
        except Exception as error:
            # Not the dialogue's own trouble, which is answered in the turn: what is kept of this
            # chat cannot be read. Its lease ends, and it is tried again.
            _logger.exception("chat.broken", kind=type(error).__name__)

    async def _next(self, claim: Claim, adapter: Adapter, work: Work) -> Work | None:
        """Do the next thing a chat has waiting; gives what is left, None where it was let go."""
        now = self._memory.now()
        saying = work.replies[0] if work.replies else None
        later: list[float] = [] if work.wake_at is None else [work.wake_at]
        # What is begun is said, whatever comes: its attempt is kept.
        if saying is not None and (saying.begun or (saying.again_at <= now and not self._stopping)):
            said = await self._saying.say(claim, adapter, work)
            if not isinstance(said, float):
                return said
            if said <= _BREATH:
                await self._rest(said)
                return work
            later.append(now + said)
        elif self._stopping:
            later.append(now)
        elif work.update is not None:
            return await self._turn(claim, adapter, work, *work.update)
        elif work.more:
            return await self._memory.work(claim)
        elif work.wake_at is not None and work.wake_at <= now:
            return await self._wake(claim, adapter, work)
        elif saying is not None:
            later.append(saying.again_at)
        return await self._memory.release(
            claim, arrived=work.arrived, due_at=min(later, default=None)
        )

    # A turn

    async def _turn(
        self, claim: Claim, adapter: Adapter, work: Work, row: int, raw: dict[str, Any]
    ) -> Work:
        with _turn_seconds.labels(claim.bot).time():
            sent = adapter.read(raw)
            acknowledging = asyncio.create_task(adapter.acknowledge(sent or Sent()))
            chat = _chat(work)
            conversation = self._conversation(claim, adapter, chat)
            try:
                replies = await conversation.turn(sent) if sent is not None else []
            except Exception as error:
                # A bug of ours must not hold up the chat: the log stays as it was, and the person
                # is told. The menu needs no replay, so there is a way on.
                _logger.exception("turn.broken", kind=type(error).__name__)
                chat = _chat(work)
                conversation.offered = conversation.moved = None
                replies = [Reply(conversation.speech.word(wording.TROUBLE))]
            try:
                left = await self._keep(
                    claim, adapter, work, row, chat=chat, conversation=conversation, replies=replies
                )
            except Overtaken:
                # The chat that its talk comes from is at work: the whole turn is done again.
                await self._sleep(_OVERTAKEN_SECONDS)
                return await self._memory.work(claim)
            finally:
                await acknowledging
        _turns.labels(claim.bot).inc()
        return left

    async def _wake(self, claim: Claim, adapter: Adapter, work: Work) -> Work:
        chat = _chat(work)
        conversation = self._conversation(claim, adapter, chat)
        try:
            replies = await conversation.go_on()
        except Exception as error:
            _logger.exception("turn.broken", kind=type(error).__name__)
            chat = _chat(work)
            log.park(chat)
            replies = [Reply(conversation.speech.word(wording.TROUBLE))]
        return await self._keep(
            claim, adapter, work, None, chat=chat, conversation=conversation, replies=replies
        )

    async def _keep(
        self,
        claim: Claim,
        adapter: Adapter,
        work: Work,
        row: int | None,
        *,
        chat: log.Chat,
        conversation: Conversation,
        replies: list[Reply],
    ) -> Work:
        said = messages(replies, conversation.speech, adapter.channel.can)
        wakes, wake_at = 0, None
        if conversation.waits is not None or "untold" in chat:
            wakes = work.wakes + 1
            growing = min(LONGEST_WAKE, 2.0 ** min(work.wakes, 10)) * random.uniform(0.8, 1.0)
            wake_at = self._memory.now() + max(conversation.waits or 0.0, growing)
        state = json.dumps(chat, ensure_ascii=False, separators=(",", ":"))
        at_once = said and not self._stopping
        kept = await self._memory.keep_turn(
            claim,
            row,
            state,
            said,
            wake_at=wake_at,
            wakes=wakes,
            say=self._saying.pace(adapter, work, said[0]) if at_once else None,
            offered=conversation.offered,
            moved=conversation.moved,
        )
        if conversation.moved is not None:
            # The chat that it has left is to hear of it.
            self.wake()
        return replace(
            work,
            state=state,
            wakes=wakes,
            wake_at=wake_at,
            replies=[*work.replies, *kept],
            update=None,
        )

    def _conversation(self, claim: Claim, adapter: Adapter, chat: log.Chat) -> Conversation:
        address = Address(adapter.messenger, adapter.audience, claim.chat)
        kind = Texting if address.by_sms else Conversation
        return kind(
            self._dialogues,
            self._core,
            chat,
            address=address,
            keys=self._keys,
            now=self._memory.now(),
            codes=self._memory.moves,
            fetch=adapter.fetch,
            closed=self._closed,
        )


def _chat(work: Work) -> log.Chat:
    """The log of a chat, a new one each time: a turn changes it in place."""
    if work.state is None:
        return log.new_chat(secrets.token_hex(8))
    return cast("log.Chat", json.loads(work.state))
