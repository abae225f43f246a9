"""Replies leave by their mouths, and what becomes of each is kept.

    attempt committed -> call -> outcome

The attempt of a turn's first reply is in the commit of the turn, and the outcome of its last in the
commit that lets the chat go.
"""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from prometheus_client import Counter

from api.client import Core, knock
from api.errors import Refusal, Unavailable
from api.kit import points
from api.kit.language import Language
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected, Unknown
from api.kit.speech import Speech
from bots import papers, wording
from bots.adapters import Adapter
from bots.address import Address
from bots.leases import Claim
from bots.memory import Memory
from bots.replies import Due, Ended, Pace
from bots.work import Work
from notifier.channels import mouths
from notifier.channels.breaker import Breaker

REPLY_SECONDS = 3600.0
"""A reply that could not be said within an hour is not said any more (guarantees.md, G7)."""

REPEATS = 2
"""A reply of which nobody knows whether it was said is said again so often, and then left.

Once would leave a question without an answer where two processes die over the same one; an answer
that comes twice harms nobody.
"""

_SOON = 1.0
_KEPT_BACK_SECONDS = 0.25
_LONGEST_RETRY = 60.0

_replies = Counter(
    "bots_replies", "Replies with a final outcome, by bot and outcome.", ["bot", "outcome"]
)
_logger = structlog.get_logger("bots.saying")


class Saying:
    """Says replies, one after the other in each chat."""

    def __init__(self, memory: Memory, core: Core) -> None:
        self._memory = memory
        self._core = core
        self._breakers: dict[tuple[str, str], Breaker] = {}

    def pace(self, adapter: Adapter, work: Work, first: Message) -> Pace | None:
        """The pace at which the first reply of a turn may be said at once; None where it may not.

        It has its turn after what waits already, after a wait that the core was told of, and after
        its paper was fetched: an attempt leaves within a second.
        """
        can = adapter.channel.can
        if work.replies or self._waits(adapter) > 0 or _wants_paper(first, adapter):
            return None
        return Pace(work.spoken_at, counted=can.paced)

    async def say(self, claim: Claim, adapter: Adapter, work: Work) -> Work | float | None:
        """Say the first reply; gives what is to be done then, None where the chat was let go.

        Or it gives the seconds until the reply may leave. Raises LostLease.
        """
        reply = work.replies[0]
        if reply.open and reply.uncertain and reply.attempts > REPEATS:
            ended = Ended(reply.id, "uncertain", reason="repeated")
            return await self._conclude(claim, work, ended)
        if self._memory.now() - reply.created_at > REPLY_SECONDS:
            return await self._conclude(claim, work, Ended(reply.id, "failed", reason="too_late"))
        ready = reply.message if reply.begun else await self._ready(claim, adapter, reply)
        if ready is None:
            return await self._memory.work(claim)
        if not isinstance(ready, Message):
            return ready
        return await self._send(claim, adapter, work, ready)

    async def _send(
        self, claim: Claim, adapter: Adapter, work: Work, ready: Message
    ) -> Work | None:
        reply, memory = work.replies[0], self._memory
        outcome = await self._call(claim, adapter, reply, ready)
        match outcome:
            case Rejected(kept_back=True):
                await memory.replies.postpone(
                    claim, reply, seconds=_KEPT_BACK_SECONDS, still_open=reply.open
                )
            case Accepted():
                # One that was repeated may have been said twice: that is kept, not hidden.
                said = "uncertain" if reply.uncertain or reply.open else "sent"
                ended = Ended(reply.id, said, provider_id=outcome.provider_id)
                return await self._conclude(claim, work, ended)
            case Unknown():
                await memory.replies.postpone(claim, reply, seconds=_SOON, still_open=True)
            case Rejected(address_dead=True):
                await memory.replies.nobody_there(claim, outcome.reason)
                _replies.labels(claim.bot, "failed").inc()
            case Rejected(again=True):
                waits = outcome.wait_seconds > 0
                delay = outcome.wait_seconds or min(_LONGEST_RETRY, 2.0 ** min(reply.attempts, 10))
                await memory.replies.postpone(
                    claim, reply, seconds=delay, still_open=False, silent=waits
                )
                if waits:
                    await self._tell_wait(adapter, delay)
            case Rejected():
                ended = Ended(reply.id, "failed", reason=outcome.reason)
                return await self._conclude(claim, work, ended)
        return await memory.work(claim)

    async def _call(self, claim: Claim, adapter: Adapter, reply: Due, message: Message) -> Outcome:
        """Make the call, if the bot may speak at this very moment."""
        breaker = self._breaker(adapter)
        entered = breaker.enter()
        if entered is None:
            return Rejected("may_not_speak", kept_back=True)
        outcome: Outcome | None = None
        try:
            outcome = await adapter.channel.send(
                mouths.Address(chat_id=claim.chat), message, _reference(claim, reply)
            )
        finally:
            breaker.leave(entered, outcome)
        return outcome

    async def _conclude(self, claim: Claim, work: Work, ended: Ended) -> Work | None:
        """Keep an outcome, and let the chat go where that was all it had waiting."""
        _replies.labels(claim.bot, ended.outcome).inc()
        rest = work.replies[1:]
        if not rest and work.update is None and not work.more:
            return await self._memory.release(
                claim, arrived=work.arrived, due_at=work.wake_at, ended=ended
            )
        await self._memory.replies.conclude(claim, ended)
        # A turn that follows is to know the pace that was spent here.
        return replace(work, replies=rest) if rest else await self._memory.work(claim)

    async def _ready(self, claim: Claim, adapter: Adapter, reply: Due) -> Message | float | None:
        """What is to be sent now, its attempt kept; else the seconds to wait, None where it was put off."""
        wait = self._waits(adapter)
        if wait > 0:
            return wait
        try:
            message = await self._with_paper(claim, adapter, reply)
        except Unavailable as away:
            delay = max(_SOON, away.retry_after)
            await self._memory.replies.postpone(claim, reply, seconds=delay, still_open=reply.open)
            return None
        wait = await self._memory.replies.attempt(claim, reply, paced=adapter.channel.can.paced)
        return wait if wait > 0 else message

    async def _with_paper(self, claim: Claim, adapter: Adapter, reply: Due) -> Message:
        """The message with its ordered paper; with words instead where there is none to be had.

        Raises Unavailable while the paper is worth waiting for.
        """
        message, can = reply.message, adapter.channel.can
        if message.order is None or not _wants_paper(message, adapter):
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

    def _breaker(self, adapter: Adapter) -> Breaker:
        bot = (adapter.messenger, adapter.audience)
        if bot not in self._breakers:
            self._breakers[bot] = Breaker(clock=self._memory.now)
        return self._breakers[bot]

    def _waits(self, adapter: Adapter) -> float:
        """The seconds this bot must be silent, whoever found it out."""
        breaker = self._breaker(adapter)
        told = self._told_to_wait(adapter)
        if told > 0:
            breaker.hear(told)
        return max(told, breaker.seconds)

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


def _wants_paper(message: Message, adapter: Adapter) -> bool:
    """Whether a paper is fetched for a message before it leaves."""
    return message.order is not None and not adapter.channel.can.fetches


def _reference(claim: Claim, reply: Due) -> str:
    """Our own name for a reply, the same when it is repeated.

    A provider sends nothing twice under one name; the second it was kept tells it from one of a
    memory that was lost.
    """
    return f"{claim.bot}:{reply.id}:{int(reply.created_at)}"
