"""The postman: claim, attempt, close the session, send side by side, record.

Each channel has a round of its own, so that a provider that hangs holds up nobody else's letters.
Within a round there is no batch to wait for: as letters come back, as many are claimed. Rounds that
have nothing to do are woken by one lookout. Nobody holds a connection while waiting for a stranger,
and what nobody recorded the next claim finds.
"""

import asyncio
import time
from collections.abc import Collection, Coroutine, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import structlog
from prometheus_client import Counter, Histogram

from api.db import Store
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected, Unknown
from api.notices import service as notices
from api.notices.plans import Channel as Name
from api.notices.service import Letter, Question, Told
from notifier import crossing
from notifier.channels.mouths import Address
from notifier.claims import Claims
from notifier.crossing import AWAY, Now, cross
from notifier.rounds import SMALLEST_CLAIM, Prepared, Round

log = structlog.get_logger("notifier.postman")

_OUTCOMES = Counter("notifier_outcomes", "Letters by outcome.", ["channel", "outcome"])
_SECONDS = Histogram("notifier_send_seconds", "From the attempt to its outcome.", ["channel"])

FRESH_SECONDS = 1.0
"""A letter leaves within a second of its attempt, or not at all: what it says was true then."""

STOP_SECONDS = 12.0
"""How long letters on their way may take when the process is told to stop."""

_RECORD_AT_ONCE = 500
_AWAY_SECONDS = 1.0
_LIMITED_SECONDS = 0.25
_LAST_RECORD_SECONDS = 2.0


