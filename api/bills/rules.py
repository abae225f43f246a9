"""What a bill is made of: its numbers, its whole thousands, its states.

Bill id and payment id: domain page "Identifiers". Check digits are weighted from the right, 2 to 7
and again from 2.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import mul
from typing import Any, NamedTuple

from api.kit.calendar import Month

THOUSAND = 1_000
"""Payment ids speak of whole thousands of rials."""

MOST_THOUSANDS = 99_999_999
"""A payment id has room for eight digits of thousands; a larger bill has several."""

_DIGITS = re.compile(r"[0-9]{6,13}")
_WEIGHTS = (2, 3, 4, 5, 6, 7) * 5
_ABOUT = "bill:"


class Purpose(StrEnum):
    """What a bill is for."""

    CONTRIBUTION = "contribution"
    BOOKLET_FEE = "booklet_fee"


class State(StrEnum):
    OPEN = "open"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class Fault(StrEnum):
    """Why two numbers are no bill id and payment id of one bill."""

    FORM = "form"
    BILL_ID_CHECK_DIGIT = "bill_id_check_digit"
    FIRST_CHECK_DIGIT = "first_check_digit"
    SECOND_CHECK_DIGIT = "second_check_digit"


class BadNumbers(ValueError):
    """The two numbers do not belong together, or one of them is none; `fault` says which rule."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class NewBill(NamedTuple):
    """A bill to issue; see `models.Bill` for the meaning of each.

    A tuple, because half a million are made in a night. `file_code` (at most 8 digits) goes into the bill id. `lines` add up to `amount` + `carried`; a
    bill whose `amount` is 0 is not issued, and what it assessed is carried on in the ledger alone.
    """

    person_id: uuid.UUID
    payer_of: uuid.UUID
    about: str
    purpose: Purpose
    period: str
    file_code: str
    assessed: int
    amount: int
    carried: int
    lines: list[dict[str, Any]]
    issued_on: date
    due_on: date


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a bill id and a payment id say; the amount is in rials."""

    file_code: str
    company_code: str
    service_type: int
    amount: int
    year_digit: int
    period: int


def about(bill_id: uuid.UUID) -> str:
    """Name a bill as the subject of notices and transfers."""
    return f"{_ABOUT}{bill_id}"


def id_of(subject: str) -> uuid.UUID:
    """Read what `about` wrote; ValueError for another subject."""
    if not subject.startswith(_ABOUT):
        raise ValueError(f"{subject!r} is no bill")
    return uuid.UUID(subject.removeprefix(_ABOUT))


def to_thousands(assessed: int, brought: int = 0) -> tuple[int, int]:
    """Cut what is owed (with the remainder brought from before) to whole thousands.

    Gives what is billed and the remainder carried on, both in rials. Below a thousand nothing is
    billed and all is carried.
    """
    carried = (assessed + brought) % THOUSAND
    return assessed + brought - carried, carried


def bill_id(file_code: str, company_code: str, service_type: int | str) -> str:
    """Give the bill id of a file at a company; ValueError for codes of another form."""
    file = file_code.lstrip("0")
    body = f"{file}{company_code}{service_type}"
    if (
        not 1 <= len(file) <= 8
        or len(company_code) != 3
        or len(str(service_type)) != 1
        or not (body.isascii() and body.isdecimal())
    ):
        raise ValueError(
            "a bill id needs a file code of 1 to 8 digits, 3 of a company, 1 of a type"
        )
    return f"{body}{_check_digit(body)}"


def payment_ids(bill_id: str, amount: int, period: Month) -> tuple[str, ...]:
    """Give the payment ids of a bill: one, or several that cover it together.

    ValueError for an amount that is not whole thousands above zero.
    """
    if amount <= 0 or amount % THOUSAND:
        raise ValueError("a payment id needs whole thousands")
    return tuple(
        _payment_id(bill_id, thousands, period) for thousands in _parts(amount // THOUSAND)
    )


def parse(bill_id: str, payment_id: str) -> Numbers:
    """Read a bill id and a payment id, of ASCII digits; raises BadNumbers."""
    if not (_DIGITS.fullmatch(bill_id) and _DIGITS.fullmatch(payment_id)):
        raise BadNumbers(Fault.FORM)
    # Padding would move the weights of the bill's digits in the second check.
    bill_id, payment_id = bill_id.lstrip("0"), payment_id.lstrip("0")
    if len(bill_id) < 6 or len(payment_id) < 6:
        raise BadNumbers(Fault.FORM)
    if bill_id[-1] != _check_digit(bill_id[:-1]):
        raise BadNumbers(Fault.BILL_ID_CHECK_DIGIT)
    if payment_id[-2] != _check_digit(payment_id[:-2]):
        raise BadNumbers(Fault.FIRST_CHECK_DIGIT)
    if payment_id[-1] != _check_digit(bill_id + payment_id[:-1]):
        raise BadNumbers(Fault.SECOND_CHECK_DIGIT)
    return Numbers(
        file_code=bill_id[:-5],
        company_code=bill_id[-5:-2],
        service_type=int(bill_id[-2]),
        amount=int(payment_id[:-5]) * THOUSAND,
        year_digit=int(payment_id[-5]),
        period=int(payment_id[-4:-2]),
    )


def _payment_id(bill_id: str, thousands: int, period: Month) -> str:
    body = f"{thousands}{period.year % 10}{period.month:02d}"
    body += _check_digit(body)
    return body + _check_digit(bill_id.lstrip("0") + body)


def _parts(thousands: int) -> Sequence[int]:
    """Cut thousands into as few parts as fit, no two alike: alike, their numbers would be as well."""
    parts = []
    largest = MOST_THOUSANDS
    while thousands > largest:
        parts.append(largest)
        thousands -= largest
        largest -= 1
    return [*parts, thousands]


def _check_digit(digits: str) -> str:
    # Without the loop of Python's own: half a million bills are numbered in a night.
    rest = sum(map(mul, map(int, reversed(digits)), _WEIGHTS)) % 11
    return "0" if rest < 2 else str(11 - rest)
