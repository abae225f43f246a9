"""What comes in: each update once, committed before its messenger is told, and who polls a bot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, update

from api.kit.sealing import Keyring
from bots.leases import LostLease
from bots.store import Store, reads, writes
from bots.tables import chats, inbox, pollers

POLLER_SECONDS = 30.0
RAW, ADDRESS = "bots.inbox.raw", "bots.chats.address"
"""What an update's text and a chat's address are sealed for."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update of a messenger, as it came."""

    update_id: int
    chat: str | None
    raw: str


class Inbox:
    """The updates of messengers. `now` gives the store's time."""

    def __init__(self, store: Store, keys: Keyring, now: Callable[[], float]) -> None:
        self.store = store
        self._keys = keys
        self._now = now
        self._came = (
            store.insert(inbox)
            .on_conflict_do_nothing(index_elements=["bot", "update_id"])
            .returning(inbox.c.id)
        )
        at = bindparam("now", type_=chats.c.due_at.type)
        self._woken = store.insert(chats).on_conflict_do_update(
            index_elements=["key"],
            set_={
                "arrived": chats.c.arrived + 1,
                # At once, or when it was due already.
                "due_at": case((chats.c.due_at < at, chats.c.due_at), else_=at),
            },
        )

    @writes("memory.received")
    def receive(self, connection: Connection, bot: str, updates: Sequence[Update]) -> int:
        """Keep updates that were not seen before; gives how many those are. Committed when it returns."""
        return self.take(connection, bot, updates)

    @writes("memory.leading")
    def lead(self, connection: Connection, bot: str, owner: str) -> int | None:
        """Take or keep the lease to poll a bot; gives the offset to go on from. Raises LostLease.

        A poller that was away for a day begins without an offset: a messenger may number anew, and
        what was seen is known by its id anyhow.
        """
        now = self._now()
        fresh = {"bot": bot, "owner": owner, "until": now + POLLER_SECONDS, "polled_at": now}
        taken = self.store.insert(pollers).values(fresh)
        taken = taken.on_conflict_do_update(
            index_elements=["bot"],
            set_={"owner": owner, "until": fresh["until"]},
            where=(pollers.c.owner == owner) | (pollers.c.until < now),
        ).returning(pollers.c.next_offset, pollers.c.polled_at)
        row = connection.execute(taken).one_or_none()
        if row is None:
            raise LostLease(bot)
        return row.next_offset if now - row.polled_at < 86_400 else None

    @writes("memory.polled")
    def receive_polled(
        self, connection: Connection, bot: str, owner: str, updates: Sequence[Update]
    ) -> int:
        """Keep a poll's updates and the next offset in one commit. Raises LostLease."""
        now = self._now()
        kept: dict[str, Any] = {"until": now + POLLER_SECONDS, "polled_at": now}
        if updates:
            kept["next_offset"] = max(one.update_id for one in updates) + 1
        changed = connection.execute(
            update(pollers).where(pollers.c.bot == bot, pollers.c.owner == owner).values(kept)
        )
        if changed.rowcount != 1:
            raise LostLease(bot)
        return self.take(connection, bot, updates)

    @writes("memory.polling_ended")
    def stop_leading(self, connection: Connection, bot: str, owner: str) -> None:
        """Give the poller's lease back, for the next process to take at once."""
        connection.execute(
            update(pollers).where(pollers.c.bot == bot, pollers.c.owner == owner).values(until=0.0)
        )

    @reads
    def waiting(self, connection: Connection) -> int:
        """How many updates have not had their turn yet."""
        count = connection.scalar(select(func.count()).where(inbox.c.done_at.is_(None)))
        return int(count or 0)

    def key_of(self, bot: str, chat: str) -> str:
        """The blind index under which a chat is known."""
        return self._keys.blind("chat", f"{bot}:{chat}").hex()

    def take(self, connection: Connection, bot: str, updates: Sequence[Update]) -> int:
        """Keep updates as `receive` does, in somebody else's transaction."""
        now = self._now()
        fresh = 0
        woken: dict[str, str] = {}
        for one in updates:
            key = self.key_of(bot, one.chat) if one.chat is not None else None
            kept = connection.execute(
                self._came,
                {
                    "bot": bot,
                    "update_id": one.update_id,
                    "chat": key,
                    "raw": self._keys.seal(one.raw, context=RAW) if key else None,
                    "received_at": now,
                    # What concerns no chat has no turn: it is known, and that is all.
                    "done_at": None if key else now,
                },
            )
            if kept.first() is None:
                continue
            fresh += 1
            if key is not None and one.chat is not None:
                woken[key] = one.chat
        for key, chat in sorted(woken.items()):
            connection.execute(
                self._woken,
                {
                    "key": key,
                    "bot": bot,
                    "address": self._keys.seal(chat, context=ADDRESS),
                    "arrived": 1,
                    "due_at": now,
                    "now": now,
                },
            )
        return fresh
