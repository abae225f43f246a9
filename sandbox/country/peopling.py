"""People beside the first two hundred: whoever a story needs, each with a name nobody else has."""

from datetime import date, timedelta
from random import Random

from sandbox.country import identifiers
from sandbox.country.building import Person
from sandbox.country.calendar import Day, jalali
from sandbox.country.names import FAMILIES, MEN, WOMEN

LATIN = {**dict(MEN), **dict(WOMEN), **dict(FAMILIES)}
IS_MAN = {first for first, _ in MEN} | {"کامران", "داریوش"}
WITHOUT_EMAIL = 0.2
ENGLISH = 0.03


class Peopling:
    """Invents people; nobody gets the code, the name or the phone of somebody who is there."""

    def __init__(self, rng: Random, people: list[Person], *, on: date) -> None:
        self._rng = rng
        self._on = on
        self._codes = {one.national_code for one in people}
        self._names = {(one.first_name, one.last_name) for one in people}
        self._known = len(people)
        self.made: list[Person] = []

    def invent(
        self,
        first_name: str,
        last_name: str,
        mail: str,
        hint: str = "",
        *,
        born: Day,
        language: str = "fa",
        reachable: bool = True,
    ) -> Person:
        """Invent one person; who is not `reachable` has neither phone nor email."""
        code = identifiers.national_code(self._rng)
        while code in self._codes:
            code = identifiers.national_code(self._rng)
        self._codes.add(code)
        self._names.add((first_name, last_name))
        number = self._known + len(self.made) + 1
        person = Person(
            national_code=code,
            first_name=first_name,
            last_name=last_name,
            birth_date=born,
            phone=f"0900{number:07}" if reachable else "",
            email=f"{mail}@example.org" if mail and reachable else "",
            language=language,
            hint=hint,
        )
        self.made.append(person)
        return person

    def anybody(
        self,
        *,
        ages: tuple[int, int],
        names: tuple[tuple[str, str], ...] = MEN + WOMEN,
        family: str = "",
        reachable: bool = True,
    ) -> Person:
        """Invent somebody of an age in years, from and to, with one of these first names."""
        rng = self._rng
        while True:
            first = rng.choice(names)
            last = family or rng.choice(FAMILIES)[0]
            if (first[0], last) not in self._names:
                break
        return self.invent(
            first[0],
            last,
            f"{first[1]}.{LATIN[last]}" if last in LATIN and rng.random() >= WITHOUT_EMAIL else "",
            born=jalali(self._on - timedelta(days=rng.randint(ages[0] * 366, ages[1] * 365))),
            language="en" if rng.random() < ENGLISH else "fa",
            reachable=reachable,
        )
