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

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.kit.message import Message
from api.kit.sealing import Keyring
from bots.inbox import Update
from bots.memory import Memory
from bots.replies import message_of, written
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
        self._store = memory.store
        self._keys = keys

    def of(self, bot: str, secret: str) -> Visit:
        """The visit of whoever holds this secret, whether it lasts or not."""
        key = self._keys.blind("web_visitor", f"{bot} {secret}").hex()
        return Visit(key, self._memory.inbox.key_of(bot, key), bot)

    async def begin(self, bot: str, *, address: str, start: str) -> tuple[str, Visit]:
        """Let a visit from this address begin as by a deep link; gives its secret. Raises TooMany."""
        now = self._memory.now()
        from_there = self._keys.blind("web_address", address)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        visit = self.of(bot, secret)
        number = secrets.randbits(62)
        raw = json.dumps({"update_id": number, "chat": visit.key, "start": start})
        async with self._store.writing("memory.received") as connection:
            begun = await connection.scalar(
                select(func.count()).where(
                    visitors.c.address == from_there, visitors.c.begun_at > now - _HOUR
                )
            )
            if (begun or 0) >= BEGUN_AN_HOUR:
                raise TooMany
            await connection.execute(
                visitors.insert().values(
                    key=visit.key,
                    chat=visit.chat,
                    address=from_there,
                    begun_at=now,
                    seen_at=now,
                )
            )
            await self._memory.inbox.take(connection, bot, [Update(number, visit.key, raw)])
        return secret, visit

    async def find(self, bot: str, secret: str) -> Visit | None:
        """The visitor who holds this secret, if the visit lasts."""
        if not secret:
            return None
        visit = self.of(bot, secret)
        async with self._store.reading() as connection:
            there = await connection.scalar(
                select(visitors.c.key).where(visitors.c.key == visit.key, ~self._over())
            )
        return visit if there else None

    async def say(self, visit: Visit, update_: Update, *, shown: str) -> bool:
        """Keep a line of the visitor, once; gives whether it is new. Raises TooMany.

        `shown` is what stands in the conversation for it.
        """
        now = self._memory.now()
        async with self._store.writing("memory.received") as connection:
            lines = await connection.scalar(
                select(func.count()).where(
                    said.c.visitor == visit.key, said.c.mine, said.c.said_at > now - _MINUTE
                )
            )
            if (lines or 0) >= LINES_A_MINUTE:
                raise TooMany
            fresh = await self._memory.inbox.take(connection, visit.bot, [update_])
            if not fresh:
                return False
            await connection.execute(
                update(visitors).where(visitors.c.key == visit.key).values(seen_at=now)
            )
            # A tap on what is not shown any more has no words; it counts all the same.
            await self._keep(
                connection, visit.key, f"line:{update_.update_id}", Message(shown), mine=True
            )
        return True

    async def bring(self, visit: Visit, content: bytes) -> str:
        """Hold a file that the visitor sent, in place of an earlier one; gives what it is known by."""
        reference = hashlib.sha256(content).hexdigest()[:32]
        plain = base64.b64encode(content).decode("ascii")
        sealed = await asyncio.to_thread(self._keys.seal, plain, context=_file_of(visit.key))
        row = {"visitor": visit.key, "reference": reference, "sealed": sealed}
        async with self._store.writing("memory.received") as connection:
            await connection.execute(
                self._store.insert(brought)
                .values(row)
                .on_conflict_do_update(
                    index_elements=["visitor"], set_={"reference": reference, "sealed": sealed}
                )
            )
        return f"{visit.key} {reference}"

    async def brought(self, known_by: str) -> bytes | None:
        """The file that is known so, while the visit lasts and no other was brought."""
        key, _space, reference = known_by.partition(" ")
        async with self._store.reading() as connection:
            sealed = await connection.scalar(
                select(brought.c.sealed).where(
                    brought.c.visitor == key, brought.c.reference == reference
                )
            )
        if sealed is None:
            return None
        return base64.b64decode(
            await asyncio.to_thread(self._keys.open, sealed, context=_file_of(key))
        )

    async def hear(self, key: str, message: Message, reference: str) -> bool:
        """Keep what a visitor is told, once a reference; False when they have left."""
        async with self._store.writing("memory.said") as connection:
            there = await connection.scalar(
                select(visitors.c.key).where(visitors.c.key == key, ~self._over())
            )
            if there is None:
                return False
            await self._keep(connection, key, reference, message, mine=False)
        return True

    async def see(self, visit: Visit) -> Seen:
        """What stands in the conversation now."""
        newest = (
            select(said)
            .where(said.c.visitor == visit.key)
            .order_by(said.c.id.desc())
            .limit(KEPT)
            .subquery()
        )
        async with self._store.reading() as connection:
            rows = (await connection.execute(select(newest).order_by(newest.c.id))).all()
            state = await connection.scalar(select(chats.c.state).where(chats.c.key == visit.chat))
            waiting = await self._waiting(connection, visit)
        lines = [
            Line(row.id, row.mine, message_of(self._keys.open(row.text, context=SAID)))
            for row in rows
        ]
        return Seen(lines, json.loads(state)["language"] if state else "", waiting)

    async def message(self, visit: Visit, line: int) -> Message | None:
        """What a visitor was told in a line of theirs that is still kept."""
        async with self._store.reading() as connection:
            text = await connection.scalar(
                select(said.c.text).where(
                    said.c.id == line, said.c.visitor == visit.key, ~said.c.mine
                )
            )
        return None if text is None else message_of(self._keys.open(text, context=SAID))

    async def is_waiting(self, visit: Visit) -> bool:
        """Whether something of the visitor's has no turn yet, or an answer is not said yet."""
        async with self._store.reading() as connection:
            return await self._waiting(connection, visit)

    async def end(self, visit: Visit) -> None:
        """Forget a visit and all that was said."""
        async with self._store.writing("memory.forgotten") as connection:
            await self._forget(connection, visitors.c.key == visit.key)

    async def forget(self, *, limit: int = 500) -> None:
        """Forget visits that are over, at most `limit` of them."""
        over = select(visitors.c.key).where(self._over()).limit(limit)
        async with self._store.writing("memory.forgotten") as connection:
            await self._forget(connection, visitors.c.key.in_(over.scalar_subquery()))

    async def _forget(self, connection: AsyncConnection, which: ColumnElement[bool]) -> None:
        found = (
            await connection.execute(select(visitors.c.key, visitors.c.chat).where(which))
        ).all()
        keys, their_chats = [row.key for row in found], [row.chat for row in found]
        for table, column, values in (
            (said, said.c.visitor, keys),
            (brought, brought.c.visitor, keys),
            (visitors, visitors.c.key, keys),
            (carried, carried.c.chat, their_chats),
            (chats, chats.c.key, their_chats),
        ):
            await connection.execute(delete(table).where(column.in_(values)))
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
            await connection.execute(statement)

    async def _keep(
        self, connection: AsyncConnection, key: str, reference: str, message: Message, *, mine: bool
    ) -> None:
        line = {
            "visitor": key,
            "reference": reference,
            "mine": mine,
            "text": self._keys.seal(written(message), context=SAID),
            "said_at": self._memory.now(),
        }
        await connection.execute(
            self._store.insert(said)
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
        await connection.execute(delete(said).where(said.c.visitor == key, said.c.id <= oldest))

    async def _waiting(self, connection: AsyncConnection, visit: Visit) -> bool:
        for table in (inbox, replies):
            found = select(table.c.id).where(table.c.chat == visit.chat, table.c.done_at.is_(None))
            if (await connection.execute(found.limit(1))).first() is not None:
                return True
        return False

    def _over(self) -> ColumnElement[bool]:
        now = self._memory.now()
        return or_(
            visitors.c.seen_at < now - IDLE_SECONDS, visitors.c.begun_at < now - LASTS_SECONDS
        )
