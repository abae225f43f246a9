"""Who talks on the page, and what was said there: sealed, and kept no longer than the visit.

A visitor is a random secret in a browser. It is not kept: its blind index names the visitor, and is
the chat's id to the core, so that nobody can talk for a visitor whose index they have read.
"""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from api.kit.message import Message
from api.kit.sealing import Keyring
from bots.inbox import Update
from bots.memory import Memory
from bots.replies import message_of, written
from bots.store import reads, writes
from bots.tables import brought, carried, chats, inbox, replies, said, visitors

IDLE_SECONDS = 1800.0
"""A visit ends when nothing was said for so long: the next at this browser may be somebody else."""
LASTS_SECONDS = 12 * 3600.0
"""And at the latest after as long as its link speaks for anybody (api.access.rules.WEB_LASTS)."""

BEGUN_AN_HOUR = 60
"""Visits begun from one address. Behind one address of a mobile network are many people."""
LINES_A_MINUTE = 20
"""Lines of one visitor."""
KEPT = 120
"""Lines of both sides that the page still shows."""

SAID = "bots.said.text"
"""What a line is sealed for."""

_SECRET_BYTES = 32
_HOUR, _MINUTE = 3600.0, 60.0


def _file_of(key: str) -> str:
    return f"bots.brought {key}"


class TooMany(Exception):
    """Too much came from one address, or from one visitor."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor who is there. `key` is the chat's id, `chat` its key in the memory."""

    key: str
    chat: str
    bot: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation; `mine` is the visitor's own, and has words alone."""

    id: int
    mine: bool
    message: Message


@dataclass(frozen=True, slots=True)
class Seen:
    """What a visitor sees. `waiting` means that what was said last has no answer yet."""

    lines: Sequence[Line]
    language: str
    waiting: bool


