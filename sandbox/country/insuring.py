"""Who is insured: contracts of those who pay for themselves, and the months everybody has on record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from sandbox.country.building import Branch, Country, Person, Workshop
from sandbox.country.calendar import Day, jalali, length
from sandbox.country.peopling import Peopling

SELF_EMPLOYED = {"A": 14, "B": 14, "C": 20}  # contracts by cover
VOLUNTARY = 32
OWNERS = 8  # employers who also pay for themselves
LAPSED, ENDED = 6, 4
NEVER_INSURED = 5
LONGEST_RECORD = 11 * 12  # months
# The minimum wage of thirty days of 1404 (domain page, contributions, section 1), in rials.
LEAST_BASE = 103_909_680
GROWTH = 1.25  # of wages from one year to the next; invented

# Those at the head of the list, so that a newcomer finds them.
SELF = ("نگار", "فرهمند", "negar.farahmand", "self_employed")
WORKER = ("کامران", "دلیری", "kamran.daliri", "insured")
ABROAD = ("داریوش", "آذری", "daryoush.azari", "voluntary_english")

# Where people worked before today's workplaces were there.
GONE = (
    "کارخانهٔ ریسندگی بهار",
    "فروشگاه بزرگ میدان",
    "چاپخانهٔ سپهر",
    "شرکت راه‌سازی گذر",
    "کارگاه کفش پیروز",
    "شرکت بیمارستانی آرامش",
    "کارخانهٔ قند دشت",
    "تعاونی مسافربری راهیان",
)
# The registry lists those who pay for themselves as one place of their branch; code and names invented.
CODE_OF_CONTRACTS = "9990001"
PLACE_OF_CONTRACT = {"self_employed": "حرف و مشاغل آزاد", "voluntary": "بیمهٔ اختیاری"}


@dataclass(frozen=True)
class Contract:
    """A contract; `base` is the monthly base in rials, `ends` the last month of one that ended."""

    number: str
    person: Person
    kind: str
    cover: str
    base: int
    heads: int
    branch: Branch
    starts: Day
    ends: Day | None
    state: str


@dataclass(frozen=True)
class Month:
    """One month of a person at one place, as it stands on record; `wage` is rials of that month."""

    person: Person
    month: Day
    source: str
    place: str
    days: int
    wage: int


@dataclass(frozen=True)
class Spell:
    """Months without a break at one place, both ends counted in months since year 0."""

    source: str
    place: str
    since: int
    until: int


@dataclass(frozen=True)
class Insured:
    """What is on record: the months of each person together, the oldest first."""

    contracts: list[Contract]
    months: list[Month]

    @property
    def people(self) -> list[Person]:
        """Everybody with a month on record, in the order of the records."""
        return list({id(one.person): one.person for one in self.months}.values())


def insure(rng: Random, country: Country, peopling: Peopling, *, on: date) -> Insured:
    """Invent what is on record on the day `on`; those who pay for themselves are new people.

    A list of workers is sent at the end of the next month and a month is paid after it has ended:
    the last month on record is the one before the last.
    """
    last = _count(jalali(on)) - 2
    careers = _Careers(rng, country, last)
    contracts, months = [], []
    for contract in _contracts(rng, country, peopling, last):
        contracts.append(contract)
        months += careers.of_payer(contract)
    owners = {id(role.person) for role in country.roles if role.role == "owner"}
    able = [one for one in country.people if id(one) not in owners]
    never = {id(one) for one in rng.sample([one for one in able if not one.roles], NEVER_INSURED)}
    hero = peopling.invent(*WORKER, born=Day(1362, 7, 12))
    months += careers.of_worker(hero, country.workshops[0])
    for person in able:
        if id(person) not in never:
            place = person.roles[0].workshop if person.roles else rng.choice(country.workshops)
            months += careers.of_worker(person, place if rng.random() < 0.85 else None)
    return Insured(contracts, months)


def _contracts(rng: Random, country: Country, peopling: Peopling, last: int) -> Iterator[Contract]:
    sorts = [("self_employed", cover) for cover, many in SELF_EMPLOYED.items() for _ in range(many)]
    sorts += [("voluntary", "")] * VOLUNTARY
    heads = [
        (("self_employed", "C"), peopling.invent(*SELF, born=Day(1366, 2, 3))),
        (("voluntary", ""), peopling.invent(*ABROAD, born=Day(1358, 11, 20), language="en")),
    ]
    for sort, _ in heads:
        sorts.remove(sort)
    rng.shuffle(sorts)
    owners = [
        role.person for role in country.roles if role.role == "owner" and not role.person.hint
    ]
    people = rng.sample(list({id(one): one for one in owners}.values()), OWNERS)
    people += [peopling.anybody(ages=(24, 60)) for _ in range(len(sorts) - OWNERS)]
    states = ["lapsed"] * LAPSED + ["ended"] * ENDED
    states += ["active"] * (len(sorts) - len(states))
    rng.shuffle(states)
    everyone = [(sort, person, "active") for sort, person in heads]
    everyone += list(zip(sorts, people, states, strict=True))
    numbers = rng.sample(range(10_000_000, 100_000_000), len(everyone))
    for number, ((kind, cover), person, state) in zip(numbers, everyone, strict=True):
        starts = last - rng.randint(8, 96)
        ends = max(starts + 3, last - rng.randint(6, 30)) if state == "ended" else None
        yield Contract(
            number=str(number),
            person=person,
            kind=kind,
            cover=cover,
            # Not round: bills are whole thousands, and what is left over is carried.
            base=LEAST_BASE + 320 + rng.randrange(1_000, 60_000) * 2_500,
            heads=rng.choice((0, 0, 1, 2, 3, 4)) if person.hint != "self_employed" else 2,
            branch=rng.choice(country.branches),
            starts=_month(starts),
            ends=None if ends is None else _month(ends),
            state=state,
        )


class _Careers:
    """Makes months on record, the last one `last`."""

    def __init__(self, rng: Random, country: Country, last: int) -> None:
        self._rng = rng
        self._last = last
        self._branches = country.branches

    def of_payer(self, contract: Contract) -> list[Month]:
        """Work once, mostly, and since the contract began every month by it."""
        until = self._last
        if contract.ends:
            until = _count(contract.ends)
        elif contract.state == "lapsed":
            until = max(_count(contract.starts), self._last - self._rng.randint(5, 20))
        spells = self._work(contract.person, _count(contract.starts) - self._rng.randint(2, 14))
        place = PLACE_OF_CONTRACT[contract.kind]
        code = f"{contract.branch.code}{CODE_OF_CONTRACTS}"
        spells.append(Spell(code, place, _count(contract.starts), until))
        return list(self._months(contract.person, spells, contract.base))

    def of_worker(self, person: Person, place: Workshop | None) -> list[Month]:
        """Work at places that are gone, then at this one until now; without one, no longer."""
        begins = self._last - self._rng.randint(6, 60)
        if place is None:
            spells = self._work(person, begins)
        else:
            begins = max(begins, _count(place.registered_on))
            spells = self._work(person, begins - self._rng.choice((0, 1, 3, 9)))
            spells.append(Spell(place.code, place.name, begins, self._last))
        return list(self._months(person, spells, self._rng.randrange(105, 400) * 1_000_000))

    def _work(self, person: Person, before: int) -> list[Spell]:
        """Work at places of the past, with breaks, up to a month."""
        rng = self._rng
        at = _count(person.birth_date) + rng.randint(18 * 12, 27 * 12)
        at = max(at, self._last - rng.randint(LONGEST_RECORD // 2, LONGEST_RECORD))
        spells: list[Spell] = []
        while at < before:
            until = min(at + rng.randint(8, 60), before) - 1
            code = f"{rng.choice(self._branches).code}{rng.randrange(10**7):07}"
            spells.append(Spell(code, rng.choice(GONE), at, until))
            # With a break of less than a month, that month has two places.
            at = until + rng.choice((0, 1, 2, 4, 10)) if until > at else until + 1
        return spells

    def _months(self, person: Person, spells: list[Spell], wage_now: int) -> Iterator[Month]:
        rng = self._rng
        used = dict.fromkeys(range(spells[0].since, self._last + 1), 0) if spells else {}
        for spell in spells:
            for count in range(spell.since, spell.until + 1):
                month = _month(count)
                left = length(month.year, month.month) - used[count]
                ends = count == spell.until < self._last
                days = (
                    rng.randint(1, left - 1) if left > 1 and ends and rng.random() < 0.6 else left
                )
                if days < 1:
                    continue
                used[count] += days
                worth = wage_now / GROWTH ** (self._last // 12 - month.year)
                yield Month(
                    person,
                    month,
                    spell.source,
                    spell.place,
                    days,
                    int(worth * days / 30_000) * 1_000,
                )


def _count(day: Day) -> int:
    return day.year * 12 + day.month - 1


def _month(count: int) -> Day:
    return Day(count // 12, count % 12 + 1, 1)
