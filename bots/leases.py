"""The lease of a chat: who works on it now, and the check that each write makes of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, literal, select, update

from bots.tables import chats

LEASE_SECONDS = 10.0


class LostLease(Exception):
    """Another process works on this chat, or polls this bot, now."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A chat this process works on, while the lease holds."""

    key: str
    bot: str
    chat: str
    token: str


HELD_BY = and_(chats.c.key == bindparam("held_chat"), chats.c.lease == bindparam("held_under"))
"""The row of a chat, if the lease holds: a claim's `lease` says which."""

HOLDS = select(literal(1)).where(HELD_BY).exists()
"""Whether the lease still holds, as a condition on another table."""

_CHANGED = update(chats).where(HELD_BY)


def lease(claim: Claim) -> dict[str, str]:
    """What a statement with `HELD_BY` or `HOLDS` is to be told."""
    return {"held_chat": claim.key, "held_under": claim.token}


def change(connection: Connection, claim: Claim, **values: Any) -> None:
    """Change the row of a chat. Raises LostLease."""
    if connection.execute(_CHANGED, {**lease(claim), **values}).rowcount != 1:
        raise LostLease(claim.key)