class Visits:
    """All visits, in the memory of the bots."""

    def __init__(self, memory: Memory, keys: Keyring) -> None:
        self._memory = memory
        self.store = memory.store
        self._keys = keys

    def of(self, bot: str, secret: str) -> Visit:
        """The visit of whoever holds this secret, whether it lasts or not."""
        key = self._keys.blind("web_visitor", f"{bot} {secret}").hex()
        return Visit(key, self._memory.inbox.key_of(bot, key), bot)

    @writes("memory.received")
    def begin(
        self, connection: Connection, bot: str, *, address: str, start: str
    ) -> tuple[str, Visit]:
        """Let a visit from this address begin as by a deep link; gives its secret. Raises TooMany."""
        now = self._memory.now()
        from_there = self._keys.blind("web_address", address)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        visit = self.of(bot, secret)
        number = secrets.randbits(62)
        raw = json.dumps({"update_id": number, "chat": visit.key, "start": start})
        begun = connection.scalar(
            select(func.count()).where(
                visitors.c.address == from_there, visitors.c.begun_at > now - _HOUR
            )
        )
        if (begun or 0) >= BEGUN_AN_HOUR:
            raise TooMany
        connection.execute(
            visitors.insert().values(
                key=visit.key,
                chat=visit.chat,
                address=from_there,
                begun_at=now,
                seen_at=now,
            )
        )
        self._memory.inbox.take(connection, bot, [Update(number, visit.key, raw)])
        return secret, visit

    async def find(self, bot: str, secret: str) -> Visit | None:
        """The visitor who holds this secret, if the visit lasts."""
        if not secret:
            return None
        visit = self.of(bot, secret)
        return visit if await self._lasts(visit.key) else None

    @writes("memory.received")
    def say(self, connection: Connection, visit: Visit, update_: Update, *, shown: str) -> bool:
        """Keep a line of the visitor, once; gives whether it is new. Raises TooMany.

        `shown` is what stands in the conversation for it.
        """
        now = self._memory.now()
        lines = connection.scalar(
            select(func.count()).where(
                said.c.visitor == visit.key, said.c.mine, said.c.said_at > now - _MINUTE
            )
        )
        if (lines or 0) >= LINES_A_MINUTE:
            raise TooMany
        if not self._memory.inbox.take(connection, visit.bot, [update_]):
            return False
        connection.execute(update(visitors).where(visitors.c.key == visit.key).values(seen_at=now))
        # A tap on what is not shown any more has no words; it counts all the same.
        self._keep(connection, visit.key, f"line:{update_.update_id}", Message(shown), mine=True)
        return True

    async def bring(self, visit: Visit, content: bytes) -> str:
        """Hold a file that the visitor sent, in place of an earlier one; gives what it is known by."""
        reference = hashlib.sha256(content).hexdigest()[:32]
        plain = base64.b64encode(content).decode("ascii")
        sealed = await asyncio.to_thread(self._keys.seal, plain, context=_file_of(visit.key))
        await self._hold(visit.key, reference, sealed)
        return f"{visit.key} {reference}"

    async def brought(self, known_by: str) -> bytes | None:
        """The file that is known so, while the visit lasts and no other was brought."""
        key, _space, reference = known_by.partition(" ")
        sealed = await self._held(key, reference)
        if sealed is None:
            return None
        return base64.b64decode(
            await asyncio.to_thread(self._keys.open, sealed, context=_file_of(key))
        )

    @writes("memory.said")
    def hear(self, connection: Connection, key: str, message: Message, reference: str) -> bool:
        """Keep what a visitor is told, once a reference; False when they have left."""
        there = self._is_there(connection, key)
        if there:
            self._keep(connection, key, reference, message, mine=False)
        return there

    @reads
    def see(self, connection: Connection, visit: Visit) -> Seen:
        """What stands in the conversation now."""
        newest = (
            select(said)
            .where(said.c.visitor == visit.key)
            .order_by(said.c.id.desc())
            .limit(KEPT)
            .subquery()
        )
        rows = connection.execute(select(newest).order_by(newest.c.id)).all()
        state = connection.scalar(select(chats.c.state).where(chats.c.key == visit.chat))
        waiting = self._waiting(connection, visit)
        lines = [
            Line(row.id, row.mine, message_of(self._keys.open(row.text, context=SAID)))
            for row in rows
        ]
        return Seen(lines, json.loads(state)["language"] if state else "", waiting)

    @reads
    def message(self, connection: Connection, visit: Visit, line: int) -> Message | None:
        """What a visitor was told in a line of theirs that is still kept."""
        text = connection.scalar(
            select(said.c.text).where(said.c.id == line, said.c.visitor == visit.key, ~said.c.mine)
        )
        return None if text is None else message_of(self._keys.open(text, context=SAID))

    @reads
    def is_waiting(self, connection: Connection, visit: Visit) -> bool:
        """Whether something of the visitor's has no turn yet, or an answer is not said yet."""
        return self._waiting(connection, visit)

    @writes("memory.forgotten")
    def end(self, connection: Connection, visit: Visit) -> None:
        """Forget a visit and all that was said."""
        self._forget(connection, visitors.c.key == visit.key)

    @writes("memory.forgotten")
    def forget(self, connection: Connection, *, limit: int = 500) -> None:
        """Forget visits that are over, at most `limit` of them."""
        over = select(visitors.c.key).where(self._over()).limit(limit)
        self._forget(connection, visitors.c.key.in_(over.scalar_subquery()))

    @reads
    def _lasts(self, connection: Connection, key: str) -> bool:
        return self._is_there(connection, key)

    def _is_there(self, connection: Connection, key: str) -> bool:
        there = select(visitors.c.key).where(visitors.c.key == key, ~self._over())
        return connection.scalar(there) is not None

    @writes("memory.received")
    def _hold(self, connection: Connection, key: str, reference: str, sealed: bytes) -> None:
        values = {"reference": reference, "sealed": sealed}
        connection.execute(
            self.store.insert(brought)
            .values(visitor=key, **values)
            .on_conflict_do_update(index_elements=["visitor"], set_=values)
        )

    @reads
    def _held(self, connection: Connection, key: str, reference: str) -> bytes | None:
        return connection.scalar(
            select(brought.c.sealed).where(
                brought.c.visitor == key, brought.c.reference == reference
            )
        )

    def _forget(self, connection: Connection, which: ColumnElement[bool]) -> None:
        found = connection.execute(select(visitors.c.key, visitors.c.chat).where(which)).all()
        keys, their_chats = [row.key for row in found], [row.chat for row in found]
        for table, column, values in (
            (said, said.c.visitor, keys),
            (brought, brought.c.visitor, keys),
            (visitors, visitors.c.key, keys),
            (carried, carried.c.chat, their_chats),
            (chats, chats.c.key, their_chats),
        ):
            connection.execute(delete(table).where(column.in_(values)))
        now = self._memory.now()
        for statement in (
            update(inbox).where(inbox.c.chat.in_(their_chats)).values(raw=None),
            update(replies).where(replies.c.chat.in_(their_chats)).values(text=None),
            update(inbox)
            .where(inbox.c.chat.in_(their_chats), inbox.c.done_at.is_(None))
            .values(done_at=now),
            update(replies)
            .where(replies.c.chat.in_(their_chats), replies.c.done_at.is_(None))
            .values(outcome="failed", reason="left", open=False, done_at=now),
        ):
            connection.execute(statement)

    def _keep(
        self, connection: Connection, key: str, reference: str, message: Message, *, mine: bool
    ) -> None:
        line = {
            "visitor": key,
            "reference": reference,
            "mine": mine,
            "text": self._keys.seal(written(message), context=SAID),
            "said_at": self._memory.now(),
        }
        connection.execute(
            self.store.insert(said)
            .values(line)
            .on_conflict_do_nothing(index_elements=["visitor", "reference"])
        )
        oldest = (
            select(said.c.id)
            .where(said.c.visitor == key)
            .order_by(said.c.id.desc())
            .offset(KEPT)
            .limit(1)
        ).scalar_subquery()
        connection.execute(delete(said).where(said.c.visitor == key, said.c.id <= oldest))

    def _waiting(self, connection: Connection, visit: Visit) -> bool:
        for table in (inbox, replies):
            found = select(table.c.id).where(table.c.chat == visit.chat, table.c.done_at.is_(None))
            if connection.execute(found.limit(1)).first() is not None:
                return True
        return False

    def _over(self) -> ColumnElement[bool]:
        now = self._memory.now()
        return or_(
            visitors.c.seen_at < now - IDLE_SECONDS, visitors.c.begun_at < now - LASTS_SECONDS
        )
