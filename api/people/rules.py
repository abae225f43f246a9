"""People and their dependants as the registry lists them, and who is still a child; pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from api.kit import calendar

OF_AGE = 18
"""Years, of the Jalali calendar: from that birthday on nobody acts for another by relation alone."""


class Relation(StrEnum):
    """What a dependant is to the insured."""

    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"


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
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DependantRow:
    """Who depends on whom; known by the two national codes."""

    national_code: str
    dependant_code: str
    relation: Relation
    since: date
    until: date | None = None
    """The last day; none while it lasts."""


def is_under_age(birth_date: date | None, today: date) -> bool:
    """Whether the 18th birthday is still to come; of an unknown day of birth nobody can say so.

    Who was born on 30 Esfand has the birthday on the last day of Esfand.
    """
    return birth_date is not None and today < calendar.add_months(birth_date, OF_AGE * 12)
