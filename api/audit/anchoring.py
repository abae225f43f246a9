"""Anchors: what the chain is, written down once a day where the store's owner cannot reach it."""

import os
from datetime import date, datetime
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from api.audit import reading, telling
from api.audit.chain import Anchor
from api.kit import points
from api.kit.slices import Slice

log = structlog.get_logger("api.audit")

FILE = "anchors.jsonl"

_folder: list[Path] = []


def use_folder(folder: Path | None) -> None:
    """Set where this process keeps anchors; None: it only logs them. Once, at start."""
    _folder[:] = [] if folder is None else [folder]


def anchor(
    session: Session,
    *,
    slot: date,
    after: str | None,  # noqa: ARG001 - an anchor is one line.
    now: datetime,  # noqa: ARG001 - it is of the slot's day.
) -> Slice:
    """Write down the head of the chain for a day: a line of the log, and one of the file of anchors.

    A day that has its line in the file gets no other. Raises OSError when the file cannot be written.
    """
    made = of(session, slot)
    if made is None:
        return Slice(0, None)
    log.info("audit.anchored", day=made.day, count=made.number, seal=spelt(made.seal))
    for folder in _folder:
        _keep(folder / FILE, made)
    return Slice(1, None, 1)


def of(session: Session, day: date) -> Anchor | None:
    """Make the anchor of a day from the chain as it is; None before the first row is sealed."""
    head = reading.head(session)
    return None if head is None else Anchor(day.isoformat(), head.number, head.seal)


def spelt(seal: bytes) -> str:
    """Write a seal in groups of four: to be read aloud, and no long number for a log to hide."""
    plain = seal.hex()
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def _keep(path: Path, made: Anchor) -> None:
    known = path.read_bytes() if path.exists() else b""
    if any(one.day == made.day for one in telling.anchors_in(known.decode("utf-8", "replace"))):
        return
    # A power cut may have left half a line: this one stands on its own.
    torn = "\n" if known and not known.endswith(b"\n") else ""
    with points.around("audit.anchor"):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(file, f"{torn}{telling.anchor_line(made)}\n".encode("ascii"))
            os.fsync(file)
        finally:
            os.close(file)
