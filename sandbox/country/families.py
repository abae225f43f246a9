"""Families: husbands, wives and children as the registry knows them, and where they live."""

from dataclasses import dataclass
from datetime import date
from random import Random

from sandbox.country.building import Person
from sandbox.country.calendar import Day, jalali
from sandbox.country.geography import CITIES, STREETS
from sandbox.country.names import MEN, WOMEN
from sandbox.country.peopling import IS_MAN, Peopling

FAMILIES = 60
OF_AGE = 18  # years
WITH_PHONE = 16  # years
WITHOUT_ADDRESS = 0.1


PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
# The children of those with a hint, by first names and age.
CHILDREN = {
    "insured": [(WOMEN, 9), (MEN, 20)],
    "self_employed": [(MEN, 6)],
}


@dataclass(frozen=True)
class Kin:
    """`dependant` is covered by the insurance of `person`, until a day where that is over."""

    person: Person
    dependant: Person
    relation: str
    since: Day
    until: Day | None


def marry(rng: Random, insured: list[Person], peopling: Peopling, *, on: date) -> list[Kin]:
    """Give some of the insured a husband or wife, and children of every age.

    Those with a hint come first: theirs are a girl of nine and a son of twenty, or one child.
    """
    today = jalali(on)
    heads = [one for one in insured if one.hint in CHILDREN]
    others = rng.sample(
        [one for one in insured if not one.hint and _age(one, today) > 30], FAMILIES
    )
    found: list[Kin] = []
    for person in [*heads, *others]:
        man, age = person.first_name in IS_MAN, _age(person, today)
        children = CHILDREN.get(person.hint) or [
            (rng.choice((MEN, WOMEN)), rng.randint(1, min(24, age - 24)))
            for _ in range(rng.choice((0, 1, 1, 2, 3)))
        ]
        father = person
        if person.hint or rng.random() < 0.9:
            ages = (max(22, age - 6), max(24, age + 4))
            spouse = peopling.anybody(ages=ages, names=WOMEN if man else MEN)
            years = max((years for _, years in children), default=0) + rng.randint(1, 4)
            wedding = Day(today.year - years, rng.randint(1, 12), rng.randint(1, 29))
            found.append(Kin(person, spouse, "spouse", wedding, None))
            father = person if man else spouse
        for names, years in children:
            child = peopling.anybody(
                ages=(years, years + 1),
                names=names,
                family=father.last_name,
                reachable=years >= WITH_PHONE,
            )
            found.append(Kin(person, child, "child", child.birth_date, _until(rng, child, today)))
    return found


def house(rng: Random, people: list[Person], kin: list[Kin]) -> None:
    """Give people an address, a family one of its own; that of some is not registered."""
    heads = {id(one.dependant): one.person for one in kin}
    for person in people:
        if id(person) not in heads and (person.hint or rng.random() >= WITHOUT_ADDRESS):
            city, street = rng.choice(CITIES)[1], rng.choice(STREETS)
            number = str(rng.randrange(2, 400)).translate(PERSIAN)
            person.address = f"{city}، {street}، پلاک {number}"
    for person in people:
        if id(person) in heads:
            person.address = heads[id(person)].address


def _until(rng: Random, child: Person, today: Day) -> Day | None:
    """A son's cover ends with his studies at the latest; here on some birthday of those of age."""
    if _age(child, today) < OF_AGE or rng.random() < 0.5:
        return None
    born = child.birth_date
    return Day(born.year + OF_AGE, born.month, min(born.day, 29))


def _age(person: Person, today: Day) -> int:
    born = person.birth_date
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
