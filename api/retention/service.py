"""The job that ends what is past its time, slice by slice.

What goes within days is forgotten by `sweep`, each minute; this is what lasts longer.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from api.access import forgetting as chats
from api.audit import forgetting as trail
from api.kit.slices import SIZE, Slice
from api.notices import forgetting as texts


class Forget(Protocol):
    """Forgets at most `limit` rows that are past their time; gives how many."""

    def __call__(self, session: Session, *, now: datetime, limit: int) -> int: ...


STEPS: Sequence[tuple[str, Forget]] = (
    ("chats", chats.forget_chats),
    ("grants", chats.forget_grants),
    ("texts", texts.forget_texts),
    ("orphans", texts.forget_orphans),
    ("trail", trail.forget),
)


def purge(
    session: Session,
    *,
    slot: date,  # noqa: ARG001 - what is past its time is so whenever it is looked at.
    after: str | None,
    now: datetime,
    limit: int = SIZE,
) -> Slice:
    """Forget a slice of what is past its time: of one step, from `after` on, until it finds no more.

    A row that was forgotten is not found again, so a run that died goes on by itself.
    """
    names = [name for name, _ in STEPS]
    at = names.index(after) if after in names else 0
    done = STEPS[at][1](session, now=now, limit=limit)
    if done < limit:
        at += 1
    return Slice(done, names[at] if at < len(STEPS) else None, done)
