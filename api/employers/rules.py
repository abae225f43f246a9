"""Employers, workshops and contacts as the registry lists them."""

import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class EmployerKind(StrEnum):
    LEGAL = "legal"
    NATURAL = "natural"


class Role(StrEnum):
    """What a contact is to a workshop."""

    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerRow:
    """An employer as the registry lists it; known by `number`."""

    number: str
    kind: EmployerKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkshopRow:
    """A workshop as the registry lists it; known by `code`."""

    code: str
    employer_no: str
    branch_id: uuid.UUID
    name: str
    activity: str
    address: str
    registered_on: date
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """Who speaks for a workshop; known by the two."""

    workshop_code: str
    person_id: uuid.UUID
    role: Role
    since: date
    until: date | None = None
    """The last day; none while it lasts."""
