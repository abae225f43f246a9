"""How a wording file is read.

    Subject: …          the subject of a mail
    # …                 a heading
    ? …                 left out when a fact of it is absent
    | … | {fact}        a row of the table of figures
    …                   a sentence

One a line; empty lines part paragraphs. Every sentence is a msgid of the catalogues
(`locales/extract.py` takes them from the same files).
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from api.kit.language import Sentence
from api.kit.speech import hole_names

WORDING = Path(__file__).parent / "wording"


class Kind(StrEnum):
    SENTENCE = "sentence"
    HEADING = "heading"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its sentence, the value of a row, and the facts without which it is left out."""

    kind: Kind
    sentence: Sentence
    value: Sentence | None = None
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wording:
    subject: Sentence | None
    paragraphs: tuple[tuple[Line, ...], ...]


def parse(text: str) -> Wording:
    """Read a wording file; ValueError names a row that has no label or no value."""
    subject = None
    paragraphs: list[list[Line]] = [[]]
    for written in map(str.strip, text.splitlines()):
        if written.startswith("Subject: "):
            subject = Sentence(written.removeprefix("Subject: "))
        elif written:
            paragraphs[-1].append(_line(written))
        else:
            paragraphs.append([])
    return Wording(subject, tuple(tuple(lines) for lines in paragraphs if lines))


def _line(written: str) -> Line:
    needs: frozenset[str] = frozenset()
    if written.startswith("? "):
        written = written.removeprefix("? ")
        needs = hole_names(written)
    if written.startswith("|"):
        cells = [cell.strip() for cell in written.strip("|").split("|")]
        if len(cells) != 2 or not all(cells):
            raise ValueError(f"a row needs a label and a value: {written}")
        return Line(Kind.ROW, Sentence(cells[0]), Sentence(cells[1]), needs)
    if written.startswith("# "):
        return Line(Kind.HEADING, Sentence(written.removeprefix("# ")), needs=needs)
    return Line(Kind.SENTENCE, Sentence(written), needs=needs)


@cache
def wording(template: str, channel: str) -> Wording:
    """Give the wording of a template for chat, sms or email; LookupError where it has none."""
    path = WORDING / template / f"{channel}.txt"
    if not path.is_file():
        raise LookupError(f"template {template!r} has no wording for {channel!r}")
    return parse(path.read_text("utf-8"))


@cache
def channels(template: str) -> frozenset[str]:
    """Name the channels a template is worded for."""
    return frozenset(path.stem for path in (WORDING / template).glob("*.txt"))
