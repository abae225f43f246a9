"""What stands beside a backup: whose it is, of when, of which schema, and that nothing of it changed.

    {"room": "api", "store": "sqlite", "file": "api.db", "bytes": 1048576, "sha256": "…",
     "schema": ["20261127"], "taken_at": "2026-11-23T08:00:00+00:00", "mark": "…"}

The mark is made with the room's signing key: a backup that was altered, or of other keys, is told at
once. No key stands in it.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from api.kit.sealing import Keyring

_PIECE = 1 << 20


class BadSnapshot(Exception):
    """A backup cannot be made or brought back; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """See above; `bytes` is the size of the file, `taken_at` an instant no later than its content."""

    room: str
    store: str
    file: str
    bytes: int
    sha256: str
    schema: Sequence[str]
    taken_at: str
    mark: str = ""

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)

    def marked(self, keys: Keyring) -> "Manifest":
        """The same, with its mark."""
        unmarked = replace(self, mark="", schema=list(self.schema))
        said = json.dumps(asdict(unmarked), sort_keys=True).encode()
        return replace(self, mark=keys.sign("snapshot", said).hex())

    def write(self, folder: Path) -> None:
        """Write it beside its file, last of all: without it a backup is none."""
        path = path_of(folder, self.room)
        fresh = path.with_suffix(".part")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync(folder)


def read(folder: Path, room: str, keys: Keyring) -> Manifest:
    """Read the manifest of a room's backup and hold the backup against it. Raises BadSnapshot."""
    path = path_of(folder, room)
    try:
        found = Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BadSnapshot(
            f"There is no whole backup of {room} in {folder}: {path.name} lacks."
        ) from None
    except (OSError, ValueError, TypeError):
        raise BadSnapshot(f"{path} cannot be read as the manifest of a backup.") from None
    if not hmac.compare_digest(found.marked(keys).mark, found.mark):
        raise BadSnapshot(
            f"{path} was altered, or the keys are not those of this backup: nothing would open."
        )
    file = folder / Path(found.file).name
    if not file.is_file() or file.stat().st_size != found.bytes or digest(file) != found.sha256:
        raise BadSnapshot(f"{file} is not the file that was backed up: it is damaged or lacks.")
    return found


def path_of(folder: Path, room: str) -> Path:
    """Where the manifest of a room stands."""
    return folder / f"{room}.json"


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def sync(path: Path) -> None:
    """Bring a file, or what a folder names, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
