"""Codes by which people, workplaces and papers are known.

Each function takes what a person typed or a file holds (any digits, spaces, dashes, direction
marks), and gives the canonical text or raises BadIdentifier. Rules and sources: domain page
"Identifiers". The masks at the end are what may be shown of a code or a name.
"""

import re
from enum import StrEnum

from api.kit.text import MASK, Code, ascii_digits, normalise

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—_.()/]+")
_DIGITS = re.compile(r"[0-9]+")
_LEGAL_ID_WEIGHTS = (29, 27, 23, 19, 17) * 2
_USUAL_POSTAL_CODE = re.compile(r"(?!(\d)\1{3})[13-9]{4}[1346-9][013-9]{5}")
# One address, no quoted local part, no comment: what mail systems hand out to people.
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


class Reason(StrEnum):
    """Why a text is no such identifier."""

    EMPTY = "empty"
    NOT_DIGITS = "not_digits"
    LENGTH = "length"
    CHECK_DIGIT = "check_digit"
    ALL_SAME_DIGIT = "all_same_digit"
    ALL_ZERO = "all_zero"
    LANDLINE = "landline"
    NOT_MOBILE = "not_mobile"
    COUNTRY = "country"
    FORM = "form"


class BadIdentifier(ValueError):
    """The text is no identifier of this kind; says which rule it broke, never the text itself."""

    def __init__(self, kind: str, reason: Reason) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason


def _compact(kind: str, text: str) -> str:
    compact = _SEPARATORS.sub("", ascii_digits(normalise(text)))
    if not compact:
        raise BadIdentifier(kind, Reason.EMPTY)
    return compact


def _digits(kind: str, text: str, length: int) -> str:
    digits = _compact(kind, text)
    if not _DIGITS.fullmatch(digits):
        raise BadIdentifier(kind, Reason.NOT_DIGITS)
    if len(digits) != length:
        raise BadIdentifier(kind, Reason.LENGTH)
    return digits


def national_code(text: str, *, repair: bool = False) -> str:
    """Give the ten digits of a person's national code.

    `repair` puts back one or two leading zeros that a spreadsheet lost; allowed only on a path
    where a person confirms the result.
    """
    kind = "national_code"
    if repair and len(lost := _compact(kind, text)) in {8, 9}:
        text = lost.zfill(10)
    digits = _digits(kind, text, 10)
    # Ten equal digits pass the arithmetic below.
    if len(set(digits)) == 1:
        raise BadIdentifier(kind, Reason.ALL_SAME_DIGIT)
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    if int(digits[9]) != (rest if rest < 2 else 11 - rest):
        raise BadIdentifier(kind, Reason.CHECK_DIGIT)
    return digits


def legal_id(text: str) -> str:
    """Give the eleven digits of a legal entity's national id."""
    kind = "legal_id"
    digits = _digits(kind, text, 11)
    if digits[3:9] == "000000":
        raise BadIdentifier(kind, Reason.ALL_ZERO)
    shift = int(digits[9]) + 2
    pairs = zip(digits[:10], _LEGAL_ID_WEIGHTS, strict=True)
    if sum((int(digit) + shift) * weight for digit, weight in pairs) % 11 % 10 != int(digits[10]):
        raise BadIdentifier(kind, Reason.CHECK_DIGIT)
    return digits


def employer_no(text: str) -> str:
    """Give what an employer is known by: a legal entity's id, or a person's national code."""
    kind = "employer_no"
    try:
        return legal_id(text) if len(_compact(kind, text)) == 11 else national_code(text)
    except BadIdentifier as bad:
        raise BadIdentifier(kind, bad.reason) from None


def workshop_code(text: str) -> str:
    """Give the ten digits of a workshop code; it has no check digit, so echo the workshop's name."""
    return _digits("workshop_code", text, 10)


def debt_number(text: str) -> str:
    """Give the thirteen digits of a debt's number."""
    return _digits("debt_number", text, 13)


def postal_code(text: str) -> str:
    """Give the ten digits of a postal code; `is_usual_postal_code` looks closer."""
    return _digits("postal_code", text, 10)


def is_usual_postal_code(code: str) -> bool:
    """Say whether ten digits follow the post's pattern: worth a question, not a refusal."""
    return _USUAL_POSTAL_CODE.fullmatch(code) is not None


def mobile(text: str) -> str:
    """Give an Iranian mobile number as +989XXXXXXXXX.

    Prefixes of operators grow and numbers move between them: only `9` and nine digits are checked.
    """
    kind = "mobile"
    number = _compact(kind, text)
    if not _DIGITS.fullmatch(number.removeprefix("+")):
        raise BadIdentifier(kind, Reason.NOT_DIGITS)
    if number.startswith(("+", "00")):
        number = number.removeprefix("+").removeprefix("00")
        if not number.startswith("98"):
            raise BadIdentifier(kind, Reason.COUNTRY)
        number = number[2:]
    elif number.startswith("0"):
        number = number[1:]
    elif number.startswith("98") and len(number) == 12:
        number = number[2:]
    if not number.startswith("9"):
        raise BadIdentifier(kind, Reason.LANDLINE if len(number) == 10 else Reason.NOT_MOBILE)
    if len(number) != 10:
        raise BadIdentifier(kind, Reason.LENGTH)
    return f"+98{number}"


def email(text: str) -> str:
    """Give one plain e-mail address, its domain in lower case; nothing that could add a header."""
    kind = "email"
    address = ascii_digits(normalise(text))
    if not address:
        raise BadIdentifier(kind, Reason.EMPTY)
    if not _EMAIL.fullmatch(address):
        raise BadIdentifier(kind, Reason.FORM)
    local, _, domain = address.rpartition("@")
    # RFC 5321, 4.5.3.1: limits of the local part and of the whole path.
    if len(local) > 64 or len(address) > 254:
        raise BadIdentifier(kind, Reason.LENGTH)
    return f"{local}@{domain.lower()}"


def mask_phone(e164: str) -> Code:
    """Show a phone so that its owner knows it: `0912•••4567`."""
    local = e164.replace("+98", "0", 1) if e164.startswith("+98") else e164
    return Code(f"{local[:4]}•••{local[-4:]}")


def mask_name(first_name: str, last_name: str) -> str:
    """Show a person so that they know themselves: «م*** ا***»."""
    return " ".join(f"{name[0]}{MASK}" for name in (first_name, last_name) if name)


def mask_workshop(code: str) -> str:
    """Show a workshop by the last four digits of its code: `*4521`."""
    return f"*{code[-4:]}"
