"""What is to be said: its rates, its attempts, its outcome. A reply's text goes with its outcome."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, select, update

from api.kit.message import Button, Message, Order, Pin, Wants
from api.kit.sealing import Keyring
from bots.leases import HELD_BY, HOLDS, Claim, LostLease, change, lease
from bots.store import Store, writes
from bots.tables import chats, rates, replies

BOT_RATE, BOT_BURST = 10.0, 10.0
"""The replies' share of a bot's 30 messages a second; notices have 20 (design.md, Notices 6)."""
CHAT_RATE, CHAT_BURST = 1.0, 3.0
"""One message a second in a chat; short bursts pass (domain page "Payments and messaging", 3)."""

_SHORTEST_WAIT = 0.01

TEXT = "bots.replies.text"
"""What a reply is sealed for."""


_DUE = (
    select(
        replies.c.chat,
        replies.c.id,
        replies.c.text,
        replies.c.attempts,
        replies.c.open,
        replies.c.uncertain,
        replies.c.again_at,
        replies.c.created_at,
    )
    .where(replies.c.chat.in_(bindparam("chats", expanding=True)), replies.c.done_at.is_(None))
    .order_by(replies.c.id)
)
_SPOKEN = select(chats.c.spoken_at).where(HELD_BY)
_KEPT = insert(replies).returning(replies.c.id, sort_by_parameter_order=True)
_ENDED = (
    update(replies)
    .where(replies.c.id == bindparam("reply"), replies.c.done_at.is_(None), HOLDS)
    .values(open=False, text=None)
)


@dataclass(frozen=True, slots=True)
class Due:
    """A reply that is to be said. `open`: an attempt has no outcome; `begun`: it is ours, and now."""

    id: int
    message: Message
    attempts: int
    open: bool
    uncertain: bool
    again_at: float
    created_at: float
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a reply, for good."""

    reply: int
    outcome: str
    reason: str = ""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """Until when a chat's share of its rate is spoken for; what no messenger counts is not `counted`."""

    spoken_at: float
    counted: bool = True


