"""Questions about files."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.files.models import File, FilePiece
from api.files.rules import Purpose


def unused(
    session: Session, *, person_id: uuid.UUID, purpose: Purpose, now: datetime
) -> Sequence[File]:
    """The files that a person sent for a purpose and that wait for their use, the latest first."""
    return session.scalars(
        select(File)
        .where(
            File.person_id == person_id,
            File.purpose == purpose,
            File.request_id.is_(None),
            File.expires_at > now,
        )
        .order_by(File.created_at.desc(), File.id.desc())
        .with_for_update()
    ).all()


def of_request(session: Session, request_id: uuid.UUID) -> Sequence[File]:
    """The files that were shown for a request, in the order they came."""
    return session.scalars(
        select(File).where(File.request_id == request_id).order_by(File.created_at, File.id)
    ).all()


def pieces(session: Session, file_id: uuid.UUID) -> Sequence[bytes]:
    """The sealed pieces of a file, in order."""
    return session.scalars(
        select(FilePiece.sealed).where(FilePiece.file_id == file_id).order_by(FilePiece.ordinal)
    ).all()


def over(session: Session, now: datetime, *, limit: int) -> Sequence[uuid.UUID]:
    """The files whose time is over, the oldest first."""
    return session.scalars(
        select(File.id).where(File.expires_at <= now).order_by(File.expires_at).limit(limit)
    ).all()
