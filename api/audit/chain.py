"""How the trail is chained, and how a chain is checked: arithmetic of the standard library alone.

    commitment = SHA-256(00 ‖ salt ‖ [actor, subject, detail])
    seal       = SHA-256(01 ‖ seal of the row before ‖ [number, id, at, verb, commitment])

Lists are JSON without spaces, keys in order, ASCII; before the first row stand 32 zero bytes. The
two leading bytes keep one kind of hash from being passed off as the other (RFC 6962, 2.1). Whoever
deletes the salt with the content leaves a commitment that tells nothing, and a chain that holds:
such a row is *emptied*, and an entry of the verb `audit.emptied` must say so.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FIRST = bytes(32)
"""What stands where the first row's predecessor would."""

EMPTIED = "audit.emptied"
"""The verb of an entry that says which rows were emptied, and by which rule."""

_MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is stored; `number` is None before it is sealed, `salt` after it was emptied.

    `at` is in UTC with microseconds.
    """

    number: int | None
    id: str
    at: str
    actor: str
    verb: str
    subject: str
    detail: Any
    salt: bytes | None = None
    commitment: bytes | None = None
    seal: bytes | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The last sealed row."""

    number: int
    seal: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the chain was on a day, written down outside."""

    day: str
    number: int
    seal: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """Where the trail was bent: the number of the row, and how."""

    number: int
    what: str

    def __str__(self) -> str:
        return f"row {self.number}: {self.what}"


@dataclass(slots=True)
class Report:
    """What was seen of a trail; it is whole when nothing was found."""

    sealed: int = 0
    emptied: int = 0
    waiting: int = 0
    anchors: int = 0
    found: int = 0
    findings: list[Finding] = field(default_factory=list)
    """The first hundred of them."""

    @property
    def is_whole(self) -> bool:
        return self.found == 0


def commitment(salt: bytes, *, actor: str, subject: str, detail: Any) -> bytes:
    """Give the commitment to what of a row may be emptied."""
    return hashlib.sha256(b"\0" + salt + _plain([actor, subject, detail])).digest()


def link(before: bytes, row: Row, *, number: int, commitment: bytes) -> bytes:
    """Give the seal of a row that follows the one with the seal `before`."""
    said = [number, row.id, row.at, row.verb, commitment.hex()]
    return hashlib.sha256(b"\1" + before + _plain(said)).digest()


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers down shortly: `3,7-9`."""
    told: list[list[int]] = []
    for number in sorted(numbers):
        if told and told[-1][1] == number - 1:
            told[-1][1] = number
        else:
            told.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in told)


def in_ranges(told: object) -> Iterator[tuple[int, int]]:
    """Read what `ranges` wrote; what cannot be read names no row."""
    for part in str(told).split(","):
        first, _, last = part.partition("-")
        if first.isascii() and first.isdecimal() and (last or first).isdecimal():
            yield int(first), int(last or first)


class Checker:
    """Checks a trail row by row, in the order of numbers, those without one last."""

    def __init__(self, anchors: Iterable[Anchor] = ()) -> None:
        self._report = Report()
        self._last = 0
        self._stored: bytes | None = FIRST
        # A row follows its predecessor's seal as it is stored or as it ought to be: the place where
        # one was changed is one row, not two.
        self._befores = {FIRST}
        self._unexplained: set[int] = set()
        self._anchors: dict[int, list[Anchor]] = {}
        self._anchored = 0
        for anchor in anchors:
            self._anchors.setdefault(anchor.number, []).append(anchor)

    def take(self, row: Row) -> None:
        """Look at the next row."""
        if row.number is None:
            self._take_waiting(row)
        elif row.number <= self._last:
            self._find(row.number, "it stands here twice, or out of order")
        else:
            if row.number > self._last + 1:
                self._find(self._last + 1, f"{_gone(self._last + 1, row.number - 1)} here")
                self._befores = set()
            self._take_sealed(row, row.number)

    def end(self, head: Head | None) -> Report:
        """Look at what stands at the end and give what was seen."""
        self._check_head(head)
        for number in sorted(self._unexplained):
            self._find(number, "it was emptied, and no entry says by which rule")
        for number, anchors in sorted(self._anchors.items()):
            if number > self._last:
                self._find(
                    self._last + 1,
                    f"the anchor of {anchors[0].day} knows row {number}, the chain ends before it",
                )
        self._report.findings.sort(key=lambda one: one.number)
        return self._report

    def _take_waiting(self, row: Row) -> None:
        self._report.waiting += 1
        if row.salt is not None or row.commitment is not None or row.seal is not None:
            self._find(self._last + 1, f"the entry {row.id} was sealed and has lost its number")
        if row.verb == EMPTIED:
            self._explain(row)

    def _take_sealed(self, row: Row, number: int) -> None:
        self._report.sealed += 1
        if row.salt is None:
            self._report.emptied += 1
            self._unexplained.add(number)
            if row.actor or row.subject or row.detail != {}:
                self._find(number, "it has no salt, and is not empty")
        elif row.commitment != commitment(
            row.salt, actor=row.actor, subject=row.subject, detail=row.detail
        ):
            self._find(number, "its actor, subject, detail or salt was changed")
        links = {
            link(before, row, number=number, commitment=row.commitment or b"")
            for before in self._befores
        }
        if links and row.seal not in links:
            self._find(number, "its time, verb, id, commitment or seal was changed, or its place")
        if row.verb == EMPTIED:
            self._explain(row)
        self._check_anchors(number, row.seal)
        self._stored = row.seal
        self._befores = links | ({row.seal} if row.seal else set())
        self._last = number

    def _explain(self, row: Row) -> None:
        told = row.detail.get("rows") if isinstance(row.detail, Mapping) else None
        for first, last in in_ranges(told):
            self._unexplained -= {number for number in self._unexplained if first <= number <= last}

    def _check_anchors(self, number: int, seal: bytes | None) -> None:
        for anchor in self._anchors.pop(number, ()):
            if anchor.seal == seal:
                self._report.anchors += 1
                self._anchored = number
            else:
                self._find(
                    number,
                    f"the anchor of {anchor.day} says otherwise: rows {self._anchored + 1} to "
                    f"{number} are not what they were",
                )

    def _check_head(self, head: Head | None) -> None:
        last = Head(0, FIRST) if head is None else head
        if last.number > self._last:
            self._find(self._last + 1, f"{_gone(self._last + 1, last.number)} at the end")
        elif last.number < self._last:
            self._find(last.number + 1, "the head of the chain stands before it")
        elif last.seal != self._stored:
            self._find(max(self._last, 1), "the head of the chain says otherwise")

    def _find(self, number: int, what: str) -> None:
        self._report.found += 1
        if len(self._report.findings) < _MOST_FINDINGS:
            self._report.findings.append(Finding(number, what))


def _gone(first: int, last: int) -> str:
    return "a row is missing" if first == last else f"rows {first} to {last} are missing"


def _plain(said: Any) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode("ascii")
