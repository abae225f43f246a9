"""How many parts an SMS takes, and which.

GSM-7 (3GPP TS 23.038): 160 septets alone, 153 a part; UCS-2: 70 units alone, 67 a part. One
character outside the GSM alphabet makes the whole message UCS-2.
"""

from enum import StrEnum

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these travels as an escape and a second septet.
_GSM_EXTENSION = frozenset("^{}\\[~]|€\f")
_GSM_ALL = _GSM | _GSM_EXTENSION


class Coding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


_ALONE = {Coding.GSM7: 160, Coding.UCS2: 70}
_IN_PARTS = {Coding.GSM7: 153, Coding.UCS2: 67}


def coding(text: str) -> Coding:
    """Tell which alphabet the text travels in."""
    return Coding.GSM7 if _GSM_ALL.issuperset(text) else Coding.UCS2


def parts(text: str) -> int:
    """Count the parts a text takes; an empty one takes one, as networks bill it."""
    return len(split(text))


def split(text: str) -> list[str]:
    """Cut a text into the parts it leaves in; an empty one is one empty part."""
    alphabet = coding(text)
    wide = _is_escaped if alphabet is Coding.GSM7 else _is_pair
    if len(text) + sum(map(wide, text)) <= _ALONE[alphabet]:
        return [text]
    cut, begin, room = [], 0, _IN_PARTS[alphabet]
    for place, character in enumerate(text):
        # A character that takes two units is never torn between two parts.
        units = 1 + wide(character)
        if units > room:
            cut.append(text[begin:place])
            begin, room = place, _IN_PARTS[alphabet]
        room -= units
    return [*cut, text[begin:]]


def _is_escaped(character: str) -> bool:
    return character in _GSM_EXTENSION


def _is_pair(character: str) -> bool:
    return character > "\uffff"
