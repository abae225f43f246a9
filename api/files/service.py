"""The verbs of files: kept when they come, shown for a request, deleted when their time is over."""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from api.files import looking, queries, sealing
from api.files.models import File, FilePiece
from api.files.refusals import FileNotFound
from api.files.rules import KEPT_AFTER, UNUSED_AT_MOST, UNUSED_LASTS, Purpose

__all__ = ["content", "keep", "let_go", "of_request", "show", "sweep", "waiting"]

_DELETED = 100
"""A file is up to eighty pieces: as many are deleted at once as others can wait for."""

of_request = queries.of_request


def keep(
    session: Session,
    *,
    person_id: uuid.UUID,
    purpose: Purpose,
    content: bytes,
    sha256: bytes,
    channel: str,
    now: datetime,
) -> File:
    """Keep what a person sent, for a day, until it is shown for a request.

    The same bytes sent again are the same file. Raises the refusals of a file that is not taken.
    """
    media_type = looking.media_type(content)
    there = queries.unused(session, person_id=person_id, purpose=purpose, now=now)
    for one in there:
        if one.sha256 == sha256:
            one.expires_at = now + UNUSED_LASTS
            return one
    _delete(session, [one.id for one in there[UNUSED_AT_MOST - 1 :]])
    kept = File(
        person_id=person_id,
        channel=channel,
        purpose=purpose,
        media_type=media_type,
        size=len(content),
        sha256=sha256,
        key=sealing.new_key(),
        created_at=now,
        expires_at=now + UNUSED_LASTS,
    )
    session.add(kept)
    session.flush()
    for ordinal, piece in enumerate(sealing.sealed(kept.key, content)):
        session.execute(insert(FilePiece).values(file_id=kept.id, ordinal=ordinal, sealed=piece))
    return kept


def waiting(
    session: Session,
    *,
    person_id: uuid.UUID,
    file_id: uuid.UUID,
    purpose: Purpose,
    until: datetime,
    now: datetime,
) -> File:
    """Give a file that waits for its use, and hold it until then at least; raises FileNotFound."""
    for one in queries.unused(session, person_id=person_id, purpose=purpose, now=now):
        if one.id == file_id:
            one.expires_at = max(until, one.expires_at or until)
            return one
    raise FileNotFound


def show(
    session: Session,
    *,
    person_id: uuid.UUID,
    file_id: uuid.UUID,
    purpose: Purpose,
    request_id: uuid.UUID,
    now: datetime,
) -> None:
    """Put a file to the request it is shown for, which keeps it; raises FileNotFound."""
    shown = waiting(
        session, person_id=person_id, file_id=file_id, purpose=purpose, until=now, now=now
    )
    shown.request_id, shown.expires_at = request_id, None


def let_go(session: Session, *, request_id: uuid.UUID, now: datetime) -> None:
    """A request has ended: what was shown for it is kept for its last time."""
    session.execute(
        update(File).where(File.request_id == request_id).values(expires_at=now + KEPT_AFTER)
    )


def content(session: Session, file: File) -> Iterator[bytes]:
    """Give the bytes of a file, piece by piece; raises CannotOpen."""
    return sealing.opened(file.key, queries.pieces(session, file.id), file.size)


def sweep(session: Session, *, now: datetime, limit: int = _DELETED) -> int:
    """Delete files whose time is over, at most `limit`; gives how many."""
    ended = queries.over(session, now, limit=limit)
    _delete(session, ended)
    return len(ended)


def forget_unused(session: Session, *, person_id: uuid.UUID) -> int:
    """Delete what a person sent and never used; gives how many files."""
    unused = session.scalars(
        select(File.id).where(File.person_id == person_id, File.request_id.is_(None))
    ).all()
    _delete(session, unused)
    return len(unused)


def _delete(session: Session, ids: Collection[uuid.UUID]) -> None:
    if ids:
        session.execute(delete(FilePiece).where(FilePiece.file_id.in_(ids)))
        session.execute(delete(File).where(File.id.in_(ids)))
