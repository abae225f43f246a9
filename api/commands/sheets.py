"""CSV files as they come: read line by line, never whole, with a place and a reason for each fault.

One record is one line: a quote that is not closed spoils its own line and not the rest of the file.
Lines and fields are bounded, so that no file can fill the memory (guarantees.md, G13).
"""

import csv
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO

from api.commands.troubles import CannotDo

LONGEST_LINE = 64 * 1024
"""In bytes; the longest sound row of any kind has a tenth of it."""

_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Record:
    """A line with as many cells as the sheet has columns; `line` counts from 1, the header too."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line, or one cell of it, cannot be taken."""

    line: int
    column: str
    reason: str
    value: str = ""


class Sheet:
    """A CSV file with the columns of its kind, in any order.

    A column of `optional` that is not there reads as empty cells. Raises CannotDo for a file that is none of these: missing, empty, in another encoding, with
    other columns.
    """

    def __init__(self, path: Path, columns: Sequence[str], optional: Collection[str] = ()) -> None:
        self.path = path
        self.columns = columns
        self._optional = optional
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise CannotDo(f"{path} cannot be read ({error.strerror}).") from None
        self._line = 0
        self.size = os.fstat(self._file.fileno()).st_size
        with ExitStack() as stack:
            stack.callback(self._file.close)
            self._width, self._order = self._header()
            stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def read(self) -> int:
        """How many bytes are behind us."""
        return self._file.tell()

    def __iter__(self) -> Iterator[Record | Fault]:
        while (text := self._next()) is not None:
            if isinstance(text, Fault):
                yield text
            elif text.strip(" \t,;"):
                yield self._record(text)

    def _record(self, text: str) -> Record | Fault:
        if "\0" in text:
            return Fault(self._line, "", "holds a NUL byte, which no text has")
        cells = _cells(text)
        if cells is None:
            return Fault(
                self._line, "", "its quotes are not closed on the same line, or are broken"
            )
        if len(cells) != self._width:
            return Fault(
                self._line, "", f"has {len(cells)} cells where the header has {self._width}"
            )
        return Record(self._line, ["" if place is None else cells[place] for place in self._order])

    def _header(self) -> tuple[int, Sequence[int | None]]:
        """Give how many columns there are, and for each of ours its place among them."""
        wanted = ",".join(self.columns)
        text = self._next()
        while isinstance(text, str) and not text.strip():
            text = self._next()
        if text is None:
            raise CannotDo(f"{self.path} is empty: its first line must be {wanted}")
        cells = None if isinstance(text, Fault) or "\0" in text else _cells(text)
        if cells is None:
            raise CannotDo(f"{self.path} has no header that can be read: write {wanted}")
        names = [cell.strip().lower() for cell in cells]
        for fault, faulty in (
            (
                "has no column",
                [n for n in self.columns if n not in names and n not in self._optional],
            ),
            ("has an unknown column", [name for name in names if name not in self.columns]),
            ("has twice the column", [name for name in self.columns if names.count(name) > 1]),
        ):
            if faulty:
                raise CannotDo(
                    f"{self.path} {fault} {faulty[0][:40]!r}: its header must be {wanted}"
                )
        places = [names.index(name) if name in names else None for name in self.columns]
        return len(names), places

    def _next(self) -> str | Fault | None:
        """Give the next line without its end, or what is wrong with it; None at the end."""
        line = self._file.readline(LONGEST_LINE + 1)
        if not line:
            return None
        self._line += 1
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = self._file.readline(LONGEST_LINE)
            return Fault(self._line, "", f"is longer than {LONGEST_LINE} bytes")
        if self._line == 1 and line.startswith(_BOMS):
            raise self._foreign("UTF-16")
        try:
            text = line.decode("utf-8-sig" if self._line == 1 else "utf-8")
        except UnicodeDecodeError:
            raise self._foreign("another encoding, perhaps Windows-1256,") from None
        return text.rstrip("\r\n")

    def _foreign(self, encoding: str) -> CannotDo:
        return CannotDo(
            f"{self.path} is in {encoding} and not in UTF-8 (line {self._line}): "
            "save it as 'CSV UTF-8' and load it again."
        )


def _cells(text: str) -> list[str] | None:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return None


class RefusedFile:
    """`<file>.refused.csv`: line, column, reason and value of what was not taken, for Excel.

    It is there only when something was refused; one of an earlier run is removed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".refused.csv")
        self.count = 0
        self._file: TextIO | None = None
        with _told(self.path):
            self.path.unlink(missing_ok=True)

    def add(self, fault: Fault) -> None:
        """Write down a refused line."""
        self.count += 1
        with _told(self.path):
            if self._file is None:
                # It repeats what people's rows say: for its owner alone, as the key file is.
                handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                self._file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
                csv.writer(self._file).writerow(["line", "column", "reason", "value"])
            cells = [str(fault.line), fault.column, fault.reason, fault.value[:100]]
            csv.writer(self._file, quoting=csv.QUOTE_ALL).writerow([inert(one) for one in cells])

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotDo(f"{path} cannot be written ({error.strerror}).") from None


def inert(cell: str) -> str:
    """Make a cell that no spreadsheet takes for a formula (guarantees.md, "Exports")."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