class Replies:
    """The replies of all chats. `now` gives the store's time."""

    def __init__(self, store: Store, keys: Keyring, now: Callable[[], float]) -> None:
        self.store = store
        self._keys = keys
        self._now = now
        self._bot_speaks = _bot_speaks(store)

    def due(self, connection: Connection, of: Collection[str]) -> Mapping[str, list[Any]]:
        """Give what is to be said in the chats of these keys, oldest first, as it is kept."""
        found: dict[str, list[Any]] = defaultdict(list)
        for row in connection.execute(_DUE, {"chats": list(of)}):
            found[row.chat].append(row)
        return found

    def open(self, row: Any) -> Due:
        """Open a reply as it is kept; raises CannotOpen."""
        return Due(
            id=row.id,
            message=message_of(self._keys.open(row.text, context=TEXT)),
            attempts=row.attempts,
            open=row.open,
            uncertain=row.uncertain,
            again_at=row.again_at,
            created_at=row.created_at,
        )

    def keep(
        self,
        connection: Connection,
        chat: str,
        messages: Sequence[Message],
        *,
        update_row: int | None,
        begun: bool = False,
    ) -> list[Due]:
        """Keep what is to be said in a chat, by its key, in the transaction of the turn that says it.

        With the first one an attempt is kept where it is `begun`.
        """
        if not messages:
            return []
        now = self._now()
        starts = [begun, *[False] * (len(messages) - 1)]
        ids = connection.scalars(
            _KEPT,
            [
                {
                    "chat": chat,
                    "update_row": update_row,
                    "text": self._keys.seal(written(message), context=TEXT),
                    "created_at": now,
                    "attempts": int(start),
                    "open": start,
                }
                for message, start in zip(messages, starts, strict=True)
            ],
        )
        return [
            Due(
                number,
                message,
                0,
                open=False,
                uncertain=False,
                again_at=0.0,
                created_at=now,
                begun=start,
            )
            for number, message, start in zip(ids, messages, starts, strict=True)
        ]

    @writes("memory.attempt")
    def attempt(
        self, connection: Connection, claim: Claim, reply: Due, *, paced: bool = True
    ) -> float:
        """Spend the rates and keep that an attempt begins; 0, or the seconds to wait for the rates.

        What is not `paced` has no rates: no messenger counts it. Raises LostLease.
        """
        spoken_at = connection.scalar(_SPOKEN, lease(claim))
        if spoken_at is None:
            raise LostLease(claim.key)
        pace = Pace(spoken_at, counted=paced)
        spoken = self.spend(connection, claim.bot, pace)
        if spoken is None:
            return self._wait(connection, claim.bot, pace)
        change(connection, claim, spoken_at=spoken)
        connection.execute(
            update(replies)
            .where(replies.c.id == reply.id)
            .values(attempts=reply.attempts + 1, open=True, uncertain=reply.uncertain or reply.open)
        )
        return 0.0

    def spend(self, connection: Connection, bot: str, pace: Pace) -> float | None:
        """Spend the rate of a bot for one reply in a chat of this pace.

        Gives until when the chat's own share is spoken for then, which the caller keeps; None where
        one of the rates is not there now.
        """
        if not pace.counted:
            return pace.spoken_at
        now = self._now()
        if _chat_waits(pace, now) > 0:
            return None
        spent = connection.execute(
            self._bot_speaks,
            {
                "bot": bot,
                "spoken_at": now + 1 / BOT_RATE,
                "silent_until": 0.0,
                "now": now,
                "latest": now + (BOT_BURST - 1) / BOT_RATE,
                "apart": 1 / BOT_RATE,
            },
        )
        return max(now, pace.spoken_at) + 1 / CHAT_RATE if spent.first() is not None else None

    def _wait(self, connection: Connection, bot: str, pace: Pace) -> float:
        """The seconds after which the rates of a chat and its bot are there; more than 0."""
        now = self._now()
        rate = connection.execute(select(rates).where(rates.c.bot == bot)).one_or_none()
        bot_waits = 0.0
        if rate is not None:
            bot_at = max(now, rate.spoken_at) + 1 / BOT_RATE
            bot_waits = max(rate.silent_until - now, bot_at - now - BOT_BURST / BOT_RATE)
        # Somebody may have looked a moment later, or waited a moment less than it takes.
        return max(_SHORTEST_WAIT, _chat_waits(pace, now), bot_waits)

    @writes("memory.outcome")
    def conclude(self, connection: Connection, claim: Claim, ended: Ended) -> None:
        """Keep what became of a reply, for good; its text goes. A stale finish changes nothing."""
        self.end(connection, claim, ended)

    def end(self, connection: Connection, claim: Claim, ended: Ended) -> None:
        """Conclude, in somebody else's transaction."""
        connection.execute(
            _ENDED,
            {
                **lease(claim),
                "reply": ended.reply,
                "outcome": ended.outcome,
                "reason": ended.reason[:64] or None,
                "provider_id": ended.provider_id[:64] or None,
                "done_at": self._now(),
            },
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
            .where(HOLDS)
            .values(open=still_open, again_at=again),
            lease(claim),
        )
        if silent:
            silenced = self.store.insert(rates).values(bot=claim.bot, silent_until=again)
            connection.execute(
                silenced.on_conflict_do_update(
                    index_elements=["bot"],
                    set_={"silent_until": again},
                    where=rates.c.silent_until < again,
                )
            )

    @writes("memory.outcome")
    def nobody_there(self, connection: Connection, claim: Claim, reason: str) -> None:
        """End all that is to be said in a chat: its person is gone."""
        connection.execute(
            update(replies)
            .where(replies.c.chat == claim.key, replies.c.done_at.is_(None))
            .where(HOLDS)
            .values(outcome="failed", reason=reason, open=False, text=None, done_at=self._now()),
            lease(claim),
        )


def _chat_waits(pace: Pace, now: float) -> float:
    return max(now, pace.spoken_at) + 1 / CHAT_RATE - now - CHAT_BURST / CHAT_RATE


def _bot_speaks(store: Store) -> Any:
    """Spends the rate of a bot where it is there: asked and kept at once, so nobody reads in between."""
    kind = rates.c.spoken_at.type
    now = bindparam("now", type_=kind)
    speaks = store.insert(rates).on_conflict_do_update(
        index_elements=["bot"],
        set_={
            "spoken_at": case((rates.c.spoken_at > now, rates.c.spoken_at), else_=now)
            + bindparam("apart", type_=kind)
        },
        where=(rates.c.silent_until <= now)
        & (rates.c.spoken_at <= bindparam("latest", type_=kind)),
    )
    return speaks.returning(rates.c.bot)


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