class Postman:
    """Delivers until told to stop."""

    def __init__(
        self,
        store: Store,
        rounds: Sequence[Round],
        *,
        now: Now = crossing.now_of,
        idle_seconds: float = 0.25,
    ) -> None:
        self._store = store
        self._rounds = rounds
        self._claims = Claims(store, now)
        self._now = now
        self._idle = idle_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Deliver until `stop`; then no new claim is made and what is on its way ends."""
        recorders = [asyncio.create_task(self._recorder(one)) for one in self._rounds]
        try:
            async with asyncio.TaskGroup() as claimers:
                claimers.create_task(self._lookout())
                for one in self._rounds:
                    claimers.create_task(self._claimer(one))
            await _ended([task for one in self._rounds for task in one.on_the_way], STOP_SECONDS)
            for one in self._rounds:
                one.is_over = True
                one.news.set()
        finally:
            # What the store does not take in time lapses with its lease, as after a crash.
            await _ended(recorders, _LAST_RECORD_SECONDS)

    def stop(self) -> None:
        """Make no new claim."""
        self._stopping.set()
        for one in self._rounds:
            one.wake.set()

    async def _lookout(self) -> None:
        """Look for all rounds that have nothing to do at once, and wake those that have."""
        while not self._stopping.is_set():
            await self._sleep(self._idle)
            idle = [one for one in self._rounds if one.is_idle]
            if not idle:
                continue
            try:
                due = await cross(self._claims.due)
            except AWAY as error:
                log.warning("store.away", reason=type(error).__name__)
                await self._sleep(_AWAY_SECONDS)
                continue
            for one in idle:
                if one.name in due:
                    one.wake.set()

    async def _claimer(self, one: Round) -> None:
        appetite = one.places
        more = False
        while not self._stopping.is_set():
            one.wake.clear()
            if one.room < max(1, one.pace // 4):
                await self._pause(one, self._idle)
                continue
            wanted = min(appetite, one.room)
            try:
                prepared, work = await cross(self._claims.take, one, wanted, sure=more)
            except AWAY as error:
                log.warning("store.away", channel=one.name, reason=type(error).__name__)
                await self._pause(one, _AWAY_SECONDS)
                continue
            # Who got all that was wanted claims on; others look first, which costs no write.
            more = work.looked_at >= wanted
            if prepared:
                one.alarms.clear()
            one.hear(work.waits)
            for letter in prepared:
                self._start(one, self._deliver(one, letter))
            for question in work.questions:
                self._start(one, self._ask(one, question))
            if work.handed_over:
                self._wake_others(one)
            appetite = one.places
            if work.limited:
                # The sender has no more tokens: claim about as many as could leave, no crowd that
                # would be put off again and again.
                appetite = max(SMALLEST_CLAIM, 2 * (work.looked_at - work.limited))
                await self._sleep(_LIMITED_SECONDS)
            elif not work.looked_at:
                one.is_idle = True
                await one.wake.wait()
                one.is_idle = False

    def _start(self, one: Round, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        one.on_the_way.add(task)
        task.add_done_callback(one.on_the_way.discard)

    async def _deliver(self, one: Round, prepared: Prepared) -> None:
        letter = prepared.letter
        outcome = await self._outcome(one, prepared)
        _counted(one.name, type(outcome).__name__).inc()
        _timed(one.name).observe(time.monotonic() - prepared.at)
        if not isinstance(outcome, Accepted):
            log.info(
                "delivery.not_accepted",
                channel=one.name,
                delivery=str(letter.delivery_id),
                outcome=type(outcome).__name__.lower(),
                reason=outcome.reason,
            )
        if isinstance(outcome, Rejected) and outcome.account:
            _alarm(one, outcome.reason)
        self._tell(
            one,
            Told(
                delivery_id=letter.delivery_id,
                lease=letter.lease,
                attempt_id=letter.attempt_id,
                outcome=outcome,
            ),
        )

    async def _outcome(self, one: Round, prepared: Prepared) -> Outcome:
        message = prepared.message
        if message is None:
            return Rejected("cannot_be_worded")
        async with one.gate:
            return await self._called(one, prepared, message)

    async def _called(self, one: Round, prepared: Prepared, message: Message) -> Outcome:
        letter = prepared.letter
        began = time.monotonic()
        if began - prepared.at > FRESH_SECONDS:
            one.slower(prepared.at)
            return Rejected("held_up", kept_back=True)
        mouth = one.mouths[letter.sender]
        entered = mouth.breaker.enter()
        if entered is None:
            return Rejected("may_not_speak", kept_back=True)
        outcome: Outcome = Unknown("fault")
        try:
            outcome = await mouth.channel.send(_address(letter), message, letter.reference)
        except Exception:
            # A mouth promises not to raise; if it does all the same, the round goes on.
            log.exception("channel.fault", channel=one.name)
        one.called(time.monotonic() - began)
        one.learn(letter.sender, entered, outcome)
        return outcome

    async def _ask(self, one: Round, question: Question) -> None:
        outcome: Outcome | None = None
        mouth = one.mouths.get(question.sender)
        # What must wait or fails is asked nothing either: it is looked at again.
        if mouth is not None and mouth.breaker.seconds <= 0:
            try:
                outcome = await mouth.channel.ask(question.reference)
            except Exception:
                log.exception("channel.fault", channel=one.name)
        self._tell(
            one,
            Told(
                delivery_id=question.delivery_id,
                lease=question.lease,
                attempt_id=None,
                outcome=outcome,
                sender=question.sender,
            ),
        )

    def _tell(self, one: Round, told: Told) -> None:
        one.told.append(told)
        one.news.set()

    async def _recorder(self, one: Round) -> None:
        while not one.is_over or one.told:
            await one.news.wait()
            one.news.clear()
            while one.told:
                await self._record(one)

    async def _record(self, one: Round) -> None:
        """Record what came back; kept and told again while the store is away.

        What cannot be recorded even alone lapses with its lease and is taken for unknown.
        """
        batch = one.told[: 1 if one.spoiled else _RECORD_AT_ONCE]
        try:
            ours = await cross(self._write, batch)
        except AWAY as error:
            log.warning("store.away", channel=one.name, reason=type(error).__name__)
            await asyncio.sleep(_AWAY_SECONDS)
            return
        except Exception:
            log.exception("outcomes.fault", channel=one.name, count=len(batch))
            if len(batch) > 1:
                one.spoiled = len(batch)
                return
            ours = 0
        one.spoiled = max(0, one.spoiled - 1)
        del one.told[: len(batch)]
        if not any(isinstance(told.outcome, Rejected) and told.outcome.kept_back for told in batch):
            one.quicker()
        if ours < len(batch):
            log.info("outcomes.stale", channel=one.name, count=len(batch) - ours)
        one.wake.set()
        self._wake_others(one)

    def _write(self, batch: Sequence[Told]) -> int:
        asks = {sender for one in self._rounds for sender in one.asks}
        with self._store.writing("notifier.record") as session:
            return notices.record(session, batch, now=self._now(session), asks=asks)

    def _wake_others(self, one: Round) -> None:
        for other in self._rounds:
            if other is not one:
                other.wake.set()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _pause(self, one: Round, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(one.wake.wait(), seconds)


# Told of each letter: to find a label anew takes longer than to count.
@cache
def _counted(channel: str, outcome: str) -> Counter:
    return _OUTCOMES.labels(channel, outcome.lower())


@cache
def _timed(channel: str) -> Histogram:
    return _SECONDS.labels(channel)


async def _ended(tasks: Collection[asyncio.Task[None]], seconds: float) -> None:
    """Wait so long for tasks to end, and end those that have not."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _alarm(one: Round, reason: str) -> None:
    """Tell that a provider refuses our account: once a claim, however many letters met it."""
    if reason not in one.alarms:
        one.alarms.add(reason)
        log.error("channel.account_refused", channel=one.name, reason=reason)


def _address(letter: Letter) -> Address:
    match letter.channel:
        case Name.CHAT:
            return Address(chat_id=letter.address)
        case Name.SMS:
            return Address(phone=letter.address)
        case _:
            return Address(email=letter.address)
