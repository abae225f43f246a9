"""The bots' memory: what came in, what is remembered, what is to be said (talks.md, "One turn").

    Memory       the work on chats: leased, looked at, a turn kept, let go (bots.work)
      .inbox     what comes in, and who polls a bot
      .replies   what is to be said, and what became of it
      .moves     the codes that carry talks from chat to chat

Work on a chat is done under a lease in its row, so that it is serial over many processes. Every
write under a lease checks it in the same transaction: whoever lost it changes nothing and gets
LostLease. Times are seconds since epoch, by the store's own clock.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    select,
    text,
    update,
)

from api.kit.message import Message
from api.kit.sealing import CannotOpen, Keyring
from bots.carrying import Move, Offer
from bots.inbox import ADDRESS, Inbox, Update
from bots.leases import HELD_BY, LEASE_SECONDS, Claim, LostLease, change, lease
from bots.moves import Moves
from bots.replies import Due, Ended, Pace, Replies
from bots.store import Store, reads, writes
from bots.tables import HELD, chats, inbox, replies
from bots.work import WORKED_ON, Waiting, Work

KEPT_SECONDS = 48 * 3600.0
SILENT_SECONDS = 365 * 86_400.0
"""A chat in which nothing was said for so long is forgotten; whose it is, the core knows."""

_logger = structlog.get_logger("bots.memory")


# The chats that have something due and no worker; none while the memory is held.
_NOW = bindparam("now", type_=chats.c.due_at.type)
_DUE = select(chats.c.key).where(
    chats.c.bot.in_(bindparam("bots", expanding=True)),
    chats.c.due_at <= _NOW,
    chats.c.lease_until < _NOW,
    ~HELD,
)
_ANY_DUE = _DUE.limit(1)
# Chosen before the update: within it a planner may choose once a row, and `limit` is nothing.
_chosen = (
    _DUE.order_by(chats.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("chosen")
)
_LEASED = (
    update(chats)
    .where(chats.c.key.in_(select(_chosen.c.key)))
    .returning(chats.c.key, chats.c.bot, chats.c.address, *WORKED_ON)
)
# The talks that wait and nobody works on.
_WAITING = (
    select(chats.c.key)
    .where(
        chats.c.bot.in_(bindparam("bots", expanding=True)),
        chats.c.due_at > _NOW,
        chats.c.due_at <= bindparam("until", type_=chats.c.due_at.type),
        chats.c.wake_at.is_not(None),
        chats.c.lease_until < _NOW,
    )
    .with_for_update(skip_locked=True)
    .cte("waiting")
)
# Returned, since SQLite does not count what a statement with a CTE has changed.
_WOKEN = update(chats).where(chats.c.key.in_(select(_WAITING.c.key))).returning(chats.c.key)
_WORKED_ON = select(*WORKED_ON).where(HELD_BY)
_HAD = update(inbox).where(inbox.c.id == bindparam("row")).values(raw=None)
_RELEASED = (
    update(chats)
    .where(HELD_BY, chats.c.arrived == bindparam("counted"))
    .values(lease=None, lease_until=0.0)
)


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

    async def claim(
        self, token: str, *, bots: Collection[str], limit: int, sure: bool = False
    ) -> dict[Claim, Work]:
        """Lease chats of these bots that have something due and no worker; the longest waiting first.

        None while the memory is held. Where it is `sure` that something came in, it is not looked
        first whether there is anything: looking costs no commit, claiming does.
        """
        given = {"bots": list(bots), "now": self.now()}
        if not sure and not await self._any_due(given):
            return {}
        return await self._lease(given, token, limit=limit)

    @writes("memory.received")
    def receive(
        self,
        connection: Connection,
        bot: str,
        updates: Sequence[Update],
        token: str,
        *,
        bots: Collection[str],
        limit: int,
    ) -> tuple[int, dict[Claim, Work]]:
        """Keep updates as `Inbox.receive` does, and claim in the same commit; gives both."""
        fresh = self.inbox.take(connection, bot, updates)
        if not fresh or not limit:
            return fresh, {}
        given = {"bots": list(bots), "now": self.now()}
        return fresh, self._leased(connection, given, token, limit=limit)

    async def renew(self, claims: Iterable[Claim]) -> None:
        """Hold leases for another while; those that were lost stay lost."""
        ours = list(claims)
        if ours:
            await self._renew(ours)

    @writes("memory.woken")
    def wake(self, connection: Connection, bots: Collection[str], *, within: float) -> int:
        """Let the talks that are to try the core again `within` seconds do so now; gives how many."""
        now = self.now()
        given = {"bots": list(bots), "now": now, "until": now + within}
        return len(connection.execute(_WOKEN, {**given, "wake_at": now, "due_at": now}).all())

    @reads
    def work(self, connection: Connection, claim: Claim) -> Work:
        """Look what is to be done for a chat. Raises LostLease."""
        return self._work(connection, claim)

    def _work(self, connection: Connection, claim: Claim) -> Work:
        row = connection.execute(_WORKED_ON, lease(claim)).one_or_none()
        if row is None:
            raise LostLease(claim.key)
        return Waiting(connection, self._keys, self.replies, [claim.key]).work(claim.key, row)

    @writes("memory.turn")
    def keep_turn(
        self,
        connection: Connection,
        claim: Claim,
        update_row: int | None,
        state: str,
        messages: Sequence[Message],
        *,
        wake_at: float | None,
        wakes: int,
        say: Pace | None = None,
        offered: Offer | None = None,
        moved: Move | None = None,
    ) -> list[Due]:
        """Keep a turn: the new log and its replies, and the update's text goes. Raises LostLease.

        With it the attempt to `say` the first reply is kept, where the rates are there: of the
        replies given it is the one that is `begun`. And a code that was given out, and the talk
        that a code has brought; raises Overtaken where that one cannot leave its chat now.
        """
        changed: dict[str, Any] = {"state": state, "wake_at": wake_at, "wakes": wakes}
        spoken = None
        if say is not None and messages:
            spoken = self.replies.spend(connection, claim.bot, say)
        if spoken is not None:
            changed["spoken_at"] = spoken
        change(connection, claim, **changed)
        if update_row is not None:
            connection.execute(_HAD, {"row": update_row, "done_at": self.now()})
        kept = self.replies.keep(
            connection, claim.key, messages, update_row=update_row, begun=spoken is not None
        )
        if offered is not None:
            self.moves.offer(connection, claim, offered)
        if moved is not None:
            self.moves.move(connection, moved)
        return kept

    @writes("memory.released")
    def release(
        self,
        connection: Connection,
        claim: Claim,
        *,
        arrived: int,
        due_at: float | None,
        ended: Ended | None = None,
    ) -> Work | None:
        """Let a chat go until `due_at`, with what became of its last reply.

        If something came in since `arrived` it is not let go: gives what is to be done. Raises
        LostLease.
        """
        if ended is not None:
            self.replies.end(connection, claim, ended)
        let_go = connection.execute(
            _RELEASED, {**lease(claim), "counted": arrived, "due_at": due_at}
        )
        return None if let_go.rowcount == 1 else self._work(connection, claim)

    async def forget(self, *, limit: int = 5000) -> int:
        """Drop updates and replies that were done with 48 hours ago; gives how many."""
        before = self.now() - KEPT_SECONDS
        return sum([await self._forget(table, before, limit) for table in (inbox, replies)])

    @reads
    def _any_due(self, connection: Connection, given: Mapping[str, Any]) -> bool:
        return connection.execute(_ANY_DUE, given).first() is not None

    @writes("memory.claimed")
    def _lease(
        self, connection: Connection, given: Mapping[str, Any], token: str, *, limit: int
    ) -> dict[Claim, Work]:
        return self._leased(connection, given, token, limit=limit)

    def _leased(
        self, connection: Connection, given: Mapping[str, Any], token: str, *, limit: int
    ) -> dict[Claim, Work]:
        until = {"lease": token, "lease_until": given["now"] + LEASE_SECONDS}
        rows = connection.execute(_LEASED, {**given, **until, "most": limit}).all()
        if not rows:
            return {}
        waiting = Waiting(connection, self._keys, self.replies, [row.key for row in rows])
        claimed: dict[Claim, Work] = {}
        for row in rows:
            try:
                chat = self._keys.open(row.address, context=ADDRESS)
                claimed[Claim(row.key, row.bot, chat, token)] = waiting.work(row.key, row)
            except (CannotOpen, ValueError, LookupError, TypeError):
                # What is kept of it cannot be read, or is sealed with keys this process does not
                # have: the other chats are not held up. Its lease ends, and it is tried again.
                _logger.exception("chat.cannot_open", channel=row.bot)
        return claimed

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
