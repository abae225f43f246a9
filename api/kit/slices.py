"""Sets in slices: thousands of rows a transaction, never a row, never a million (performance.md)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

SIZE = 1_000
"""Rows a slice that rules judge in Python, with SQLite's one write lock held meanwhile: other writers
of the same store wait about a tenth of a second. (A slice of 5,000 made them wait two.)"""

PAUSE_SECONDS = 0.05
"""Between two slices: long enough for a writer that waits in SQLite's queue to have its turn."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Slice:
    """What one step of a job did.

    `done` rows were handled, `posted` notices came of them; `after` is the key to go on from, None
    at the end.
    """

    done: int
    after: str | None
    posted: int = 0


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: its place in the set, the column and a stable reason."""

    place: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a set of rows; the three add up to the set."""

    loaded: int
    unchanged: int
    refused: tuple[RefusedRow, ...] = ()


def sliced(rows: Iterable[Row], size: int = SIZE) -> Iterator[Sequence[Row]]:
    """Cut a stream into slices, reading no further than the slice that is asked for."""
    stream = iter(rows)
    while part := list(islice(stream, size)):
        yield part
