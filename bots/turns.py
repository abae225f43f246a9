"""The work of the bots: chats are leased, updates get their turn, replies are said.

    inbox row committed -> acknowledged -> turn under the chat's lease -> log and replies in one
    transaction -> each reply: attempt committed, call, outcome

A crash at any point repeats the rest and nothing else: a turn that was not kept is done again with
the same keys, and a reply found with an attempt and no outcome is repeated once, as `uncertain`.
"""

import asyncio
import json
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import structlog
from prometheus_client import Counter, Histogram

from api.client import Core, knock
from api.errors import Refusal, Unavailable
from api.kit import points
from api.kit.language import Language, Speech
from api.kit.message import Message
from api.kit.outcome import Accepted, Rejected, Unknown
from api.kit.sealing import Keyring
from bots import log, papers, wording
from bots.adapters import Adapter
from bots.address import Address
from bots.conversation import Conversation
from bots.leases import LEASE_SECONDS, Claim, LostLease
from bots.memory import Memory, Work
from bots.moves import Overtaken
from bots.replies import Due
from bots.reply import Reply, messages
from bots.store import Away
from bots.talk import Dialogues, Sent
from bots.texting import Texting
from notifier.channels import mouths

REPLY_SECONDS = 3600.0
"""A reply that could not be said within an hour is not said any more (guarantees.md, G7)."""

_LONGEST_WAKE = 300.0
_LONGEST_RETRY = 60.0
_IDLE_SECONDS = 0.5
_BREATH = 1.0
_OVERTAKEN_SECONDS = 0.25

