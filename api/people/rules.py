"""A person as the registry lists them."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person's facts, in canonical form; known by `national_code`."""

    national_code: str
    first_name: str
    last_name: str
    birth_date: date | None
    phone: str | None
    email: str | None
    language: str
