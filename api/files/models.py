"""The tables of files: what each is, and its bytes in sealed pieces."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.db import Base, Moment, Sealed, WithId
from api.files.rules import MediaType, Purpose


class File(WithId, Base):
    """A file that a person sent. It has no name but its id."""

    __tablename__ = "files"
    __table_args__ = (Index("ix_files_person_id_purpose", "person_id", "purpose"),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    """Who sent it."""
    channel: Mapped[str] = mapped_column(String(16))
    """By which messenger."""
    purpose: Mapped[Purpose] = mapped_column(db.word(Purpose))
    media_type: Mapped[MediaType] = mapped_column(db.word(MediaType))
    size: Mapped[int]
    """In bytes."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    key: Mapped[str] = mapped_column(Sealed("files.key"))
    """What its pieces are sealed with."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    """When it is deleted; none while the request it was shown for is open."""
    request_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("requests.id"), index=True)
    """The request it was shown for."""


class FilePiece(Base):
    """A part of a file's bytes, sealed with the file's key; in order they are the file."""

    __tablename__ = "file_pieces"

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("files.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
