"""The codes that carry talks from chat to chat, in the memory: hashed, short-lived, good once."""

from collections.abc import Callable

from sqlalchemy import Connection, delete, select, update

from api.kit.sealing import Keyring
from bots.address import Address
from bots.carrying import CODE_SECONDS, Move, Offer, Origin
from bots.inbox import ADDRESS
from bots.leases import Claim
from bots.replies import Replies
from bots.store import Store, reads
from bots.tables import carried, chats


class Overtaken(Exception):
    """The chat that a talk was to leave is being worked on, or has changed: look again."""


class Moves:
    """The codes of all chats. `now` gives the store's time."""

    def __init__(
        self, store: Store, keys: Keyring, replies: Replies, now: Callable[[], float]
    ) -> None:
        self.store = store
        self._keys = keys
        self._replies = replies
        self._now = now

    @reads
    def origin(self, connection: Connection, code: str) -> Origin | None:
        """Where a code comes from; None for one that is unknown, used or too old."""
        row = connection.execute(
            select(carried.c.talk, chats.c.key, chats.c.bot, chats.c.address, chats.c.state)
            .join(chats, chats.c.key == carried.c.chat)
            .where(carried.c.code == self._blind(code), carried.c.until > self._now())
        ).one_or_none()
        if row is None or row.state is None:
            return None
        messenger, _colon, audience = row.bot.partition(":")
        chat = self._keys.open(row.address, context=ADDRESS)
        return Origin(row.key, Address(messenger, audience or "people", chat), row.state, row.talk)

    def offer(self, connection: Connection, claim: Claim, offer: Offer) -> None:
        """Keep a code in the turn that says it; the chat's earlier one opens nothing any more."""
        now = self._now()
        connection.execute(
            delete(carried).where((carried.c.until < now) | (carried.c.chat == claim.key))
        )
        connection.execute(
            carried.insert().values(
                chat=claim.key,
                code=self._blind(offer.code),
                talk=offer.talk,
                until=now + CODE_SECONDS,
            )
        )

    def move(self, connection: Connection, move: Move) -> None:
        """Let a talk leave its chat, in the turn in which it goes on elsewhere. Raises Overtaken.

        It leaves only a chat that nobody works on, and that is as it was when it was looked at.
        """
        now = self._now()
        used = connection.execute(
            delete(carried).where(
                carried.c.code == self._blind(move.code), carried.c.chat == move.origin.key
            )
        )
        left = connection.execute(
            update(chats)
            .where(
                chats.c.key == move.origin.key,
                chats.c.state == move.origin.state,
                chats.c.lease_until < now,
            )
            .values(state=move.left, due_at=now)
        )
        if used.rowcount != 1 or left.rowcount != 1:
            raise Overtaken
        self._replies.keep(connection, move.origin.key, [move.told], update_row=None)

    def _blind(self, code: str) -> bytes:
        return self._keys.blind("carried_talk", code)
