"""The cards beside the phones: what each person is, knows and has, as `people.json` holds it."""

from typing import Any

from sandbox.country.building import Person, Role
from sandbox.country.calendar import MONTHS, Day
from sandbox.country.families import Kin
from sandbox.country.insuring import Insured

DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


class Cards:
    """What stands on the card beside a person's phone."""

    def __init__(self, insured: Insured, kin: list[Kin], registered: set[str]) -> None:
        """`registered` are the codes of the workplaces that the organisation still knows."""
        self._contracts = {id(one.person): one for one in insured.contracts}
        self._first: dict[int, Day] = {}
        self._last: dict[int, str] = {}
        for one in insured.months:
            self._first.setdefault(id(one.person), one.month)
            if one.source in registered:
                self._last[id(one.person)] = one.place
        self._working = {id(one.person) for one in insured.months} - set(self._contracts)
        self._kin: dict[int, list[Kin]] = {}
        self._of: dict[int, Kin] = {}
        for two in kin:
            self._kin.setdefault(id(two.person), []).append(two)
            self._of[id(two.dependant)] = two

    def of(self, person: Person) -> dict[str, Any]:
        """Answer the card of a person, as `people.json` holds it."""
        return {
            "id": person.national_code,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone": person.phone,
            "email": person.email,
            "language": person.language,
            "hint": person.hint,
            "kinds": self._kinds(person),
            "roles": [
                {
                    "workshop_code": one.workshop.code,
                    "workshop": one.workshop.name,
                    "role": one.role,
                    "city": one.workshop.branch.city,
                }
                for one in person.roles
            ],
            "family": [
                {
                    "relation": one.relation,
                    "name": f"{one.dependant.first_name} {one.dependant.last_name}",
                    "national_code": one.dependant.national_code,
                    "born": str(one.dependant.birth_date.year),
                }
                for one in self._kin.get(id(person), [])
            ],
            "facts": [
                *self._first_month(person),
                *self._last_workplace(person),
                *map(_registration, person.roles),
            ],
        }

    def _kinds(self, person: Person) -> list[str]:
        """What somebody is to the organisation, in the words the desk knows."""
        found = ["employer"] if any(one.role == "owner" for one in person.roles) else []
        if person.roles and not found:
            found.append("contact")
        if contract := self._contracts.get(id(person)):
            found.append(contract.kind)
        if id(person) in self._working:
            found.append("worker")
        if kin := self._of.get(id(person)):
            found.append(kin.relation)
        return found

    def _first_month(self, person: Person) -> list[dict[str, str]]:
        month = self._first.get(id(person))
        if month is None:
            return []
        return [{"kind": "first_month", "month": month.period, "words": _month(month)}]

    def _last_workplace(self, person: Person) -> list[dict[str, str]]:
        place = self._last.get(id(person))
        return [{"kind": "last_workplace", "words": place}] if place else []


def _registration(role: Role) -> dict[str, str]:
    return {
        "kind": "registration_month",
        "workshop_code": role.workshop.code,
        "workshop": role.workshop.name,
        "month": role.workshop.registered_on.period,
        "words": _month(role.workshop.registered_on),
    }


def _month(day: Day) -> str:
    return f"{MONTHS[day.month - 1]} {str(day.year).translate(DIGITS)}"
