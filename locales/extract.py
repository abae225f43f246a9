"""Babel's way into our sentences: the wording files of notices, and everything in one catalogue.

A wording file is a text of one sentence a line; empty lines part paragraphs. What stands before a
sentence says what it is, and is no part of it:

    Subject: …          the subject of a mail
    # …                 a heading
    ? …                 left out when a fact of it is absent
    | … | {fact}        a row of the table of figures; only its label is a sentence
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

HERE = Path(__file__).parent
KEYWORDS = {**DEFAULT_KEYWORDS, "_n": (1, 2)}
# A line of facts alone says the same in every language.
_ONLY_HOLES = re.compile(r"\s*(?:\{[^{}]*\}\s*)*")
_MARKERS = ("Subject: ", "# ", "? ")


def sentence(line: str) -> str:
    """Give the sentence of one line of a wording file, without its marker; "" where it has none."""
    for marker in _MARKERS:
        line = line.removeprefix(marker)
    if line.startswith("|"):
        line = line.strip("|").split("|")[0]
    return "" if _ONLY_HOLES.fullmatch(line) else line.strip()


def wording(
    file: IO[bytes], *_babel: Any, **_options: Any
) -> Iterator[tuple[int, None, str, Iterable[str]]]:
    """Extract every sentence of a wording file; Babel calls this."""
    for number, line in enumerate(file.read().decode("utf-8").splitlines(), start=1):
        if said := sentence(line):
            yield number, None, said, ()


def everything(root: Path) -> Catalog:
    """Read every sentence that the rooms under `root` say."""
    with (HERE / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    found = Catalog()
    for path, line, message, _comments, context in extract_from_dir(
        root, methods, options, keywords=KEYWORDS
    ):
        found.add(message, locations=[(path, line)], context=context)
    return found
