"""Loading a sheet into the store: in slices, told as it goes, safe to run again."""

import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError, OperationalError

from api.commands.cells import BadCell
from api.commands.kinds import SORTS, WHY, Row, Sort
from api.commands.sheets import Fault, Record, RefusedFile, Sheet
from api.commands.troubles import CannotDo
from api.db import Store
from api.kit.slices import PAUSE_SECONDS, SIZE, Registered, sliced

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file; `refused_file` names the rows that were not taken, if any."""

    loaded: int
    unchanged: int
    refused: int
    refused_file: Path | None

    def __str__(self) -> str:
        told = f"loaded {self.loaded}, unchanged {self.unchanged}, refused {self.refused}"
        return f"{told} → {self.refused_file}" if self.refused_file else told


def columns(kind: str) -> str:
    """Give the header of a kind's file."""
    return ",".join(_sort(kind).columns)


def load(store: Store, kind: str, path: Path, *, now: Callable[[], datetime]) -> Loaded:
    """Take in a file, slice by slice, each committed by itself.

    Rows as before cost no write, so a load that was killed is simply run again. Raises CannotDo.
    """
    sort = _sort(kind)
    size = min(SIZE, sort.at_once)
    loaded = unchanged = 0
    with (
        Sheet(path, list(sort.columns), sort.optional) as sheet,
        closing(RefusedFile(path)) as refused,
        closing(_Seen()) as seen,
        _progress(sheet) as advance,
    ):
        for part in sliced(sheet, size):
            rows: list[tuple[int, Row]] = []
            for one in part:
                read = _read(sort, one)
                if not isinstance(read, Fault):
                    read = seen.twice(sort, *read) or read
                if isinstance(read, Fault):
                    refused.add(read)
                else:
                    rows.append(read)
            done = _registered(store, sort, [row for _, row in rows], now)
            for row in done.refused:
                line, facts = rows[row.place]
                value = str(facts.get(row.column, ""))
                refused.add(Fault(line, row.column, WHY[row.reason], value))
            loaded += done.loaded
            unchanged += done.unchanged
            advance()
            # Others who write wait at the door meanwhile: let them in.
            time.sleep(PAUSE_SECONDS if len(part) == size else 0)
    return Loaded(loaded, unchanged, refused.count, refused.path if refused.count else None)


def _sort(kind: str) -> Sort:
    if kind not in SORTS:
        raise CannotDo(f"There is no kind {kind!r} to load: say one of {', '.join(SORTS)}.")
    return SORTS[kind]


def _read(sort: Sort, one: Record | Fault) -> tuple[int, Row] | Fault:
    if isinstance(one, Fault):
        return one
    facts = {}
    for (column, read), cell in zip(sort.columns.items(), one.cells, strict=True):
        try:
            facts[column] = read(cell)
        except BadCell as bad:
            return Fault(one.line, column, str(bad), cell)
    return one.line, facts


def _registered(
    store: Store, sort: Sort, rows: Sequence[Row], now: Callable[[], datetime]
) -> Registered:
    """Write a slice; again, when another transaction wrote the same rows at the same moment."""
    if not rows:
        return Registered(0, 0)
    for left in range(_TRIES - 1, -1, -1):
        try:
            with store.writing("load.slice") as session:
                return sort.register(session, rows, now())
        except (IntegrityError, OperationalError):
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
    raise AssertionError("unreachable")


class _Seen:
    """Which rows this file has named already, on disk once there are many; nothing readable in it."""

    def __init__(self) -> None:
        # An empty name is a private file that SQLite removes by itself.
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.execute("PRAGMA journal_mode=OFF")
        self._rows.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._rows.execute("BEGIN")
        self._secret = os.urandom(32)

    def twice(self, sort: Sort, line: int, row: Row) -> Fault | None:
        """Say that a line names a row that an earlier line has named."""
        name = "\0".join(str(row[column]) for column in sort.key)
        key = hashlib.blake2b(name.encode(), key=self._secret, digest_size=16).digest()
        added = self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, line))
        if added.rowcount:
            return None
        (first,) = self._rows.execute("SELECT line FROM seen WHERE key = ?", (key,)).fetchone()
        columns = " and ".join(sort.key)
        return Fault(line, sort.key[0], f"line {first} has the same {columns}")

    def close(self) -> None:
        self._rows.close()


@contextmanager
def _progress(sheet: Sheet) -> Iterator[Callable[[], None]]:
    """Show how far a sheet is read, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task(sheet.path.name, total=sheet.size)
        yield lambda: progress.update(task, completed=sheet.read)
