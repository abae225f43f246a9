"""What is left of a fact for a reader who has proved nothing."""

import re

from api.kit.money import Rials
from api.kit.text import Public, ascii_digits

_UNSAID = "***"
# What may stand in a text without telling anything: the last digits of a number, a check code, a
# day. All else, each letter of a name among it, is left out.
_HARMLESS = re.compile(r"[*•]{0,4}[A-Z0-9]{1,4}(?:[*•/:.-]{1,4}[A-Z0-9]{1,4})?")
_DIGITS_SHOWN = 8


def left_of(fact: object, words: str) -> str:
    """Give the words of a fact as a discreet speech says them."""
    if isinstance(fact, Rials):
        return _UNSAID
    if not isinstance(fact, str) or isinstance(fact, Public):
        return words
    if sum(letter.isdigit() for letter in words) > _DIGITS_SHOWN:
        return _UNSAID
    said: list[str] = []
    for word in words.split():
        shown = word if _HARMLESS.fullmatch(ascii_digits(word)) else _UNSAID
        if shown != _UNSAID or said[-1:] != [_UNSAID]:
            said.append(shown)
    return " ".join(said)
