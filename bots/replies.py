"""What is to be said: its rates, its attempts, its outcome. A reply's text goes with its outcome."""

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from api.kit.message import Button, Message, Order, Pin, Wants
from api.kit.sealing import Keyring
from bots.leases import Claim, LostLease, change, held, holds
from bots.store import Store, writes
from bots.tables import chats, rates, replies

BOT_RATE, BOT_BURST = 10.0, 10.0
"""The replies' share of a bot's 30 messages a second; notices have 20 (design.md, Notices 6)."""
CHAT_RATE, CHAT_BURST = 1.0, 3.0
"""One message a second in a chat; short bursts pass (domain page "Payments and messaging", 3)."""

TEXT = "bots.replies.text"
"""What a reply is sealed for."""


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


class Replies:
    """The replies of all chats. `now` gives the store's time."""

    def __init__(self, store: Store, keys: Keyring, now: Callable[[], float]) -> None:
        self.store = store
        self._keys = keys
        self._now = now

    def due(self, connection: Connection, claim: Claim) -> list[Due]:
        """Give what is to be said in a chat, oldest first."""
        found = connection.execute(
            select(replies)
            .where(replies.c.chat == claim.key, replies.c.done_at.is_(None))
            .order_by(replies.c.id)
        )
        return [self._due(row) for row in found]

    def keep(
        self,
        connection: Connection,
        chat: str,
        messages: Sequence[Message],
        *,
        update_row: int | None,
    ) -> None:
        """Keep what is to be said in a chat, by its key, in the transaction of the turn that says it."""
        now = self._now()
        connection.execute(
            insert(replies),
            [
                {
                    "chat": chat,
                    "update_row": update_row,
                    "text": self._keys.seal(written(message), context=TEXT),
                    "created_at": now,
                }
                for message in messages
            ],
        )

    @writes("memory.attempt")
    def attempt(
        self, connection: Connection, claim: Claim, reply: Due, *, paced: bool = True
    ) -> float:
        """Spend the rates and keep that an attempt begins; 0, or the seconds to wait for the rates.

        What is not `paced` has no rates: no messenger counts it. Raises LostLease.
        """
        now = self._now()
        spoken = connection.scalar(select(chats.c.spoken_at).where(held(claim)))
        if spoken is None:
            raise LostLease(claim.key)
        wait = self._spend(connection, claim, spoken, now) if paced else 0.0
        if wait > 0:
            return wait
        connection.execute(
            update(replies)
            .where(replies.c.id == reply.id)
            .values(attempts=reply.attempts + 1, open=True, uncertain=reply.uncertain or reply.open)
        )
        return 0.0

    def _spend(self, connection: Connection, claim: Claim, spoken: float, now: float) -> float:
        """Spend the rates of chat and bot; 0, or the seconds after which they are there."""
        rate = self._rate(connection, claim.bot)
        chat_at = max(now, spoken) + 1 / CHAT_RATE
        bot_at = max(now, rate.spoken_at) + 1 / BOT_RATE
        wait = max(
            rate.silent_until - now,
            chat_at - now - CHAT_BURST / CHAT_RATE,
            bot_at - now - BOT_BURST / BOT_RATE,
        )
        if wait > 0:
            return float(wait)
        change(connection, claim, spoken_at=chat_at)
        connection.execute(update(rates).where(rates.c.bot == claim.bot).values(spoken_at=bot_at))
        return 0.0

    @writes("memory.outcome")
    def conclude(
        self,
        connection: Connection,
        claim: Claim,
        reply: Due,
        outcome: str,
        *,
        reason: str = "",
        provider_id: str = "",
    ) -> None:
        """Keep what became of a reply, for good; its text goes. A stale finish changes nothing."""
        connection.execute(
            update(replies)
            .where(replies.c.id == reply.id, replies.c.done_at.is_(None))
            .where(holds(claim))
            .values(
                outcome=outcome,
                reason=reason[:64] or None,
                provider_id=provider_id[:64] or None,
                open=False,
                text=None,
                done_at=self._now(),
            )
        )

    @writes("memory.outcome")
    def postpone(
        self,
        connection: Connection,
        claim: Claim,
        reply: Due,
        *,
        seconds: float,
        still_open: bool,
        silent: bool = False,
    ) -> None:
        """Keep that a reply is tried again later; `silent` stops the whole bot until then."""
        again = self._now() + seconds
        connection.execute(
            update(replies)
            .where(replies.c.id == reply.id, replies.c.done_at.is_(None))
            .where(holds(claim))
            .values(open=still_open, again_at=again)
        )
        if silent:
            self._rate(connection, claim.bot)
            connection.execute(
                update(rates)
                .where(rates.c.bot == claim.bot, rates.c.silent_until < again)
                .values(silent_until=again)
            )

    @writes("memory.outcome")
    def nobody_there(self, connection: Connection, claim: Claim, reason: str) -> None:
        """End all that is to be said in a chat: its person is gone."""
        connection.execute(
            update(replies)
            .where(replies.c.chat == claim.key, replies.c.done_at.is_(None))
            .where(holds(claim))
            .values(outcome="failed", reason=reason, open=False, text=None, done_at=self._now())
        )

    def _rate(self, connection: Connection, bot: str) -> Any:
        found = select(rates).where(rates.c.bot == bot).with_for_update()
        rate = connection.execute(found).one_or_none()
        if rate is None:
            connection.execute(
                self.store.insert(rates)
                .values(bot=bot)
                .on_conflict_do_nothing(index_elements=["bot"])
            )
            rate = connection.execute(found).one()
        return rate

    def _due(self, row: Any) -> Due:
        return Due(
            id=row.id,
            message=message_of(self._keys.open(row.text, context=TEXT)),
            attempts=row.attempts,
            open=row.open,
            uncertain=row.uncertain,
            again_at=row.again_at,
            created_at=row.created_at,
        )


def written(message: Message) -> str:
    """A message as it is kept, before it is sealed."""
    return json.dumps(
        {
            "text": message.text,
            "buttons": [[[one.label, one.data, one.url] for one in row] for row in message.buttons],
            "wants": message.wants.value if message.wants else None,
            "wants_label": message.wants_label,
            "language": message.language,
            "order": astuple(message.order) if message.order else None,
            "pin": astuple(message.pin) if message.pin else None,
        },
        ensure_ascii=False,
    )


def message_of(plain: str) -> Message:
    """The message that was written so."""
    kept = json.loads(plain)
    return Message(
        kept["text"],
        buttons=tuple(tuple(Button(*one) for one in row) for row in kept["buttons"]),
        wants=Wants(kept["wants"]) if kept["wants"] else None,
        wants_label=kept["wants_label"],
        language=kept["language"],
        # What an older release kept has neither.
        order=Order(*kept["order"]) if kept.get("order") else None,
        pin=Pin(*kept["pin"]) if kept.get("pin") else None,
    )
