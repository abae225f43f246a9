"""The trail and its anchors as lines of JSON: written, and read again, by the standard library alone."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from api.audit.chain import Anchor, Checker, Head, Report, Row


class CannotRead(Exception):
    """A line is no line of a trail; the text says which."""


class Writer:
    """Writes a trail: a line for each row, and one for the head at its end."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def row(self, row: Row) -> None:
        """Write the next row."""
        self._write(
            {
                "number": row.number,
                "id": row.id,
                "at": row.at,
                "actor": row.actor,
                "verb": row.verb,
                "subject": row.subject,
                "detail": row.detail,
                "salt": _hex(row.salt),
                "commitment": _hex(row.commitment),
                "seal": _hex(row.seal),
            }
        )

    def head(self, head: Head | None) -> None:
        """Write the head."""
        told = None if head is None else {"number": head.number, "seal": head.seal.hex()}
        self._write({"head": told})

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


def check(lines: Iterable[str], anchors: Iterable[Anchor]) -> Report:
    """Check a trail that `Writer` wrote. Raises CannotRead for a line that is none, or no end."""
    checker = Checker(anchors)
    for place, line in enumerate(lines, 1):
        said = _object(line)
        try:
            if "head" in said:
                return checker.end(_head(said["head"]))
            checker.take(_row(said))
        except (KeyError, TypeError, ValueError):
            raise CannotRead(f"Line {place} is no line of a trail.") from None
    raise CannotRead("The file ends before the trail does: its last line, the head, is missing.")


def anchor_line(anchor: Anchor) -> str:
    """Write an anchor down, without the end of the line."""
    told = {"day": anchor.day, "number": anchor.number, "seal": anchor.seal.hex()}
    return json.dumps(told)


def anchors_in(text: str) -> Iterator[Anchor]:
    """Give the anchors of a file; a line that is none, or that a power cut left torn, is passed over.

    A line of a log that holds an anchor among other keys will do.
    """
    for line in text.splitlines():
        said = _object(line)
        try:
            seal = _bytes(str(said["seal"]).replace("-", ""))
            number = said.get("number", said.get("count"))
            yield Anchor(str(said["day"]), int(str(number)), seal or b"")
        except (KeyError, ValueError):
            continue


def anchors_of(paths: Iterable[Path]) -> list[Anchor]:
    """Give the anchors of several files. Raises CannotRead for a file that is not there or holds none."""
    anchors: list[Anchor] = []
    for path in paths:
        try:
            found = list(anchors_in(path.read_text(encoding="utf-8", errors="replace")))
        except OSError as error:
            raise CannotRead(f"{path} cannot be read ({error.strerror}).") from None
        if not found:
            raise CannotRead(f"{path} holds no anchor.")
        anchors += found
    return anchors


def _object(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _row(said: dict[str, Any]) -> Row:
    number = said["number"]
    if number is not None and type(number) is not int:
        raise ValueError
    return Row(
        number,
        str(said["id"]),
        str(said["at"]),
        str(said["actor"]),
        str(said["verb"]),
        str(said["subject"]),
        said["detail"],
        _bytes(said["salt"]),
        _bytes(said["commitment"]),
        _bytes(said["seal"]),
    )


def _head(said: Any) -> Head | None:
    return None if said is None else Head(int(said["number"]), _bytes(said["seal"]) or b"")


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value)
