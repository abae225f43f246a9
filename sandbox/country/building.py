"""The country itself: its people, firms, workplaces and who speaks for them."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sandbox.country import identifiers
from sandbox.country.calendar import Day, jalali
from sandbox.country.geography import CITIES, HOURS, OFFICE_HOURS, STREETS
from sandbox.country.names import FAMILIES, MEN, WOMEN
from sandbox.country.trades import FIRMS, TRADES

PEOPLE = 200
EMPLOYERS = 40
LEGAL = 26  # of the employers; the others are persons
WITHOUT_PHONE = 12
WITHOUT_EMAIL = 30
ENGLISH = 6

# Those at the head of the list, so that a newcomer finds them: one workplace, three ways to be reached.
HEADS = (
    ("مریم", "سپهری", "maryam.sepehri"),
    ("بهزاد", "نیک‌منش", "behzad.nikmanesh"),
    ("پروین", "رستگار", "parvin.rastegar"),
    ("سارا", "کیانی", "sara.kiani"),
)
OWNER, BY_SMS, BY_MAIL, ACCOUNTANT = range(4)


@dataclass
class Person:
    """`reach` says by what a contact is meant to be reached: chat, sms or email."""

    national_code: str
    first_name: str
    last_name: str
    birth_date: Day
    phone: str
    email: str
    language: str
    hint: str = ""
    address: str = ""
    roles: list["Role"] = field(default_factory=list)


@dataclass(frozen=True)
class Branch:
    code: str
    kind: str
    name: str
    province: str
    city: str
    address: str
    phone: str
    latitude: float
    longitude: float

    @property
    def hours(self) -> str:
        return HOURS if self.kind == "branch" else OFFICE_HOURS


@dataclass(frozen=True)
class Employer:
    number: str
    kind: str
    name: str


@dataclass
class Workshop:
    code: str
    employer: Employer
    branch: Branch
    name: str
    activity: str
    address: str
    registered_on: Day


@dataclass(frozen=True)
class Role:
    workshop: Workshop
    person: Person
    role: str
    since: Day


@dataclass
class Country:
    people: list[Person]
    branches: list[Branch]
    employers: list[Employer]
    workshops: list[Workshop]
    roles: list[Role]


def build(rng: Random, *, on: date) -> Country:
    """Invent a country that lives on the day `on`."""
    people = _people(rng, on)
    branches = _branches(rng)
    employers, owners = _employers(rng, people)
    workshops = _workshops(rng, employers, branches, on)
    roles = _roles(rng, people, owners, workshops)
    for role in roles:
        role.person.roles.append(role)
    people[OWNER].hint = "start"
    people[BY_SMS].hint = "only_sms"
    people[BY_MAIL].hint = "only_mail"
    people[ACCOUNTANT].hint = "english_three"
    return Country(people, branches, employers, workshops, roles)


def _people(rng: Random, on: date) -> list[Person]:
    names = [(first, last, mail) for first, last, mail in HEADS]
    taken = {(first, last) for first, last, _ in HEADS}
    while len(names) < PEOPLE:
        first, last = rng.choice(rng.choice((MEN, WOMEN))), rng.choice(FAMILIES)
        if (first[0], last[0]) not in taken:
            taken.add((first[0], last[0]))
            names.append((first[0], last[0], f"{first[1]}.{last[1]}"))
    common = range(len(HEADS), PEOPLE)
    no_phone = {BY_MAIL, *rng.sample(common, WITHOUT_PHONE - 1)}
    no_email = {BY_SMS, *rng.sample([n for n in common if n not in no_phone], WITHOUT_EMAIL - 1)}
    english = {ACCOUNTANT, *rng.sample(common, ENGLISH - 1)}
    codes: set[str] = set()
    while len(codes) < PEOPLE:
        codes.add(identifiers.national_code(rng))
    return [
        Person(
            national_code=code,
            first_name=first,
            last_name=last,
            birth_date=jalali(on - timedelta(days=rng.randrange(30 * 365, 66 * 365))),
            phone="" if number in no_phone else f"0900{number + 1:07}",
            email="" if number in no_email else f"{mail}@example.org",
            language="en" if number in english else "fa",
        )
        for number, (code, (first, last, mail)) in enumerate(zip(sorted(codes), names, strict=True))
    ]


def _branches(rng: Random) -> list[Branch]:
    places = [(city, office) for city in CITIES for office in city[5]]
    found = []
    for number, ((province, city, latitude, longitude, area, offices), office) in enumerate(places):
        kind = "agency_office" if office != offices[0] and office == offices[-1] else "branch"
        word = "شعبهٔ" if kind == "branch" else "کارگزاری"
        found.append(
            Branch(
                code=f"{101 + number * 7}",
                kind=kind,
                name=f"{word} {city}" if len(offices) == 1 else f"{word} {office} {city}",
                province=province,
                city=city,
                address=f"{city}، {rng.choice(STREETS)}، پلاک {_persian(rng.randrange(2, 400))}",
                phone=f"{area}0000{101 + number:04}",
                latitude=round(latitude + rng.uniform(-0.02, 0.02), 4),
                longitude=round(longitude + rng.uniform(-0.02, 0.02), 4),
            )
        )
    return found


def _employers(rng: Random, people: list[Person]) -> tuple[list[Employer], dict[str, Person]]:
    """Answer the employers and who owns each; the first head owns the first."""
    able = [one for one in people[len(HEADS) :] if one.phone]
    owners = [people[OWNER], *rng.sample(able, EMPLOYERS - 1)]
    names = _firms(rng)
    employers, owned = [], {}
    for place, owner in enumerate(owners):
        # The newcomer's firm is a legal entity; from there on persons and firms take turns.
        if place % 3 or place == 0:
            employer = Employer(identifiers.legal_id(rng), "legal", names.pop(0))
        else:
            employer = Employer(
                owner.national_code, "natural", f"{owner.first_name} {owner.last_name}"
            )
        employers.append(employer)
        owned[employer.number] = owner
    return employers, owned


def _firms(rng: Random) -> list[str]:
    endings = ("گستران", "پردازان", "آوران", "سازان", "یاران", "کاران")
    roots = ("آتیه", "سپهر", "مهر", "نیک", "پارس", "کوه", "دریا", "بهار", "نور", "ره")
    made = [f"شرکت {root}{ending}" for root in roots for ending in endings]
    return ["شرکت نان و شیرینی سحر", *FIRMS, *rng.sample(made, EMPLOYERS)]


def _workshops(
    rng: Random, employers: list[Employer], branches: list[Branch], on: date
) -> list[Workshop]:
    """Answer sixty workplaces: the first employer has two, some have three, each at least one."""
    trades = [(code, name, activity) for code, activity, names in TRADES for name in names]
    # The newcomer's two workplaces sell bread; the others fall where they fall.
    first, others = trades[:2], trades[2:]
    rng.shuffle(others)
    owners = [employers[0], employers[0], *employers[1:]]
    many = rng.sample(employers[1:], 7)
    owners += many + many
    owners += rng.sample([one for one in employers[1:] if one not in many], 60 - len(owners))
    found = []
    for number, (employer, (trade, name, activity)) in enumerate(
        zip(owners, first + others, strict=True)
    ):
        branch = branches[number % 2] if number < 2 else rng.choice(branches)
        found.append(
            Workshop(
                code=f"{branch.code}{trade}{1001 + number:04}",
                employer=employer,
                branch=branch,
                name=name,
                activity=activity,
                address=f"{branch.city}، {rng.choice(STREETS)}، پلاک {_persian(rng.randrange(2, 400))}",
                registered_on=jalali(on - timedelta(days=rng.randrange(900, 11 * 365))),
            )
        )
    return found


def _roles(
    rng: Random,
    people: list[Person],
    owners: dict[str, Person],
    workshops: list[Workshop],
) -> list[Role]:
    """Answer who speaks for which workplace: always the owner, often others too."""
    heads = set(map(id, people[: len(HEADS)]))
    free = [one for one in people if id(one) not in heads and one not in owners.values()]
    by_chat = [one for one in free if one.phone and one.email]
    by_sms = [one for one in free if one.phone and not one.email]
    by_mail = [one for one in free if one.email and not one.phone]
    accountants = [people[ACCOUNTANT], *by_chat[:8]]
    managers = by_chat[8:]
    roles = [
        Role(one, owners[one.employer.number], "owner", one.registered_on) for one in workshops
    ]

    def add(workshop: Workshop, person: Person, role: str) -> None:
        since = Day(min(workshop.registered_on.year + 1, 1404), rng.randrange(1, 13), 1)
        roles.append(Role(workshop, person, role, max(since, workshop.registered_on)))

    add(workshops[0], people[BY_SMS], "accountant")
    add(workshops[0], people[BY_MAIL], "manager")
    for place, workshop in enumerate(workshops[2:]):
        if place < 27:
            # An accountant keeps the books of three; they need not be of one employer.
            add(workshop, accountants[place // 3], "accountant")
        if place < 18:
            # Three contacts: the one who links is there, one has SMS only, one has mail only.
            add(workshop, by_sms[place % len(by_sms)], "manager")
            add(workshop, by_mail[place % len(by_mail)], "manager")
        elif place % 2:
            add(workshop, managers[place // 2], "manager")
    return roles


def _persian(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
