"""SQLite: its own online backup, of one read transaction, so that writers go on beside it."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from api.snapshots.manifest import BadSnapshot, sync

_PAGES = 4_096
"""Pages a step: 16 MB."""


def copy(source: Path, target: Path) -> list[str]:
    """Copy a store that is in use; gives the revisions of its schema. Raises BadSnapshot."""
    if not source.is_file():
        raise BadSnapshot(f"There is no store at {source}: check the address.")
    if shutil.disk_usage(target.parent).free < source.stat().st_size:
        raise BadSnapshot(f"{target.parent} has not the room for a copy of {source}.")
    # Of its owner alone from the first byte on.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(source, isolation_level=None)) as reader,
            closing(sqlite3.connect(target)) as writer,
        ):
            # One transaction over all steps: what others commit meanwhile would begin the copy anew.
            reader.execute("BEGIN")
            schema = [one for (one,) in reader.execute("SELECT version_num FROM alembic_version")]
            reader.backup(writer, pages=_PAGES, progress=_step)
            reader.execute("ROLLBACK")
            if writer.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise BadSnapshot(f"{source} is damaged: its copy does not pass SQLite's check.")
    except sqlite3.Error as error:
        target.unlink()
        raise BadSnapshot(f"{source} cannot be backed up ({error}).") from None
    sync(target)
    return schema


def _step(_status: int, _left: int, _all: int) -> None:
    """Between two steps others write; nothing is to be done."""


def bring(
    file: Path, target: Path, hold: Callable[[str], None], complete: Callable[[str], None]
) -> None:
    """Bring a copy to where no store is; it is there held, or not at all. Raises BadSnapshot."""
    if not _is_empty(target):
        raise BadSnapshot(f"{target} is there already: a backup goes into an empty place alone.")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".part")
    fresh.unlink(missing_ok=True)
    made = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(made, "wb") as copied, file.open("rb") as opened:
        shutil.copyfileobj(opened, copied, 1 << 20)
    for mark in (hold, complete):
        mark(f"sqlite:///{fresh}")
    if fresh.with_name(fresh.name + "-wal").exists():
        raise BadSnapshot(f"{fresh} is in use by somebody else.")
    sync(fresh)
    fresh.replace(target)
    sync(target.parent)


def _is_empty(target: Path) -> bool:
    """Whether nothing is there, or a file without a table, as a command leaves that looked for one."""
    if not target.exists():
        return True
    try:
        with closing(sqlite3.connect(target)) as found:
            return not found.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.Error:
        return False
