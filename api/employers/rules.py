"""The words of employers and of those who speak for them."""

from enum import StrEnum


class EmployerKind(StrEnum):
    LEGAL = "legal"
    NATURAL = "natural"


class Role(StrEnum):
    """What a contact is to a workshop."""

    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"
