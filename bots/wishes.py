"""Free words: which dialogue a sentence is likely to wish for, by the stems of `wishes.toml`.

It is a guess, so whoever acts on it asks first. Nothing is learned: the stems and their weights are
data that anybody can read and mend.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bots.talk import Dialogue
from bots.understanding import alike

_WORDS = re.compile(r"[^\W_]+(?:\u200c[^\W_]+)*")
# What Arabic writes together with the word that follows: and, with, for, the.
_ARTICLES = ("وال", "بال", "لل", "ال", "و", "ب", "ل")
_ENOUGH = 3
_LONGEST = 200
"""Letters: who writes more tells a story, and none of its words says what it wishes for."""


class _Stems(NamedTuple):
    """The stems of a dialogue: those that a word begins with, those that stand in the whole text."""

    words: Mapping[str, int]
    phrases: Mapping[str, int]


def likely(text: str, among: Iterable[Dialogue]) -> Dialogue | None:
    """Find the dialogue that a text wishes for; None where two are as likely, or none is."""
    if len(text) > _LONGEST:
        return None
    whole = alike(text)
    words = {form for word in _WORDS.findall(text) for form in _forms(alike(word))}
    known = [one for one in among if one.name in _stems()]
    ranked = sorted(
        ((_weight(_stems()[one.name], words, whole), place) for place, one in enumerate(known)),
        reverse=True,
    )
    match ranked:
        case [(most, place), *others] if most >= _ENOUGH and all(most > less for less, _ in others):
            return known[place]
    return None


def _forms(word: str) -> Iterable[str]:
    yield word
    for article in _ARTICLES:
        if word.startswith(article) and len(word) - len(article) > 2:
            yield word.removeprefix(article)


def _weight(stems: _Stems, words: Iterable[str], whole: str) -> int:
    begun = (weight for stem, weight in stems.words.items() if _begins(stem, words))
    return sum(begun) + sum(weight for stem, weight in stems.phrases.items() if stem in whole)


def _begins(stem: str, words: Iterable[str]) -> bool:
    # A stem of two letters would begin half of the dictionary.
    return any(word.startswith(stem) if len(stem) > 2 else word == stem for word in words)


@cache
def _stems() -> Mapping[str, _Stems]:
    table: dict[str, dict[str, str]] = tomllib.loads(
        Path(__file__).with_name("wishes.toml").read_text("utf-8")
    )
    found = {}
    for name, rows in table.items():
        words: dict[str, int] = {}
        phrases: dict[str, int] = {}
        for weight, stems in rows.items():
            for stem in map(str.strip, stems.split("|")):
                kind = phrases if " " in stem else words
                kind.setdefault(alike(stem), int(weight))
        found[name] = _Stems(words, phrases)
    return found
