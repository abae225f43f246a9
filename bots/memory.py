"""The bots' memory: what came in, what is remembered, what is to be said (talks.md, "One turn").

Work on a chat is done under a lease in its row, so that it is serial over many processes. Every
write under a lease checks it in the same transaction: whoever lost it changes nothing and gets
LostLease. Times are seconds since epoch, by the store's own clock.
"""

import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from api.kit.message import Button, Message, Wants
from api.kit.sealing import CannotOpen, Keyring
from bots.store import Store
from bots.tables import chats, inbox, pollers, rates, replies

LEASE_SECONDS = 10.0
POLLER_SECONDS = 30.0
KEPT_SECONDS = 48 * 3600.0
BOT_RATE, BOT_BURST = 10.0, 10.0
"""The replies' share of a bot's 30 messages a second; notices have 20 (design.md, Notices 6)."""
CHAT_RATE, CHAT_BURST = 1.0, 3.0
"""One message a second in a chat; short bursts pass (domain page "Payments and messaging", 3)."""

_logger = structlog.get_logger("bots.memory")
_RAW, _TEXT, _ADDRESS = "bots.inbox.raw", "bots.replies.text", "bots.chats.address"


class LostLease(Exception):
    """Another process works on this chat, or polls this bot, now."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update of a messenger, as it came."""

    update_id: int
    chat: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A chat this process works on, while the lease holds."""

    key: str
    bot: str
    chat: str
    token: str


@dataclass(frozen=True, slots=True)
class Due:
    """A reply that is to be said. `open`: an attempt has no outcome."""

    id: int
    message: Message
    attempts: int
    open: bool
    uncertain: bool
    again_at: float
    created_at: float


@dataclass(frozen=True, slots=True)
class Work:
    """What a chat has waiting: replies first, then the next update, then a talk to wake."""

    arrived: int
    state: dict[str, Any] | None
    wakes: int
    wake_at: float | None
    replies: list[Due]
    update: tuple[int, dict[str, Any]] | None


class Memory:
    """Everything the bots keep. `clock` gives seconds since epoch where the store has no say."""

    def __init__(
        self, store: Store, keys: Keyring, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.store = store
        self._keys = keys
        self._clock = clock
        self._skew = 0.0

    def now(self) -> float:
        """The store's time, as far as it is known."""
        return self._clock() + self._skew

    async def tune(self) -> None:
        """Learn the clock of a store that machines share: leases are counted by it."""
        if self.store.dialect != "postgresql":
            return
        async with self.store.reading() as connection:
            theirs = await connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
        self._skew = float(theirs or 0) - self._clock()

    # What comes in

    async def receive(self, bot: str, updates: Sequence[Update]) -> int:
        """Keep updates that were not seen before; gives how many those are. Committed when it returns."""
        async with self.store.writing("memory.received") as connection:
            return await self._receive(connection, bot, updates)

    async def lead(self, bot: str, owner: str) -> int | None:
        """Take or keep the lease to poll a bot; gives the offset to go on from. Raises LostLease.

        A poller that was away for a day begins without an offset: a messenger may number anew, and
        what was seen is known by its id anyhow.
        """
        now = self.now()
        async with self.store.writing("memory.leading") as connection:
            fresh = {"bot": bot, "owner": owner, "until": now + POLLER_SECONDS, "polled_at": now}
            taken = self._insert(pollers).values(fresh)
            taken = taken.on_conflict_do_update(
                index_elements=["bot"],
                set_={"owner": owner, "until": fresh["until"]},
                where=(pollers.c.owner == owner) | (pollers.c.until < now),
            ).returning(pollers.c.next_offset, pollers.c.polled_at)
            row = (await connection.execute(taken)).one_or_none()
            if row is None:
                raise LostLease(bot)
        return row.next_offset if now - row.polled_at < 86_400 else None

    async def receive_polled(self, bot: str, owner: str, updates: Sequence[Update]) -> int:
        """Keep a poll's updates and the next offset in one commit. Raises LostLease."""
        now = self.now()
        async with self.store.writing("memory.polled") as connection:
            kept: dict[str, Any] = {"until": now + POLLER_SECONDS, "polled_at": now}
            if updates:
                kept["next_offset"] = max(one.update_id for one in updates) + 1
            changed = await connection.execute(
                update(pollers).where(pollers.c.bot == bot, pollers.c.owner == owner).values(kept)
            )
            if changed.rowcount != 1:
                raise LostLease(bot)
            return await self._receive(connection, bot, updates)

    async def stop_leading(self, bot: str, owner: str) -> None:
        """Give the poller's lease back, for the next process to take at once."""
        async with self.store.writing("memory.polling_ended") as connection:
            await connection.execute(
                update(pollers)
                .where(pollers.c.bot == bot, pollers.c.owner == owner)
                .values(until=0.0)
            )

    # Work on a chat

    async def claim(self, token: str, *, bots: Collection[str], limit: int) -> list[Claim]:
        """Lease chats of these bots that have something due and no worker; the longest waiting first."""
        now = self.now()
        due = select(chats.c.key).where(
            chats.c.bot.in_(bots), chats.c.due_at <= now, chats.c.lease_until < now
        )
        found = due.order_by(chats.c.due_at).limit(limit).with_for_update(skip_locked=True)
        async with self.store.reading() as connection:
            # Looking costs no commit; claiming does.
            waiting = (await connection.execute(due.limit(1))).first()
        if waiting is None:
            return []
        async with self.store.writing("memory.claimed") as connection:
            taken = await connection.execute(
                update(chats)
                .where(chats.c.key.in_(found.scalar_subquery()))
                .values(lease=token, lease_until=now + LEASE_SECONDS)
                .returning(chats.c.key, chats.c.bot, chats.c.address)
            )
            rows = taken.all()
        return [claim for row in rows if (claim := self._claimed(row, token)) is not None]

    async def renew(self, claims: Iterable[Claim]) -> None:
        """Hold leases for another while; those that were lost stay lost."""
        held = list(claims)
        if not held:
            return
        async with self.store.writing("memory.renewed") as connection:
            for token in {claim.token for claim in held}:
                keys = [claim.key for claim in held if claim.token == token]
                await connection.execute(
                    update(chats)
                    .where(chats.c.key.in_(keys), chats.c.lease == token)
                    .values(lease_until=self.now() + LEASE_SECONDS)
                )

    async def work(self, claim: Claim) -> Work:
        """Look what is to be done for a chat. Raises LostLease."""
        async with self.store.reading() as connection:
            # The counter is read before the inbox: what comes in between shows as a change of it.
            chat = (
                await connection.execute(
                    select(chats.c.arrived, chats.c.state, chats.c.wakes, chats.c.wake_at).where(
                        _held(claim)
                    )
                )
            ).one_or_none()
            if chat is None:
                raise LostLease(claim.key)
            due = await connection.execute(
                select(replies)
                .where(replies.c.chat == claim.key, replies.c.done_at.is_(None))
                .order_by(replies.c.id)
            )
            next_update = (
                await connection.execute(
                    select(inbox.c.id, inbox.c.raw)
                    .where(inbox.c.chat == claim.key, inbox.c.done_at.is_(None))
                    .order_by(inbox.c.id)
                    .limit(1)
                )
            ).one_or_none()
            waiting = [self._due(row) for row in due]
        raw = None
        if next_update is not None:
            opened = self._keys.open(next_update.raw, context=_RAW)
            raw = (int(next_update.id), json.loads(opened))
        state = json.loads(chat.state) if chat.state else None
        return Work(chat.arrived, state, chat.wakes, chat.wake_at, waiting, raw)

    async def keep_turn(
        self,
        claim: Claim,
        update_row: int | None,
        state: dict[str, Any],
        messages: Sequence[Message],
        *,
        wake_at: float | None,
        wakes: int,
    ) -> None:
        """Keep a turn: the new log and its replies, and the update's text goes. Raises LostLease."""
        now = self.now()
        plain = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        async with self.store.writing("memory.turn") as connection:
            await _change(connection, claim, state=plain, wake_at=wake_at, wakes=wakes)
            if update_row is not None:
                await connection.execute(
                    update(inbox).where(inbox.c.id == update_row).values(done_at=now, raw=None)
                )
            if messages:
                await connection.execute(
                    insert(replies),
                    [
                        {
                            "chat": claim.key,
                            "update_row": update_row,
                            "text": self._keys.seal(_written(message), context=_TEXT),
                            "created_at": now,
                        }
                        for message in messages
                    ],
                )

    async def attempt(self, claim: Claim, reply: Due) -> float:
        """Spend the rates and keep that an attempt begins; 0, or the seconds to wait for the rates.

        Raises LostLease.
        """
        now = self.now()
        async with self.store.writing("memory.attempt") as connection:
            spoken = await connection.scalar(select(chats.c.spoken_at).where(_held(claim)))
            if spoken is None:
                raise LostLease(claim.key)
            rate = await self._rate(connection, claim.bot)
            chat_at = max(now, spoken) + 1 / CHAT_RATE
            bot_at = max(now, rate.spoken_at) + 1 / BOT_RATE
            wait = max(
                rate.silent_until - now,
                chat_at - now - CHAT_BURST / CHAT_RATE,
                bot_at - now - BOT_BURST / BOT_RATE,
            )
            if wait > 0:
                return float(wait)
            await _change(connection, claim, spoken_at=chat_at)
            await connection.execute(
                update(rates).where(rates.c.bot == claim.bot).values(spoken_at=bot_at)
            )
            await connection.execute(
                update(replies)
                .where(replies.c.id == reply.id)
                .values(
                    attempts=reply.attempts + 1, open=True, uncertain=reply.uncertain or reply.open
                )
            )
        return 0.0

    async def conclude(
        self, claim: Claim, reply: Due, outcome: str, *, reason: str = "", provider_id: str = ""
    ) -> None:
        """Keep what became of a reply, for good; its text goes. A stale finish changes nothing."""
        async with self.store.writing("memory.outcome") as connection:
            await connection.execute(
                update(replies)
                .where(replies.c.id == reply.id, replies.c.done_at.is_(None))
                .where(_lease_holds(claim))
                .values(
                    outcome=outcome,
                    reason=reason[:64] or None,
                    provider_id=provider_id[:64] or None,
                    open=False,
                    text=None,
                    done_at=self.now(),
                )
            )

    async def postpone(
        self, claim: Claim, reply: Due, *, seconds: float, still_open: bool, silent: bool = False
    ) -> None:
        """Keep that a reply is tried again later; `silent` stops the whole bot until then."""
        again = self.now() + seconds
        async with self.store.writing("memory.outcome") as connection:
            await connection.execute(
                update(replies)
                .where(replies.c.id == reply.id, replies.c.done_at.is_(None))
                .where(_lease_holds(claim))
                .values(open=still_open, again_at=again)
            )
            if silent:
                await self._rate(connection, claim.bot)
                await connection.execute(
                    update(rates)
                    .where(rates.c.bot == claim.bot, rates.c.silent_until < again)
                    .values(silent_until=again)
                )

    async def nobody_there(self, claim: Claim, reason: str) -> None:
        """End all that is to be said in a chat: its person is gone."""
        async with self.store.writing("memory.outcome") as connection:
            await connection.execute(
                update(replies)
                .where(replies.c.chat == claim.key, replies.c.done_at.is_(None))
                .where(_lease_holds(claim))
                .values(outcome="failed", reason=reason, open=False, text=None, done_at=self.now())
            )

    async def release(self, claim: Claim, *, arrived: int, due_at: float | None) -> None:
        """Let a chat go until `due_at`. If something came in since `arrived`, it is due at once."""
        async with self.store.writing("memory.released") as connection:
            changed = await connection.execute(
                update(chats)
                .where(_held(claim), chats.c.arrived == arrived)
                .values(lease=None, lease_until=0.0, due_at=due_at)
            )
            if changed.rowcount == 0:
                await connection.execute(
                    update(chats)
                    .where(_held(claim))
                    .values(lease=None, lease_until=0.0, due_at=self.now())
                )

    async def forget(self, *, limit: int = 5000) -> int:
        """Drop updates and replies that were done with 48 hours ago; gives how many."""
        before = self.now() - KEPT_SECONDS
        dropped = 0
        for table in (inbox, replies):
            old = select(table.c.id).where(table.c.done_at < before).limit(limit)
            async with self.store.writing("memory.forgotten") as connection:
                gone = await connection.execute(
                    delete(table).where(table.c.id.in_(old.scalar_subquery()))
                )
                dropped += gone.rowcount
        return dropped

    async def waiting(self) -> int:
        """How many updates have not had their turn yet."""
        async with self.store.reading() as connection:
            count = await connection.scalar(select(func.count()).where(inbox.c.done_at.is_(None)))
        return int(count or 0)

    def key_of(self, bot: str, chat: str) -> str:
        """The blind index under which a chat is known."""
        return self._keys.blind("chat", f"{bot}:{chat}").hex()

    async def _receive(
        self, connection: AsyncConnection, bot: str, updates: Sequence[Update]
    ) -> int:
        now = self.now()
        fresh = 0
        woken: dict[str, str] = {}
        for one in updates:
            key = self.key_of(bot, one.chat) if one.chat is not None else None
            kept = await connection.execute(
                self._insert(inbox)
                .values(
                    bot=bot,
                    update_id=one.update_id,
                    chat=key,
                    raw=self._keys.seal(one.raw, context=_RAW) if key else None,
                    received_at=now,
                    # What concerns no chat has no turn: it is known, and that is all.
                    done_at=None if key else now,
                )
                .on_conflict_do_nothing(index_elements=["bot", "update_id"])
                .returning(inbox.c.id)
            )
            if kept.first() is None:
                continue
            fresh += 1
            if key is not None and one.chat is not None:
                woken[key] = one.chat
        for key, chat in sorted(woken.items()):
            fresh_chat = self._insert(chats).values(
                key=key,
                bot=bot,
                address=self._keys.seal(chat, context=_ADDRESS),
                arrived=1,
                due_at=now,
            )
            await connection.execute(
                fresh_chat.on_conflict_do_update(
                    index_elements=["key"],
                    set_={
                        "arrived": chats.c.arrived + 1,
                        "due_at": func.coalesce(
                            self._least(chats.c.due_at, literal(now)), literal(now)
                        ),
                    },
                )
            )
        return fresh

    async def _rate(self, connection: AsyncConnection, bot: str) -> Any:
        found = select(rates).where(rates.c.bot == bot).with_for_update()
        rate = (await connection.execute(found)).one_or_none()
        if rate is None:
            await connection.execute(
                self._insert(rates).values(bot=bot).on_conflict_do_nothing(index_elements=["bot"])
            )
            rate = (await connection.execute(found)).one()
        return rate

    def _claimed(self, row: Any, token: str) -> Claim | None:
        try:
            chat = self._keys.open(row.address, context=_ADDRESS)
        except CannotOpen:
            # Sealed with keys this process does not have: the other chats are not held up by it.
            _logger.exception("chat.cannot_open", channel=row.bot)
            return None
        return Claim(row.key, row.bot, chat, token)

    def _due(self, row: Any) -> Due:
        return Due(
            id=row.id,
            message=_message(self._keys.open(row.text, context=_TEXT)),
            attempts=row.attempts,
            open=row.open,
            uncertain=row.uncertain,
            again_at=row.again_at,
            created_at=row.created_at,
        )

    def _insert(self, table: Any) -> Any:
        dialect = postgresql if self.store.dialect == "postgresql" else sqlite
        return dialect.insert(table)

    def _least(self, one: Any, other: Any) -> ColumnElement[Any]:
        return (func.least if self.store.dialect == "postgresql" else func.min)(one, other)


def _held(claim: Claim) -> ColumnElement[bool]:
    return and_(chats.c.key == claim.key, chats.c.lease == claim.token)


def _lease_holds(claim: Claim) -> ColumnElement[bool]:
    """Whether the lease still holds, as a condition on another table."""
    return select(literal(1)).where(_held(claim)).exists()


async def _change(connection: AsyncConnection, claim: Claim, **values: Any) -> None:
    changed = await connection.execute(update(chats).where(_held(claim)).values(**values))
    if changed.rowcount != 1:
        raise LostLease(claim.key)


def _written(message: Message) -> str:
    return json.dumps(
        {
            "text": message.text,
            "buttons": [[[one.label, one.data, one.url] for one in row] for row in message.buttons],
            "wants": message.wants.value if message.wants else None,
            "wants_label": message.wants_label,
            "language": message.language,
        },
        ensure_ascii=False,
    )


def _message(plain: str) -> Message:
    kept = json.loads(plain)
    return Message(
        kept["text"],
        buttons=tuple(tuple(Button(*one) for one in row) for row in kept["buttons"]),
        wants=Wants(kept["wants"]) if kept["wants"] else None,
        wants_label=kept["wants_label"],
        language=kept["language"],
    )
