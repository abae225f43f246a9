"""Papers: made in a worker that lives and dies with us, in the reader's own script."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import typst

from api.errors import Unavailable
from api.printing import printer as printing
from api.printing.printer import Paper, Printer

PAPER = Paper(
    language="fa",
    direction="rtl",
    sender="سازمان تأمین اجتماعی",
    title="رسید پرداخت",
    lines=["این پول به ما رسیده است."],
    figures=[("نام", "مریم سپهری"), ("حق بیمهٔ آبان ۱۴۰۵", "۴٬۲۵۰٬۰۰۰ ریال")],
    footer="چهارشنبه ۱۱ آذر ۱۴۰۵",
)


@pytest.fixture
def printer() -> Iterator[Printer]:
    opened = Printer(seconds=60)
    yield opened
    opened.close()


def worker_of(printer: Printer) -> int:
    assert printer._pool is not None
    (pid,) = printer._pool._processes
    return pid


async def test_a_paper_is_a_pdf_of_one_page_in_our_own_font(printer: Printer):
    pdf = await printer.pdf(PAPER)
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert b"Vazirmatn" in pdf
    assert b"(fa)" in pdf or b"/Lang" in pdf


def test_our_font_draws_and_joins_the_letters_of_every_language(tmp_path: Path):
    """A letter that a font lacks is drawn as nothing; one that it cannot join keeps its lone form."""
    source = """#set page(width: auto, height: auto)
#set text(font: "Vazirmatn", dir: rtl, weight: sys.inputs.weight)
#sys.inputs.said"""
    (tmp_path / "letters.typ").write_text(source)
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[printing._FONTS]
    )
    compiler = typst.Compiler(tmp_path / "letters.typ", root=tmp_path, font_paths=fonts)

    def drawn(said: str, weight: str) -> set[str]:
        svg = compiler.compile(format="svg", sys_inputs={"said": said, "weight": weight})
        assert isinstance(svg, bytes)
        return set(re.findall(r"<symbol[^>]*>(.*?)</symbol>", svg.decode(), re.DOTALL))

    for weight in ("regular", "bold"):
        assert not drawn("\ue000", weight)
        alone = {letter: drawn(letter, weight) for letter in "ئپچژڤکگڵهەۆیێڕيكىةأإ٤٥٦"}
        assert all(alone.values())
        for letter, like in zip("ێۆڕڵڤ", "یورلف", strict=True):
            assert alone[letter] != drawn(like, weight)
        for letter in "ئپچڤکگڵهێيك":
            assert not alone[letter] & drawn(f"ب{letter}ب", weight)


async def test_the_worker_is_kept(printer: Printer):
    await printer.pdf(PAPER)
    first = worker_of(printer)
    assert first != os.getpid()
    await printer.pdf(PAPER)
    assert worker_of(printer) == first


async def test_a_worker_that_died_is_replaced(printer: Printer):
    await printer.pdf(PAPER)
    os.kill(worker_of(printer), signal.SIGKILL)
    with pytest.raises(Unavailable):
        await printer.pdf(PAPER)
    assert (await printer.pdf(PAPER)).startswith(b"%PDF-")


async def test_who_comes_when_too_many_wait_is_told_to_come_again(
    printer: Printer, monkeypatch: pytest.MonkeyPatch
):
    await printer.pdf(PAPER)
    monkeypatch.setattr(printing, "_MOST_WAITING", 2)
    ends = await asyncio.gather(*(printer.pdf(PAPER) for _ in range(4)), return_exceptions=True)
    assert [type(end) for end in ends] == [bytes, bytes, Unavailable, Unavailable]


async def test_a_late_paper_is_not_waited_for():
    late = Printer(seconds=0.001)
    with pytest.raises(Unavailable):
        await late.pdf(PAPER)
    late.close()


def test_the_worker_ends_with_a_process_that_was_killed():
    program = """
import asyncio, sys
from api.printing.printer import Paper, Printer
printer = Printer(seconds=60)
asyncio.run(printer.pdf(Paper("en", "ltr", "S", "T", [], [], "F")))
print(*printer._pool._processes, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        assert lives(worker)
        process.kill()
    until = time.monotonic() + 30
    while lives(worker):
        assert time.monotonic() < until
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    # Nobody may be there to take note of its end.
    return state != "Z"


def test_nothing_of_a_paper_is_markup():
    plain = Paper(
        language="en",
        direction="ltr",
        sender="S",
        title="T",
        lines=['#read("/etc/passwd") $x$ *b* = h @ref <label>'],
        figures=[("#panic()", "#sys.inputs")],
        footer="F",
    )
    assert printing.typeset("paper", "pdf", json.dumps(asdict(plain))).startswith(b"%PDF-")
