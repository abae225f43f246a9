"""Are the terms of the glossaries used? `terms.toml` says where a text needs one, and in which stems.

`python -m locales.glossary` prints how many of the texts that need a term have it.
"""

import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
LEAST = 0.99
"""Of the texts that need a term at least so many have it."""

_HOLE = re.compile(r"\{[^{}]*\}")
# Vowel marks, and the half-space: a stem is the same with and without.
_MARKS = re.compile("[\u064b-\u0652\u200c]")


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the trade. `needed` finds it in an English sentence; `stems` are by language."""

    name: str
    needed: re.Pattern[str]
    stems: Mapping[str, Sequence[str]]
    excepted: Mapping[str, str]

    def is_needed(self, english: str) -> bool:
        """Whether a translation of this sentence should say the term."""
        return bool(self.needed.search(_HOLE.sub("", english)))

    def is_in(self, text: str, language: str) -> bool:
        """Whether a translation says it."""
        return any(_plain(stem) in _plain(text) for stem in self.stems[language])


@dataclass(frozen=True, slots=True)
class Use:
    """How a language uses the terms: in how many texts one is needed, and which lack it.

    `excepted` are those of the lacking that the table gives a reason for.
    """

    needed: int
    lacking: Sequence[str]
    excepted: int

    @property
    def share(self) -> float:
        """Of the texts that need a term, how many have it; 1 where none needs one."""
        return 1 - (len(self.lacking) + self.excepted) / self.needed if self.needed else 1.0


def terms(path: Path = HERE / "terms.toml") -> list[Term]:
    """Read the table of terms."""
    table: dict[str, dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))
    return [
        Term(
            name=name,
            needed=re.compile(rf"\b(?:{row.pop('english')})(?!\w)"),
            excepted=row.pop("except", {}),
            stems=row,
        )
        for name, row in table.items()
    ]


def use(catalogue: Catalog, language: str, known: Sequence[Term]) -> Use:
    """Count the texts of a catalogue that need a term, and name those without it."""
    needed, excepted, lacking = 0, 0, []
    for message in catalogue:
        english, said = _english(message), _said(message)
        if not english:
            continue
        for term in known:
            if term.is_needed(english):
                needed += 1
                if term.is_in(said, language):
                    continue
                if english in term.excepted:
                    excepted += 1
                else:
                    lacking.append(f"{english!r} says no {term.name} in {said!r}")
    return Use(needed, lacking, excepted)


def faults(catalogue: Catalog, language: str, docs: Path) -> Iterator[str]:
    """Tell what is wrong with the terms of a catalogue, one sentence a fault."""
    known = terms()
    found = use(catalogue, language, known)
    yield from found.lacking
    if found.share < LEAST:
        yield f"only {found.share:.1%} of the texts that need a term have it"
    yield from unexplained(known, language, docs)


def unexplained(known: Sequence[Term], language: str, docs: Path) -> Iterator[str]:
    """Tell the terms whose word does not stand in the glossary of the language."""
    text = _plain((docs / f"glossary-{language}.md").read_text("utf-8"))
    for term in known:
        word = term.stems[language][0]
        if _plain(word) not in text:
            yield f"{term.name} ({word}) does not stand in the glossary"


def _plain(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFC", text))


def _english(message: Message) -> str:
    """The sentence of many, where there are two: it is the whole one."""
    return message.id if isinstance(message.id, str) else message.id[-1]


def _said(message: Message) -> str:
    said = message.string or ""
    return said if isinstance(said, str) else said[-1]


def main() -> None:
    """Print how each language uses the terms."""
    for path in sorted(HERE.glob("*/LC_MESSAGES/*.po")):
        language = path.parts[-3]
        with path.open("rb") as file:
            found = use(read_po(file, locale=language), language, terms())
        left = len(found.lacking) + found.excepted
        sys.stdout.write(
            f"{language}: {found.share:.1%} ({found.needed - left} of {found.needed})\n"
        )


if __name__ == "__main__":
    main()
