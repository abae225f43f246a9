"""What somebody says of themself, as it is typed or shared; raises Invalid with the field."""

from api.errors import Invalid
from api.kit import identifiers
from api.kit.calendar import BadDate, Month
from api.kit.identifiers import BadIdentifier
from api.kit.text import ascii_digits, normalise


def national_code(text: str) -> str:
    try:
        return identifiers.national_code(text)
    except BadIdentifier as bad:
        raise Invalid(field="national_code", reason=bad.reason) from None


def phone(text: str) -> str:
    """Any country's number, as a messenger shares it: with or without its plus sign."""
    try:
        return identifiers.mobile(text)
    except BadIdentifier:
        digits = ascii_digits(normalise(text)).removeprefix("+").removeprefix("00")
        digits = digits.replace(" ", "").replace("-", "")
        if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15):
            raise Invalid(field="phone", reason="form") from None
        return f"+{digits}"


def month(text: str | None) -> str:
    """A month, as YYYY-MM."""
    try:
        return str(Month.parse(text or ""))
    except BadDate as bad:
        raise Invalid(field="month", reason=bad.reason) from None
