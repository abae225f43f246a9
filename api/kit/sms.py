"""How many parts an SMS takes.

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
    alphabet = coding(text)
    wide = _is_escaped if alphabet is Coding.GSM7 else _is_pair
    if len(text) + sum(map(wide, text)) <= _ALONE[alphabet]:
        return 1
    count, room, size = 1, _IN_PARTS[alphabet], _IN_PARTS[alphabet]
    for character in text:
        # A character that takes two units is never torn between two parts.
        units = 1 + wide(character)
        if units > room:
            count, room = count + 1, size
        room -= units
    return count


def _is_escaped(character: str) -> bool:
    return character in _GSM_EXTENSION


def _is_pair(character: str) -> bool:
    return character > "\uffff"
