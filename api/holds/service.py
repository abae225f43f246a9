"""The verbs of holds: a restored store waits, is released, and remembers what it may repeat.

Between the backup and the loss the lost store went on: it sent and settled what the restored one
knows nothing of. What may have been done then is done again *in doubt*: the outside is asked first
(guarantees.md, G16; docs/decisions, "A restored store asks before it acts").
"""

from datetime import datetime
from functools import cache

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from api.db import new_id
from api.errors import Unavailable
from api.holds.models import Hold

_REPEATS = "bimeyar_repeats"
_AGAIN_SECONDS = 60.0


def is_held(session: Session) -> bool:
    """Whether the store was restored and nobody has released it."""
    return bool(session.connection().scalar(_asked()))


def refuse(session: Session) -> None:
    """Raise Unavailable("held") while the store is held: for doors that change something."""
    if is_held(session):
        raise Unavailable("held", retry_after=_AGAIN_SECONDS)


def begin(session: Session, *, taken_at: datetime, now: datetime) -> None:
    """Hold the store of this session, while it is brought from a backup of `taken_at`."""
    session.add(Hold(id=new_id(), taken_at=taken_at, held_at=now))
    session.flush()


def complete(session: Session) -> None:
    """Note that the restore came to its end."""
    for hold in in_force(session):
        hold.is_whole = True
    session.flush()


def in_force(session: Session) -> list[Hold]:
    """Give the holds that nobody has lifted, oldest first; a backup of a held store brings its own."""
    return list(
        session.scalars(select(Hold).where(Hold.released_at.is_(None)).order_by(Hold.held_at))
    )


def lift(session: Session, *, lost_at: datetime, now: datetime) -> None:
    """Release the store; from now on it works, and doubts what was due until `lost_at`."""
    for hold in in_force(session):
        hold.lost_at, hold.released_at = lost_at, now
    session.flush()


def recall(session: Session, *, since: datetime) -> None:
    """Say that this transaction does what was due since then.

    If that is before a loss, the lost store may have done it already: what is posted from here on
    in this transaction is posted in doubt.
    """
    lost_at = session.scalar(select(func.max(Hold.lost_at)))
    if lost_at is not None and since <= lost_at:
        session.info[_REPEATS] = True


def repeats(session: Session) -> bool:
    """Whether this transaction may do a second time what a lost store has done."""
    return bool(session.info.get(_REPEATS))


@cache
def _asked() -> Select[bool]:
    # Asked by every round of every room: put together once.
    return select(exists().where(Hold.released_at.is_(None)))
