"""Numbers of requests, and how satisfied who asked was; pure.

A number is nine random digits and a check digit, so that a slip of the finger is found before
anybody is asked, and so that no number tells how many there are.
"""

from enum import StrEnum

from api.kit.identifiers import BadIdentifier, Reason
from api.kit.text import ascii_digits, normalise

LENGTH = 10

DELIVERED = "delivered"
"""The stage at which what was asked for is there; every kind of request calls it so."""


class Satisfaction(StrEnum):
    """The answers to the one question that is asked at the end, the best first."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    NEITHER = "neither"
    UNSATISFIED = "unsatisfied"
    VERY_UNSATISFIED = "very_unsatisfied"


SATISFIED = frozenset({Satisfaction.VERY_SATISFIED, Satisfaction.SATISFIED})
"""The answers that count as satisfied (mission page, S1)."""


def numbered(first: int) -> str:
    """Give the number of nine digits: themselves, and the check digit of ISO 7064 MOD 11,10."""
    nine = f"{first:09d}"
    return nine + _check_digit(nine)


def request_number(text: str) -> str:
    """Give the ten digits of a request's number as typed; raises BadIdentifier."""
    kind = "request_number"
    digits = "".join(one for one in ascii_digits(normalise(text)) if one not in " -–/.")
    if not digits:
        raise BadIdentifier(kind, Reason.EMPTY)
    if not (digits.isascii() and digits.isdigit()):
        raise BadIdentifier(kind, Reason.NOT_DIGITS)
    if len(digits) != LENGTH:
        raise BadIdentifier(kind, Reason.LENGTH)
    if digits[-1] != _check_digit(digits[:-1]):
        raise BadIdentifier(kind, Reason.CHECK_DIGIT)
    return digits


def about(number: str) -> str:
    """Name a request as the subject of notices and bills."""
    return f"request:{number}"


def number_in(subject: str) -> str | None:
    """Read the number out of a subject; None where it is no request."""
    kind, _colon, number = subject.partition(":")
    return number if kind == "request" else None


def _check_digit(digits: str) -> str:
    # Finds every single wrong digit and nearly every pair of neighbours that changed places.
    carried = 10
    for digit in digits:
        carried = (carried + int(digit)) % 10 or 10
        carried = carried * 2 % 11
    return str((11 - carried) % 10)
