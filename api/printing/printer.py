"""Papers and pictures are made in a worker process, whose compilers stay warm.

Typesetting holds the interpreter for some ten milliseconds: in the process of the doors everybody
would wait for it. This module is all that the worker loads.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from api.errors import Unavailable

if TYPE_CHECKING:
    import typst

_FOLDER = Path(__file__).parent
_FONTS = _FOLDER / "static"
_MOST_WAITING = 100
"""Two seconds of the worker's time for receipts, fifteen for pictures, of which the limit of time lets
the last go. Who comes then is told to come again."""


PIXELS_A_POINT = 3
"""Of a picture. One of 360 points fills a phone that has three pixels a point."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is to be drawn, worded for its reader; plain text, nothing of it is markup.

    `drawing` names the source beside this module; a picture is of one page. `name` is the file's,
    in letters that every phone takes.
    """

    drawing: Literal["paper", "record", "record_picture"]
    kind: Literal["pdf", "png"]
    name: str
    said: Mapping[str, Any]

    @property
    def media_type(self) -> str:
        return "application/pdf" if self.kind == "pdf" else "image/png"


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of one page, worded for its reader; plain text, nothing of it is markup."""

    language: str
    direction: str
    sender: str
    title: str
    lines: Sequence[str]
    figures: Sequence[tuple[str, str]]
    footer: str


class Printer:
    """Makes papers, one at a time; the worker is started by the first."""

    def __init__(self, *, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def pdf(self, paper: Paper) -> bytes:
        """Typeset a paper of one page; raises as `made`."""
        return await self.made(Sheet("paper", "pdf", "paper.pdf", asdict(paper)))

    async def made(self, sheet: Sheet) -> bytes:
        """Draw a sheet; Unavailable when the worker is busy, late or has just died."""
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("busy", retry_after=self._seconds)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                loop = asyncio.get_running_loop()
                said = json.dumps(sheet.said, ensure_ascii=False)
                return await loop.run_in_executor(
                    self._opened(), typeset, sheet.drawing, sheet.kind, said
                )
        except BrokenProcessPool:
            self.close()
            raise Unavailable("away") from None
        except TimeoutError:
            raise Unavailable("busy", retry_after=self._seconds) from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the worker end; what it has in hand is not waited for."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # A fork of a process with threads may stop for ever at a lock that one of them held.
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, spawn, initializer=_begin)
        return self._pool


_kept: "dict[str, typst.Compiler]" = {}


def _begin() -> None:
    """Begin the worker's life; it ends with the process that asked for it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _compiler("paper")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)


def typeset(drawing: str, kind: Literal["pdf", "png"], said: str) -> bytes:
    """Draw what is said in JSON; TypeError for a picture of several pages."""
    made = _compiler(drawing).compile(
        format=kind, ppi=72.0 * PIXELS_A_POINT, sys_inputs={"said": said}
    )
    if not isinstance(made, bytes):
        raise TypeError("what is made is one file")
    return made


def _compiler(drawing: str) -> "typst.Compiler":
    if drawing not in _kept:
        import typst

        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FONTS]
        )
        _kept[drawing] = typst.Compiler(_FOLDER / f"{drawing}.typ", root=_FOLDER, font_paths=fonts)
    return _kept[drawing]
