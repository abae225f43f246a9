"""Are the catalogues whole? `python -m locales.check` says what is missing or badly written.

It fails for a sentence without a translation, an uncertain (fuzzy) one, one that nobody says any
more, other holes than the English has, and for what the voice forbids in Persian: Arabic letters,
ASCII digits and punctuation, stray Latin words, broken half-spaces, exclamation marks.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from api.kit.language import holes
from locales.extract import HERE, everything

# What may stand in Latin letters in a Persian sentence: words that people must send as they are.
LATIN_WORDS = frozenset({"START", "STOP", "HELP"})

_HOLE = re.compile(r"\{[^{}]*\}")
_FORBIDDEN = {
    "fa": (
        (re.compile("[يىك]"), "an Arabic letter"),
        (re.compile("[0-9٠-٩]"), "digits that are not Persian"),
        (re.compile("[,;?%]"), "ASCII punctuation"),
        (re.compile(r"\bن?می [آ-ی]"), "a space for a half-space after می"),
        (re.compile(r"[آ-ی] ها(?:ی|یی)?\b"), "a space for a half-space before ها"),
        (re.compile(r"  | $|^ "), "a loose space"),
    )
}


def faults(said: Catalog, catalogue: Catalog, language: str) -> Iterator[str]:
    """Tell what is wrong with a language's catalogue, one sentence a fault."""
    for message in said:
        if not message.id:
            continue
        yield from _faults_of_english(message)
        found = catalogue.get(message.id, message.context)
        if found is None or not all(_forms(found)):
            yield f"{_named(message)} has no translation"
        elif found.fuzzy:
            yield f"{_named(message)} is fuzzy: read it and take the mark away"
        else:
            yield from _faults_of_translation(found, language)
    for message in catalogue:
        if message.id and said.get(message.id, message.context) is None:
            yield f"{_named(message)} is said nowhere any more"


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def _english(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _named(message: Message) -> str:
    return repr(_english(message)[0])


def _faults_of_english(message: Message) -> Iterator[str]:
    for text in _english(message):
        try:
            holes(text)
        except ValueError as broken:
            yield f"{_named(message)}: {broken}"
        if "!" in text:
            yield f"{_named(message)} has an exclamation mark"


def _faults_of_translation(message: Message, language: str) -> Iterator[str]:
    named, allowed = _named(message), [holes(text) for text in _english(message)]
    for text in _forms(message):
        try:
            if holes(text) not in allowed:
                yield f"{named} has other holes in {text!r}"
        except ValueError as broken:
            yield f"{named}: {broken} in {text!r}"
        words = _HOLE.sub("{}", text)
        if "!" in words:
            yield f"{named} has an exclamation mark in {text!r}"
        for pattern, fault in _FORBIDDEN.get(language, ()):
            if pattern.search(words):
                yield f"{named} has {fault} in {text!r}"
        latin = set(re.findall("[A-Za-z]+", words)) - LATIN_WORDS
        if language == "fa" and latin:
            yield f"{named} has Latin words in {text!r}: {', '.join(sorted(latin))}"


def main(root: Path = HERE.parent) -> int:
    """Check every catalogue against what the rooms say; return how many faults there are."""
    said, count = everything(root), 0
    for path in sorted((root / "locales").glob("*/LC_MESSAGES/*.po")):
        language = path.parts[-3]
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
        for fault in faults(said, catalogue, language):
            sys.stderr.write(f"{language}: {fault}\n")
            count += 1
    return count


if __name__ == "__main__":
    sys.exit(f"{found} faults in the catalogues" if (found := main()) else 0)
