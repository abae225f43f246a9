"""Are the catalogues whole? `python -m locales.check` says what is missing or badly written.

It fails for a sentence without a translation, an uncertain (fuzzy) one, one that nobody says any
more, other holes than the English has, for what the voice forbids in the language (`locales.voice`:
letters of another script, its digits and punctuation, stray Latin words, broken half-spaces, words
that another is said for), and where a term of the glossary is missing (`locales.glossary`).
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from api.kit.speech import holes
from locales import glossary, voice
from locales.extract import HERE, everything

_HOLE = re.compile(r"\{[^{}]*\}")
# Forms that are said of one number alone, whose words say it: Arabic's one and two («يومان»).
_NUMBER_IN_THE_WORD = {"ar": (1, 2)}


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
    dropped = _NUMBER_IN_THE_WORD.get(language, ()) if isinstance(message.id, tuple) else ()
    for form, text in enumerate(_forms(message)):
        try:
            if holes(text) not in allowed and not (
                form in dropped and holes(text) | {"n"} in allowed
            ):
                yield f"{named} has other holes in {text!r}"
        except ValueError as broken:
            yield f"{named}: {broken} in {text!r}"
        for fault in _faults_of_words(_HOLE.sub("{}", text), language):
            yield f"{named} has {fault} in {text!r}"


def _faults_of_words(words: str, language: str) -> Iterator[str]:
    if "!" in words:
        yield "an exclamation mark"
    for opening, closing in ("«»", "()"):
        if words.count(opening) != words.count(closing):
            yield f"{opening} without {closing}"
    for pattern, fault in voice.FORBIDDEN.get(language, ()):
        if pattern.search(words):
            yield fault
    for word, instead in voice.SAID_OTHERWISE.get(language, {}).items():
        if re.search(rf"(?<![\w\u200c]){word}(?!\w)", words):
            yield f"the word {word}, for which we say {instead},"
    latin = set(re.findall("[A-Za-z]+", words)) - voice.LATIN_WORDS
    if language in voice.FORBIDDEN and latin:
        yield f"Latin words ({', '.join(sorted(latin))})"


def main(root: Path = HERE.parent) -> int:
    """Check every catalogue against what the rooms say; return how many faults there are."""
    said, count = everything(root), 0
    for path in sorted((root / "locales").glob("*/LC_MESSAGES/*.po")):
        language = path.parts[-3]
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
        for fault in (
            *faults(said, catalogue, language),
            *glossary.faults(catalogue, language, root / "docs"),
        ):
            sys.stderr.write(f"{language}: {fault}\n")
            count += 1
    return count


if __name__ == "__main__":
    sys.exit(f"{found} faults in the catalogues" if (found := main()) else 0)
