"""Codes of eight letters: the check codes of notices, and those that are random.

A check code, by which anybody can ask whether a notice is genuine, is the first 40 bits of an HMAC
over the notice's id, in Crockford's base 32: no look-alike letters, readable aloud. It is computed
when it is shown and verified by computing it again.
"""

import hashlib
import hmac
import re
import secrets
import uuid

from api.kit.text import ascii_digits, normalise

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
_BITS = 5 * _LENGTH
# Crockford's rule: what looks like a digit is read as that digit.
_READ = str.maketrans("OIL", "011")
_BREAKS = re.compile(r"[\s\-‐‑‒–—_]+")
_WHOLE = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}")


def check_code(key: bytes, notice_id: uuid.UUID) -> str:
    """Give the eight letters of a notice's check code, ungrouped."""
    digest = hmac.digest(key, notice_id.bytes, hashlib.sha256)
    return _written(int.from_bytes(digest[: _BITS // 8], "big"))


def fresh() -> str:
    """Make a random code, ungrouped."""
    return _written(secrets.randbits(_BITS))


def _written(bits: int) -> str:
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(_BITS - 5, -1, -5))


def grouped(code: str) -> str:
    """Write a code for the eye: `K7Q2-M4XD`."""
    return f"{code[:4]}-{code[4:]}"


def parse_code(text: str) -> str | None:
    """Read a code as people type it (any case and digits, dashes, O for 0); None if it is none."""
    compact = _BREAKS.sub("", ascii_digits(normalise(text))).upper().translate(_READ)
    return compact if _WHOLE.fullmatch(compact) else None