_turns = Counter("bots_turns", "Turns of chats, by bot.", ["bot"])
_turn_seconds = Histogram("bots_turn_seconds", "From claiming an update to its turn kept.", ["bot"])
_replies = Counter(
    "bots_replies", "Replies with a final outcome, by bot and outcome.", ["bot", "outcome"]
)
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
        self._room = chats_at_once
        self._sleep = sleep
        self._held: dict[Claim, asyncio.Task[None]] = {}
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
                self._something.clear()
                try:
                    claimed = await self.look()
                except Away as error:
                    _logger.warning("memory.away", kind=type(error).__name__)
                    await self._sleep(_BREATH)
                    continue
                except Exception as error:
                    # Whatever it is, the other chats go on.
                    _logger.exception("look.broken", kind=type(error).__name__)
                    await self._sleep(_BREATH)
                    continue
                if not claimed:
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

    async def look(self) -> int:
        """Claim what is due and begin to work on it; gives how many chats were claimed."""
        room = self._room - len(self._held)
        if room <= 0:
            await asyncio.wait(list(self._held.values()), return_when=asyncio.FIRST_COMPLETED)
            return 1
        claims = await self._memory.claim(
            secrets.token_hex(16), bots=list(self._adapters), limit=room
        )
        for claim in claims:
            task = asyncio.create_task(self._hold(claim))
            self._held[claim] = task
            task.add_done_callback(partial(self._let_go, claim))
        return len(claims)

    async def drain(self) -> None:
        """Work until nothing is due any more; for tests and the terminal."""
        while await self.look() or self._held:
            if self._held:
                await asyncio.gather(*self._held.values())

    def _let_go(self, claim: Claim, _task: asyncio.Task[None]) -> None:
        self._held.pop(claim, None)
        self._something.set()

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            with suppress(*Away):
                await self._memory.renew(self._held)

    async def _hold(self, claim: Claim) -> None:
        """Work on one chat while it has something to do."""
        try:
            await self._serve(claim)
        except LostLease:
            # Another process has the chat now; everything of ours that counted was kept before.
            _logger.info("chat.lease_lost")
        except Away as error:
            _logger.warning("memory.away", kind=type(error).__name__)
        except Exception as error:
            # Not the dialogue's own trouble, which is answered in the turn: what is kept of this
            # chat cannot be read. Its lease ends, and it is tried again.
            _logger.exception("chat.broken", kind=type(error).__name__)

    async def _serve(self, claim: Claim) -> None:
        adapter = self._adapters[claim.bot]
        while True:
            work = await self._memory.work(claim)
            now = self._memory.now()
            saying = next(iter(work.replies), None)
            later: list[float] = []
            if self._stopping:
                later.append(now)
            elif saying is not None and saying.again_at <= now:
                wait = await self._say(claim, adapter, saying)
                if wait <= _BREATH:
                    await self._sleep(wait)
                    continue
                later.append(now + wait)
            elif work.update is not None:
                await self._turn(claim, adapter, work, *work.update)
                continue
            elif work.wake_at is not None and work.wake_at <= now:
                await self._wake(claim, adapter, work)
                continue
            if saying is not None:
                later = [max([saying.again_at, *later])]
            if work.wake_at is not None:
                later.append(work.wake_at)
            due = min(later, default=None)
            return await self._memory.release(claim, arrived=work.arrived, due_at=due)

    # A turn

    async def _turn(
        self, claim: Claim, adapter: Adapter, work: Work, row: int, raw: dict[str, Any]
    ) -> None:
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
                await self._keep(
                    claim, adapter, work, row, chat=chat, conversation=conversation, replies=replies
                )
            except Overtaken:
                # The chat that its talk comes from is at work: the whole turn is done again.
                await self._sleep(_OVERTAKEN_SECONDS)
                return
            finally:
                await acknowledging
        _turns.labels(claim.bot).inc()

    async def _wake(self, claim: Claim, adapter: Adapter, work: Work) -> None:
        chat = _chat(work)
        conversation = self._conversation(claim, adapter, chat)
        try:
            replies = await conversation.go_on()
        except Exception as error:
            _logger.exception("turn.broken", kind=type(error).__name__)
            chat = _chat(work)
            log.park(chat)
            replies = [Reply(conversation.speech.word(wording.TROUBLE))]
        await self._keep(
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
    ) -> None:
        said = messages(replies, conversation.speech, adapter.channel.can)
        wakes, wake_at = 0, None
        if conversation.waits is not None or "untold" in chat:
            wakes = work.wakes + 1
            growing = min(_LONGEST_WAKE, 2.0 ** min(work.wakes, 10))
            delay = max(conversation.waits or 0.0, growing)
            wake_at = self._memory.now() + delay * random.uniform(0.9, 1.1)
        await self._memory.keep_turn(
            claim,
            row,
            cast("dict[str, Any]", chat),
            said,
            wake_at=wake_at,
            wakes=wakes,
            offered=conversation.offered,
            moved=conversation.moved,
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
        )

    # A reply

    async def _say(self, claim: Claim, adapter: Adapter, reply: Due) -> float:
        """Say one reply; gives 0 when something became of it, else the seconds to wait."""
        if reply.open and reply.uncertain:
            await self._conclude(claim, reply, "uncertain", reason="repeated_once")
            return 0.0
        if self._memory.now() - reply.created_at > REPLY_SECONDS:
            await self._conclude(claim, reply, "failed", reason="too_late")
            return 0.0
        ready = await self._ready(claim, adapter, reply)
        if not isinstance(ready, Message):
            return ready
        outcome = await adapter.channel.send(
            mouths.Address(chat_id=claim.chat), ready, _reference(claim, reply)
        )
        match outcome:
            case Accepted():
                # One that was repeated may have been said twice: that is kept, not hidden.
                said = "uncertain" if reply.uncertain or reply.open else "sent"
                await self._conclude(claim, reply, said, provider_id=outcome.provider_id)
            case Unknown():
                await self._memory.replies.postpone(claim, reply, seconds=_BREATH, still_open=True)
            case Rejected(address_dead=True):
                await self._memory.replies.nobody_there(claim, outcome.reason)
                _replies.labels(claim.bot, "failed").inc()
            case Rejected(again=True):
                waits = outcome.wait_seconds > 0
                delay = outcome.wait_seconds or min(_LONGEST_RETRY, 2.0 ** min(reply.attempts, 10))
                await self._memory.replies.postpone(
                    claim, reply, seconds=delay, still_open=False, silent=waits
                )
                if waits:
                    await self._tell_wait(adapter, delay)
            case Rejected():
                await self._conclude(claim, reply, "failed", reason=outcome.reason)
        return 0.0

    async def _ready(self, claim: Claim, adapter: Adapter, reply: Due) -> Message | float:
        """What is to be sent now, its attempt kept; else the seconds to wait, 0 where it was put off."""
        wait = self._told_to_wait(adapter)
        if wait > 0:
            return wait
        try:
            message = await self._with_paper(claim, adapter, reply)
        except Unavailable as away:
            delay = max(_BREATH, away.retry_after)
            await self._memory.replies.postpone(claim, reply, seconds=delay, still_open=reply.open)
            return 0.0
        wait = await self._memory.replies.attempt(claim, reply, paced=adapter.channel.can.paced)
        return wait if wait > 0 else message

    async def _with_paper(self, claim: Claim, adapter: Adapter, reply: Due) -> Message:
        """The message with its ordered paper; with words instead where there is none to be had.

        Raises Unavailable while the paper is worth waiting for.
        """
        message, can = reply.message, adapter.channel.can
        if message.order is None or can.fetches:
            return message
        speech = Speech(Language(message.language))
        chat = str(Address(adapter.messenger, adapter.audience, claim.chat))
        try:
            paper = await papers.fetched(self._core, message.order, chat=chat)
        except Refusal as no:
            # Whoever may not have the paper any more may not have the words beside it either.
            return replace(message, text=speech.word(wording.refusal(no)), order=None)
        except Unavailable:
            if self._memory.now() - reply.created_at < papers.WITHIN_SECONDS:
                raise
            instead = papers.LATER
        else:
            if len(paper.content) <= can.largest:
                return replace(message, papers=(paper,), order=None)
            instead = papers.TOO_LARGE
        return replace(message, text=f"{message.text}\n\n{speech.word(instead)}", order=None)

    async def _conclude(
        self, claim: Claim, reply: Due, outcome: str, *, reason: str = "", provider_id: str = ""
    ) -> None:
        await self._memory.replies.conclude(
            claim, reply, outcome, reason=reason, provider_id=provider_id
        )
        _replies.labels(claim.bot, outcome).inc()

    def _told_to_wait(self, adapter: Adapter) -> float:
        """The seconds the core was told this bot must be silent, by a notice that met a wait."""
        until = self._core.wait_until.get((adapter.messenger, adapter.audience))
        if until is None:
            return 0.0
        now = datetime.fromtimestamp(self._memory.now(), UTC)
        return max(0.0, (until - now).total_seconds())

    async def _tell_wait(self, adapter: Adapter, seconds: float) -> None:
        """Tell the core of a wait that a reply met; notices honour it too. Best effort."""
        knocking = knock.Knock(
            chat=f"{adapter.messenger}:{adapter.audience}:", key=secrets.token_hex(16)
        )
        token = knock.current.set(knocking)
        try:
            with points.around("bots.core"):
                await self._core.notices.waits(
                    messenger=adapter.messenger,
                    audience=adapter.audience,
                    seconds=min(seconds, 86_400),
                )
        except (Refusal, Unavailable) as error:
            _logger.warning("wait.untold", kind=type(error).__name__)
        finally:
            knock.current.reset(token)


def _reference(claim: Claim, reply: Due) -> str:
    """Our own name for a reply, the same when it is repeated.

    A provider sends nothing twice under one name; the second it was kept tells it from one of a
    memory that was lost.
    """
    return f"{claim.bot}:{reply.id}:{int(reply.created_at)}"


def _chat(work: Work) -> log.Chat:
    if work.state is None:
        return log.new_chat(secrets.token_hex(8))
    # A turn changes the chat in place; a broken one must find it as it was.
    return cast("log.Chat", json.loads(json.dumps(work.state)))
