"""Erasing: what a person may have forgotten goes, and what stays is said, with why and until when."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from api.access import persons
from api.access import service as access
from api.booklets import service as booklets
from api.files import service as files
from api.identity import pins
from api.kit.slices import SIZE
from api.notices import forgetting as texts
from api.retention import knowing
from api.retention.holdings import HOLDINGS


@dataclass(frozen=True, slots=True)
class Stays:
    """Rows of a table that stay."""

    table: str
    rows: int
    until: str
    why: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, by kind, and what stays."""

    gone: Mapping[str, int]
    stays: Sequence[Stays]


def erase(session: Session, *, person_id: uuid.UUID, now: datetime) -> Erased:
    """Unlink a person everywhere, and erase what neither the law nor their own STOP needs.

    They are told of the unlinking as of any. The addresses of these chats go when the time of ended
    ones is over: until then somebody may ask who unlinked whom. Safe to do again.
    """
    gone = {
        "chats unlinked": _unlink(session, person_id, now),
        "PIN": pins.forget(session, person_id=person_id),
        "booklet offers": booklets.forget_offers(session, person_id=person_id),
        "unused files": files.forget_unused(session, person_id=person_id),
        "texts of notices": _texts(session, person_id, now),
    }
    session.flush()
    stays = [
        Stays(name, len(rows), _until(name), HOLDINGS[name].kept.why)
        for name, rows in knowing.held(session, person_id).items()
    ]
    return Erased(gone, stays)


def _unlink(session: Session, person_id: uuid.UUID, now: datetime) -> int:
    """Unlink everything, and tell nobody when nothing was linked."""
    if access.links_of(session, [person_id]) or persons.trusted_by(session, person_id, now=now):
        return access.end_everywhere(session, person_id=person_id, now=now)
    return 0


def _texts(session: Session, person_id: uuid.UUID, now: datetime) -> int:
    done = 0
    while True:
        part = texts.forget_texts_of(session, person_id=person_id, now=now, limit=SIZE)
        done += part
        if part < SIZE:
            return done


def _until(table: str) -> str:
    kept = HOLDINGS[table].kept
    if kept.at_most is None:
        return "no end of its own"
    days = kept.at_most.days
    span = f"{days} days" if days else f"{kept.at_most.total_seconds() / 3600:g} hours"
    return f"at most {span} after {kept.since}"
