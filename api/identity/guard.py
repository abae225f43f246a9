"""Counting what is got wrong in a chat, and on the web at one national code.

A try is taken before it is judged, and given back if right: so a hundred guesses at once count as
five, whatever their order.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.identity import rules
from api.identity.models import Guard
from api.identity.refusals import BranchOnly, Locked


def watch(session: Session, chat_index: bytes, *, now: datetime) -> None:
    """Begin to count for a chat, and hold its other claims back until this one is committed.

    Raises Locked or BranchOnly for a chat that has erred too often.
    """
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {"chat_index": chat_index, "misses": 0, "locks": 0, "counted_at": now}
    session.execute(insert(Guard).values(row).on_conflict_do_nothing())
    guard = session.scalars(
        select(Guard).where(Guard.chat_index == chat_index).with_for_update()
    ).one()
    if guard.counted_at <= now - rules.MEMORY:
        guard.misses = guard.locks = 0
        guard.locked_until = None
        guard.counted_at = now
    _refuse_locked(guard, now)


def take_try(session: Session, chat_index: bytes, *, now: datetime) -> int:
    """Count one answer of a chat as wrong until it is proved right; gives how many are left.

    Raises Locked or BranchOnly when there is none.
    """
    misses = session.scalar(
        update(Guard)
        .where(
            Guard.chat_index == chat_index,
            Guard.misses < rules.TRIES,
            Guard.locks < rules.LOCKS,
            or_(Guard.locked_until.is_(None), Guard.locked_until <= now),
        )
        .values(misses=Guard.misses + 1, counted_at=now)
        .returning(Guard.misses)
        .execution_options(synchronize_session=False)
    )
    if misses is None:
        guard = session.get(Guard, chat_index, populate_existing=True)
        if guard is not None:
            _refuse_locked(guard, now)
        raise Locked(wait_seconds=rules.LOCKED_FOR.total_seconds())
    return rules.TRIES - misses


def give_back(session: Session, chat_index: bytes) -> None:
    """The answer was right: it does not count."""
    _change(session, chat_index, misses=Guard.misses - 1)


def forgive(session: Session, chat_index: bytes) -> None:
    """The chat was linked: nothing counts any more."""
    _change(session, chat_index, misses=0, locks=0, locked_until=None)


def lock(session: Session, indexes: Collection[bytes], *, now: datetime) -> None:
    """Lock those that took their last try; raises Locked, or BranchOnly the second time."""
    until = now + rules.LOCKED_FOR
    for index in indexes:
        _change(session, index, misses=0, locks=Guard.locks + 1, locked_until=until)
    for index in indexes:
        _refuse_locked(session.get_one(Guard, index, populate_existing=True), now)


def _refuse_locked(guard: Guard, now: datetime) -> None:
    if guard.locks >= rules.LOCKS:
        raise BranchOnly
    if guard.locked_until is not None and guard.locked_until > now:
        raise Locked(wait_seconds=int((guard.locked_until - now).total_seconds()))


def _change(session: Session, chat_index: bytes, **values: object) -> None:
    session.execute(
        update(Guard)
        .where(Guard.chat_index == chat_index)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
