"""The door of files: what a person sent comes in, its bytes as the body."""

from sqlalchemy.orm import Session

from api.access.doors import Grown, Now, Router, answers
from api.access.uploads import Upload
from api.audit import service as audit
from api.files import service
from api.files.refusals import (
    FileDamaged,
    FileEmpty,
    FileLocked,
    FileNotTaken,
    PictureTooLarge,
    PictureTooSmall,
    TooManyPages,
)
from api.files.rules import Purpose
from api.files.schemas import FileOut

router = Router(prefix="/v1/files", tags=["files"])

_AGAINST = (
    FileEmpty, FileNotTaken, FileDamaged, FileLocked, PictureTooSmall, PictureTooLarge, TooManyPages,
)  # fmt: skip


@router.post("", responses=answers(*_AGAINST))
def keep(session: Session, caller: Grown, now: Now, upload: Upload, purpose: Purpose) -> FileOut:
    """Keep a PDF, JPEG or PNG of at most 20 MB, for a day or until it is used."""
    kept = service.keep(
        session,
        person_id=caller.subject_id,
        purpose=purpose,
        content=upload.content,
        sha256=upload.sha256,
        channel=caller.chat.messenger,
        now=now,
    )
    audit.note(
        session,
        actor=caller.actor,
        verb="files.keep",
        subject=f"file:{kept.id}",
        detail={
            "purpose": purpose,
            "media_type": kept.media_type,
            "for": str(caller.subject_id),
        },
        now=now,
    )
    return FileOut.model_validate(kept, from_attributes=True)
