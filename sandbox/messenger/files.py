"""Files that passed through the messenger."""

import hashlib
import mimetypes
from pathlib import PurePosixPath
from typing import Any

from sandbox.messenger.refusals import bad
from sandbox.messenger.validation import Upload
from sandbox.store import Store

FETCHED_BY_BOTS = 20 * 2**20  # bytes; core.telegram.org/bots/api#getfile
SENT_BY_BOTS = 50 * 2**20
PHOTOS = 10 * 2**20


class Files:
    """What was sent, by its file id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, upload: Upload, *, photo: bool = False) -> dict[str, Any]:
        """Keep a file and answer it as a Document, or as a PhotoSize. Raises Refused (400)."""
        if not upload:
            raise bad("file must be non-empty")
        if len(upload) > (PHOTOS if photo else SENT_BY_BOTS):
            raise bad("file is too big")
        size = picture_size(upload)
        if photo and size is None:
            raise bad("IMAGE_PROCESS_FAILED")
        width, height = size or (0, 0)
        digest = hashlib.sha256(upload).hexdigest()
        number = self._store.do(
            "INSERT INTO files (name, mime, width, height, data) VALUES (?, ?, ?, ?, ?)",
            upload.name,
            upload.mime,
            width if photo else 0,
            height if photo else 0,
            bytes(upload),
        )
        ending = PurePosixPath(upload.name).suffix or mimetypes.guess_extension(upload.mime) or ""
        self._store.do(
            "UPDATE files SET file_id = ?, path = ? WHERE number = ?",
            f"desk-{number}-{digest[:16]}",
            f"{'photos' if photo else 'documents'}/file_{number}{ending.lower()}",
            number,
        )
        return self.shown(f"desk-{number}-{digest[:16]}")

    def shown(self, file_id: str) -> dict[str, Any]:
        """Answer a kept file as a Document or a PhotoSize. Raises Refused (400) when it is unknown."""
        row = self._row(file_id)
        body = {
            "file_id": row["file_id"],
            "file_unique_id": hashlib.sha256(row["data"]).hexdigest()[:15],
            "file_size": len(row["data"]),
        }
        if row["width"]:
            return body | {"width": row["width"], "height": row["height"]}
        return body | {"file_name": row["name"], "mime_type": row["mime"]}

    def to_fetch(self, file_id: str) -> dict[str, Any]:
        """Answer a file as getFile does. Raises Refused (400) when it is unknown or past 20 MB."""
        row = self._row(file_id)
        if len(row["data"]) > FETCHED_BY_BOTS:
            raise bad("file is too big")
        shown = self.shown(file_id)
        keys = ("file_id", "file_unique_id", "file_size")
        return {key: shown[key] for key in keys} | {"file_path": row["path"]}

    def by_path(self, path: str) -> tuple[bytes, str, str] | None:
        """Answer bytes, mime type and name of the file at this path."""
        row = self._store.row("SELECT data, mime, name FROM files WHERE path = ?", path)
        return (row["data"], row["mime"], row["name"]) if row else None

    def path_of(self, file_id: str) -> str:
        path: str = self._row(file_id)["path"]
        return path

    def _row(self, file_id: str) -> Any:
        row = self._store.row("SELECT * FROM files WHERE file_id = ?", file_id)
        if row is None:
            raise bad("wrong file identifier/HTTP URL specified")
        return row


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Answer width and height of a PNG or JPEG picture, None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return (
                int.from_bytes(data[at + 7 : at + 9], "big"),
                int.from_bytes(data[at + 5 : at + 7], "big"),
            )
        at += 2 + length
    return None
