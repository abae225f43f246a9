"""Texts as octets: cut into parts that leave, joined from parts that came (3GPP TS 23.038, 23.040).

A text in parts has a header before each: how many there are, which this is, and a reference that
joins them. Ours is of 8 bits and made of our name for the message, so that a part that leaves a
second time is known for the one that it was.
"""

import zlib
from dataclasses import dataclass, field

from aiosmpplib.codec import GSM7BitCodec

from api.kit import sms
from notifier.channels.smpp.pdus import UDH, Delivered, Tag

_GSM = GSM7BitCodec()
_JOINED_BY_8, _JOINED_BY_16 = 0x00, 0x08
_ONE_OCTET_A_LETTER = frozenset({0x01, 0x03})


@dataclass(frozen=True, slots=True)
class Cut:
    """A text to leave: the octets of each part, header and all. Its repr shows none."""

    parts: tuple[bytes, ...] = field(repr=False)
    is_ucs2: bool

    @property
    def has_header(self) -> bool:
        return len(self.parts) > 1


@dataclass(frozen=True, slots=True)
class Piece:
    """What came, and as which part of what; alone it has no reference."""

    octets: bytes = field(repr=False)
    reference: str = ""
    number: int = 1
    total: int = 1


def cut(text: str, reference: str) -> Cut:
    """Cut a text into as many parts as `sms.parts` counts; `reference` names the message."""
    is_ucs2 = sms.coding(text) is sms.Coding.UCS2
    parts = [_encoded(part, is_ucs2=is_ucs2) for part in sms.split(text)]
    if len(parts) == 1:
        return Cut(tuple(parts), is_ucs2)
    joined = zlib.crc32(reference.encode()) & 0xFF
    return Cut(
        tuple(
            bytes((5, _JOINED_BY_8, 3, joined, len(parts), number)) + part
            for number, part in enumerate(parts, 1)
        ),
        is_ucs2,
    )


def piece(delivered: Delivered) -> Piece:
    """Tell which part of what came: by the text's header, or by the parameters that say the same."""
    octets = delivered.octets
    if delivered.esm_class & UDH and octets and len(octets) > octets[0]:
        header, octets = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
        for kind, said in _elements(header):
            if kind == _JOINED_BY_8 and len(said) == 3:
                return _piece(octets, f"8:{said[0]}", said[1], said[2])
            if kind == _JOINED_BY_16 and len(said) == 4:
                return _piece(octets, f"16:{said[0] << 8 | said[1]}", said[2], said[3])
    told = [
        int.from_bytes(delivered.parameters.get(tag, b""))
        for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)
    ]
    return _piece(octets, f"sar:{told[0]}", told[1], told[2])


def read(coding: int, octets: bytes) -> str:
    """Read the octets of a whole text. What cannot be read stands as a replacement character."""
    if coding in _ONE_OCTET_A_LETTER:
        return octets.decode("latin-1")
    # Bits 3 and 2 tell the alphabet in the groups with and without a class (TS 23.038, section 4).
    if coding & 0xC0 in {0x00, 0x40} and coding & 0x0C == 0x08:
        return octets.decode("utf-16-be", errors="replace")
    text: str = _GSM.decode(octets, "replace")[0]
    return text


def _encoded(text: str, *, is_ucs2: bool) -> bytes:
    octets: bytes = text.encode("utf-16-be", "replace") if is_ucs2 else _GSM.encode(text)[0]
    return octets


def _piece(octets: bytes, reference: str, total: int, number: int) -> Piece:
    if total < 2 or not 1 <= number <= total:
        return Piece(octets)
    return Piece(octets, reference, number, total)


def _elements(header: bytes) -> list[tuple[int, bytes]]:
    found = []
    while len(header) >= 2:
        found.append((header[0], header[2 : 2 + header[1]]))
        header = header[2 + header[1] :]
    return found
