"""What a cell of a sheet says: text in, a fact out, or a reason in plain words."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from api.kit import identifiers
from api.kit.calendar import BadDate, Month, parse_day
from api.kit.identifiers import BadIdentifier, Reason
from api.kit.text import ascii_digits, normalise

Word = TypeVar("Word", bound=StrEnum)
Reader = Callable[[str], Any]

_SCIENTIFIC = re.compile(r"[0-9]+(?:[.][0-9]+)?[eE][+]?[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:[.][0-9]{1,12})?")
_LARGEST_AMOUNT = 19

_LENGTHS = {"national_code": 10, "workshop_code": 10, "debt_number": 13}

_WHY: Mapping[Reason, str] = {
    Reason.EMPTY: "is empty",
    Reason.NOT_DIGITS: "is not made of digits",
    Reason.LENGTH: "has a wrong number of digits",
    Reason.CHECK_DIGIT: "has a wrong check digit: a digit is mistyped",
    Reason.ALL_SAME_DIGIT: "is one digit repeated",
    Reason.ALL_ZERO: "is made of zeros",
    Reason.LANDLINE: "is a landline, not a mobile phone",
    Reason.NOT_MOBILE: "is no mobile number",
    Reason.COUNTRY: "is no Iranian mobile number",
    Reason.FORM: "is no e-mail address",
}

_WHY_NO_DAY: Mapping[str, str] = {
    "form": "is no day: write 1405/07/21",
    "year": "is no year of the Jalali calendar: write 1405/07/21",
    "month": "has a month that is none",
    "day": "has a day that the month does not have",
    "not_leap": "is 30 Esfand of a year that has 29",
}


class BadCell(ValueError):
    """A cell that cannot be read; the text is the reason in plain words."""


def code(kind: Callable[[str], str]) -> Reader:
    """Read an identifier by its rule of the kit."""

    def read(cell: str) -> str:
        _not_excel(cell)
        try:
            return kind(cell)
        except BadIdentifier as bad:
            raise BadCell(_lost_zeros(bad, cell) or _WHY[bad.reason]) from None

    return read


def digits(length: int) -> Reader:
    """Read a code of so many digits that has no rule of its own."""

    def read(cell: str) -> str:
        _not_excel(cell)
        text = ascii_digits(normalise(cell))
        if not _DIGITS.fullmatch(text):
            raise BadCell("is not made of digits" if text else "is empty")
        if len(text) < length:
            raise BadCell(_zeros_hint(len(text), length))
        if len(text) > length:
            raise BadCell(f"has {len(text)} digits instead of {length}")
        return text

    return read


def bank_number(cell: str) -> str:
    """Read a bill id or a payment id, which banks fill up with zeros."""
    _not_excel(cell)
    text = ascii_digits(normalise(cell))
    if not _DIGITS.fullmatch(text):
        raise BadCell("is not made of digits" if text else "is empty")
    number_ = text.lstrip("0")
    if not 6 <= len(number_) <= 13:
        raise BadCell("is not made of 6 to 13 digits")
    return number_


def reference(cell: str) -> str:
    """Read a bank's number of a payment: up to 32 letters and digits."""
    _not_excel(cell)
    return ascii_digits(words(32)(cell))


def words(longest: int) -> Reader:
    """Read a text as we keep it, up to so many letters."""

    def read(cell: str) -> str:
        text = normalise(cell)
        if not text:
            raise BadCell("is empty")
        if len(text) > longest:
            raise BadCell(f"is longer than {longest} letters")
        return text

    return read


def one_of(kind: type[Word]) -> Callable[[str], Word]:
    """Read a word of a list, in large or small letters."""
    known = {word.lower(): word for word in kind if word}

    def read(cell: str) -> Word:
        try:
            return known[normalise(cell).lower()]
        except KeyError:
            raise BadCell(f"is none of {', '.join(known.values())}") from None

    return read


def maybe(read: Reader, default: Any = None) -> Reader:
    """Read a cell that may be empty."""
    return lambda cell: read(cell) if cell.strip() else default


@lru_cache(maxsize=4096)
def day(cell: str) -> date:
    """Read a Jalali day."""
    try:
        return parse_day(cell)
    except BadDate as bad:
        raise BadCell(_WHY_NO_DAY[bad.reason]) from None


@lru_cache(maxsize=4096)
def month(cell: str) -> Month:
    """Read a Jalali month."""
    try:
        return Month.parse(cell)
    except BadDate:
        raise BadCell("is no month: write 1405-05") from None


def rials(cell: str) -> int:
    """Read a whole amount of rials, not below zero."""
    _not_excel(cell)
    text = ascii_digits(normalise(cell))
    if not _DIGITS.fullmatch(text) or len(text) > _LARGEST_AMOUNT:
        raise BadCell("is no whole amount of rials")
    return int(text)


def number(most: int) -> Callable[[str], int]:
    """Read a whole number from 0 to `most`."""

    def read(cell: str) -> int:
        text = ascii_digits(normalise(cell))
        if not _DIGITS.fullmatch(text) or len(text) > _LARGEST_AMOUNT or int(text) > most:
            raise BadCell(f"is no whole number up to {most}")
        return int(text)

    return read


def yes_or_no(cell: str) -> bool:
    """Read a yes or a no."""
    try:
        return {"yes": True, "no": False}[normalise(cell).lower()]
    except KeyError:
        raise BadCell("is neither yes nor no") from None


def degrees(most: float) -> Callable[[str], float]:
    """Read a latitude or a longitude in decimal degrees."""

    def read(cell: str) -> float:
        text = ascii_digits(normalise(cell)).replace("٫", ".")
        if not _DEGREES.fullmatch(text) or not -most <= float(text) <= most:
            raise BadCell("is no place in decimal degrees, such as 35.6892")
        return float(text)

    return read


national_code = code(identifiers.national_code)
employer_no = code(identifiers.employer_no)
workshop_code = code(identifiers.workshop_code)
debt_number = code(identifiers.debt_number)
mobile = code(identifiers.mobile)
email = code(identifiers.email)


def _not_excel(cell: str) -> None:
    if _SCIENTIFIC.fullmatch(cell.strip()):
        raise BadCell("was shortened by the spreadsheet: format the column as text")


def _lost_zeros(bad: BadIdentifier, cell: str) -> str | None:
    wanted = _LENGTHS.get(bad.kind)
    if bad.reason is not Reason.LENGTH or wanted is None:
        return None
    length = sum(character.isdecimal() for character in cell)
    return _zeros_hint(length, wanted) if length < wanted else f"has {length} digits, not {wanted}"


def _zeros_hint(length: int, wanted: int) -> str:
    return (
        f"has {length} digits instead of {wanted}: the spreadsheet may have dropped leading zeros, "
        "format the column as text"
    )
