"""Codes people read and type: the check codes of notices and papers, and those that are random.

A check code, by which anybody can ask whether a notice is genuine, is 40 bits of an HMAC over the
notice's id, in Crockford's base 32: no look-alike letters, readable aloud. It is computed when it is
shown and verified by computing it again. Every code has a digit, so none can be taken for a word,
whoever writes it without its dash: where the first 40 bits have none, those from the next byte on
are taken.

That of a paper is twice as long and says itself what it vouches for, a day and a number: 16 bits
each and 48 of an HMAC over both. So a paper is verified though nothing was kept when it was made.
"""

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import count

from api.kit.text import ascii_digits, normalise

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
_BITS = 5 * _LENGTH
# Crockford's rule: what looks like a digit is read as that digit.
_READ = str.maketrans("OIL", "011")
_BREAKS = re.compile(r"[\s\-‐‑‒–—_]+")
_MARK_LETTERS, _MARK_BYTES, _HALF = 16, 6, 1 << 16
_ZERO_DAY = date(2000, 1, 1)
_WHOLE_MARK = re.compile(f"[{_ALPHABET}]{{{_MARK_LETTERS}}}")
_WHOLE = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")


def check_code(key: bytes, notice_id: uuid.UUID) -> str:
    """Give the eight letters of a notice's check code, ungrouped."""
    return _with_a_digit(_windows(key, notice_id))


def is_check_code(key: bytes, notice_id: uuid.UUID, code: str) -> bool:
    """Say whether a code is that of a notice; one that was sent before all had a digit is too."""
    return code in {check_code(key, notice_id), next(_windows(key, notice_id))}


def fresh() -> str:
    """Make a random code, ungrouped."""
    return _with_a_digit(_written(secrets.randbits(_BITS)) for _try in count())


def paper_code(key: bytes, day: date, number: int) -> str:
    """Give the sixteen letters that vouch for a day and a number, ungrouped.

    The day is one of 179 years from 2000, the number at most 65,535: ValueError for others.
    """
    since = (day - _ZERO_DAY).days
    if not (0 <= since < _HALF and 0 <= number < _HALF):
        raise ValueError("a paper's code holds no such day or number")
    said = since * _HALF + number
    bits = said << 8 * _MARK_BYTES | int.from_bytes(_mark(key, said), "big")
    return _written(bits, _MARK_LETTERS)


def vouched(key: bytes, code: str) -> tuple[date, int] | None:
    """Say for which day and number a paper's code vouches, None where it is not of this key."""
    if not _WHOLE_MARK.fullmatch(code):
        return None
    bits = 0
    for letter in code:
        bits = bits << 5 | _ALPHABET.index(letter)
    said = bits >> 8 * _MARK_BYTES
    mark = (bits & (1 << 8 * _MARK_BYTES) - 1).to_bytes(_MARK_BYTES, "big")
    if not hmac.compare_digest(mark, _mark(key, said)):
        return None
    return _ZERO_DAY + timedelta(days=said // _HALF), said % _HALF


def _mark(key: bytes, said: int) -> bytes:
    return hmac.digest(key, said.to_bytes(4, "big"), hashlib.sha256)[:_MARK_BYTES]


def _windows(key: bytes, notice_id: uuid.UUID) -> Iterator[str]:
    digest = hmac.digest(key, notice_id.bytes, hashlib.sha256)
    for start in count():
        yield _written(int.from_bytes(digest[start : start + _BITS // 8], "big"))


def _with_a_digit(codes: Iterable[str]) -> str:
    return next(code for code in codes if not code.isalpha())


def _written(bits: int, letters: int = _LENGTH) -> str:
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(5 * letters - 5, -1, -5))


def grouped(code: str) -> str:
    """Write a code for the eye: `K7Q2-M4XD`."""
    return code if len(code) <= 4 else f"{code[:4]}-{grouped(code[4:])}"


def parse_code(text: str) -> str | None:
    """Read a code as people type it (any case and digits, dashes, O for 0); None if it is none."""
    return compact if _WHOLE.fullmatch(compact := _compact(text)) else None


def parse_paper_code(text: str) -> str | None:
    """Read the code of a paper likewise; None if it is none."""
    return compact if _WHOLE_MARK.fullmatch(compact := _compact(text)) else None


def _compact(text: str) -> str:
    return _BREAKS.sub("", ascii_digits(normalise(text))).upper().translate(_READ)
