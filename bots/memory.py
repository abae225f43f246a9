"""The bots' memory: what came in, what is remembered, what is to be said (talks.md, "One turn").

    Memory       the work on chats: leased, looked at, a turn kept, let go
      .inbox     what comes in, and who polls a bot
      .replies   what is to be said, and what became of it
      .moves     the codes that carry talks from chat to chat

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
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    exists,
    select,
    text,
    update,
)

from api.kit.message import Message
from api.kit.sealing import CannotOpen, Keyring
from bots.carrying import Move, Offer
from bots.inbox import ADDRESS, RAW, Inbox
from bots.leases import LEASE_SECONDS, Claim, LostLease, change, held
from bots.moves import Moves
from bots.replies import Due, Replies
from bots.store import Store, reads, writes
from bots.tables import HELD, chats, inbox, replies

KEPT_SECONDS = 48 * 3600.0
SILENT_SECONDS = 365 * 86_400.0
"""A chat in which nothing was said for so long is forgotten; whose it is, the core knows."""

_logger = structlog.get_logger("bots.memory")


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
        self.inbox = Inbox(store, keys, self.now)
        self.replies = Replies(store, keys, self.now)
        self.moves = Moves(store, keys, self.replies, self.now)

    def now(self) -> float:
        """The store's time, as far as it is known."""
        return self._clock() + self._skew

    async def tune(self) -> None:
        """Learn the clock of a store that machines share: leases are counted by it."""
        if self.store.dialect != "postgresql":
            return
        clock = text("SELECT extract(epoch FROM clock_timestamp())")
        theirs = await self.store.read(lambda connection: connection.scalar(clock))
        self._skew = float(theirs or 0) - self._clock()

    async def claim(self, token: str, *, bots: Collection[str], limit: int) -> list[Claim]:
        """Lease chats of these bots that have something due and no worker; the longest waiting first.

        None while the memory is held.
        """
        now = self.now()
        # Looking costs no commit; claiming does.
        if not await self._any_due(bots, now):
            return []
        return await self._lease(bots, token, now, limit=limit)

    async def renew(self, claims: Iterable[Claim]) -> None:
        """Hold leases for another while; those that were lost stay lost."""
        ours = list(claims)
        if ours:
            await self._renew(ours)

    @reads
    def work(self, connection: Connection, claim: Claim) -> Work:
        """Look what is to be done for a chat. Raises LostLease."""
        # The counter is read before the inbox: what comes in between shows as a change of it.
        chat = connection.execute(
            select(chats.c.arrived, chats.c.state, chats.c.wakes, chats.c.wake_at).where(
                held(claim)
            )
        ).one_or_none()
        if chat is None:
            raise LostLease(claim.key)
        waiting = self.replies.due(connection, claim)
        next_update = connection.execute(
            select(inbox.c.id, inbox.c.raw)
            .where(inbox.c.chat == claim.key, inbox.c.done_at.is_(None))
            .order_by(inbox.c.id)
            .limit(1)
        ).one_or_none()
        raw = None
        if next_update is not None:
            opened = self._keys.open(next_update.raw, context=RAW)
            raw = (int(next_update.id), json.loads(opened))
        state = json.loads(chat.state) if chat.state else None
        return Work(chat.arrived, state, chat.wakes, chat.wake_at, waiting, raw)

    @writes("memory.turn")
    def keep_turn(
        self,
        connection: Connection,
        claim: Claim,
        update_row: int | None,
        state: dict[str, Any],
        messages: Sequence[Message],
        *,
        wake_at: float | None,
        wakes: int,
        offered: Offer | None = None,
        moved: Move | None = None,
    ) -> None:
        """Keep a turn: the new log and its replies, and the update's text goes. Raises LostLease.

        With it go a code that was given out and the talk that a code has brought; raises Overtaken
        where that one cannot leave its chat now.
        """
        now = self.now()
        plain = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        change(connection, claim, state=plain, wake_at=wake_at, wakes=wakes)
        if update_row is not None:
            connection.execute(
                update(inbox).where(inbox.c.id == update_row).values(done_at=now, raw=None)
            )
        if messages:
            self.replies.keep(connection, claim.key, messages, update_row=update_row)
        if offered is not None:
            self.moves.offer(connection, claim, offered)
        if moved is not None:
            self.moves.move(connection, moved)

    @writes("memory.released")
    def release(
        self, connection: Connection, claim: Claim, *, arrived: int, due_at: float | None
    ) -> None:
        """Let a chat go until `due_at`. If something came in since `arrived`, it is due at once."""
        changed = connection.execute(
            update(chats)
            .where(held(claim), chats.c.arrived == arrived)
            .values(lease=None, lease_until=0.0, due_at=due_at)
        )
        if changed.rowcount == 0:
            connection.execute(
                update(chats)
                .where(held(claim))
                .values(lease=None, lease_until=0.0, due_at=self.now())
            )

    async def forget(self, *, limit: int = 5000) -> int:
        """Drop updates and replies that were done with 48 hours ago; gives how many."""
        before = self.now() - KEPT_SECONDS
        return sum([await self._forget(table, before, limit) for table in (inbox, replies)])

    @reads
    def _any_due(self, connection: Connection, bots: Collection[str], now: float) -> bool:
        return connection.execute(_due(bots, now).limit(1)).first() is not None

    @writes("memory.claimed")
    def _lease(
        self, connection: Connection, bots: Collection[str], token: str, now: float, *, limit: int
    ) -> list[Claim]:
        # Chosen before the update: within it a planner may choose once a row, and `limit` is nothing.
        chosen = (
            _due(bots, now)
            .order_by(chats.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("chosen")
        )
        taken = connection.execute(
            update(chats)
            .where(chats.c.key.in_(select(chosen.c.key)))
            .values(lease=token, lease_until=now + LEASE_SECONDS)
            .returning(chats.c.key, chats.c.bot, chats.c.address)
        )
        return [claim for row in taken if (claim := self._claimed(row, token)) is not None]

    @writes("memory.renewed")
    def _renew(self, connection: Connection, claims: Sequence[Claim]) -> None:
        for token in {claim.token for claim in claims}:
            keys = [claim.key for claim in claims if claim.token == token]
            connection.execute(
                update(chats)
                .where(chats.c.key.in_(keys), chats.c.lease == token)
                .values(lease_until=self.now() + LEASE_SECONDS)
            )

    @writes("memory.forgotten")
    def _forget(self, connection: Connection, table: Table, before: float, limit: int) -> int:
        old = select(table.c.id).where(table.c.done_at < before).limit(limit)
        return connection.execute(
            delete(table).where(table.c.id.in_(old.scalar_subquery()))
        ).rowcount

    async def forget_silent(self, *, limit: int = 1000) -> int:
        """Drop the chats in which nothing was said for a year and nothing waits; gives how many.

        Looks through all of them: for once a day. Whoever writes again is asked for a language.
        """
        now = self.now()
        silent = (
            chats.c.spoken_at < now - SILENT_SECONDS,
            chats.c.due_at.is_(None),
            chats.c.wake_at.is_(None),
            chats.c.lease_until < now,
        )
        waits = [exists().where(table.c.chat == chats.c.key) for table in (inbox, replies)]
        old = select(chats.c.key).where(*silent, *(~one for one in waits)).limit(limit)
        dropped = 0
        while True:
            gone = await self._forget_chats(old, silent)
            dropped += gone
            if gone < limit:
                return dropped

    @writes("memory.forgotten")
    def _forget_chats(
        self, connection: Connection, old: Select[str], silent: Sequence[ColumnElement[bool]]
    ) -> int:
        # Said again: a chat that wakes at this moment is no longer silent.
        return connection.execute(
            delete(chats).where(chats.c.key.in_(old.scalar_subquery()), *silent)
        ).rowcount

    def _claimed(self, row: Any, token: str) -> Claim | None:
        try:
            chat = self._keys.open(row.address, context=ADDRESS)
        except CannotOpen:
            # Sealed with keys this process does not have: the other chats are not held up by it.
            _logger.exception("chat.cannot_open", channel=row.bot)
            return None
        return Claim(row.key, row.bot, chat, token)


def _due(bots: Collection[str], now: float) -> Select[str]:
    """The chats of these bots that have something due and no worker; none while the memory is held."""
    return select(chats.c.key).where(
        chats.c.bot.in_(bots), chats.c.due_at <= now, chats.c.lease_until < now, ~HELD
    )
