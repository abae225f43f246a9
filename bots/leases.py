"""The lease of a chat: who works on it now, and the check that each write makes of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, literal, select, update

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


def held(claim: Claim) -> ColumnElement[bool]:
    """The row of a chat, if the lease holds."""
    return and_(chats.c.key == claim.key, chats.c.lease == claim.token)


def holds(claim: Claim) -> ColumnElement[bool]:
    """Whether the lease still holds, as a condition on another table."""
    return select(literal(1)).where(held(claim)).exists()


def change(connection: Connection, claim: Claim, **values: Any) -> None:
    """Change the row of a chat. Raises LostLease."""
    changed = connection.execute(update(chats).where(held(claim)).values(**values))
    if changed.rowcount != 1:
        raise LostLease(claim.key)
