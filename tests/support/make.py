"""People, workshops and debts made to order: valid, invented, no two alike.

Each function writes a row and flushes it; what a test does not name is filled with something usual.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from api import db
from api.contracts.models import Contract
from api.contracts.rules import Cover
from api.contracts.rules import Kind as ContractKind
from api.contracts.rules import State as ContractState
from api.debts.models import Debt
from api.debts.rules import Kind, State, Step
from api.employers.models import Contact, Employer, Workshop
from api.employers.rules import EmployerKind, Role
from api.organisation import service as organisation
from api.organisation.models import Branch, Holiday
from api.organisation.rules import BranchKind
from api.people.models import Dependant, Person
from api.people.rules import Relation
from api.records.models import RecordMonth

NOW = datetime(2026, 12, 2, 6, 30, tzinfo=UTC)
"""Ten o'clock in Tehran on 11 Azar 1405, a Wednesday."""
TODAY = date(2026, 12, 2)

_next = count(1)
# Their own: there are a thousand codes of branches, so that no test meets one twice.
_next_branch = count(1)
Made = TypeVar("Made", bound=db.Base)


def new_national_code(number: int | None = None) -> str:
    """Make a valid national code, the same for the same number."""
    first = f"{499_000_000 + (next(_next) if number is None else number):09d}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(first)) % 11
    return first + str(rest if rest < 2 else 11 - rest)


def new_legal_id(number: int | None = None) -> str:
    """Make a valid id of a legal entity, the same for the same number."""
    first = f"{1_400_230_000 + (next(_next) if number is None else number):010d}"
    shift = int(first[9]) + 2
    weights = (29, 27, 23, 19, 17) * 2
    total = sum((int(d) + shift) * w for d, w in zip(first, weights, strict=True))
    return first + str(total % 11 % 10)


def new_phone(number: int | None = None) -> str:
    """Make a mobile number, +98999…, of a prefix that no operator has."""
    return f"+98999{next(_next) if number is None else number:07d}"


def person(
    session: Session,
    *,
    national_code: str | None = None,
    first_name: str = "مینا",
    last_name: str = "آزمون",
    birth_date: date | None = date(1985, 3, 21),
    phone: str | None = "",
    email: str | None = None,
    address: str | None = None,
    language: str = "fa",
    now: datetime = NOW,
) -> Person:
    """Register a person; `phone=None` for one without a phone, "" for a fresh one."""
    code = national_code or new_national_code()
    number = new_phone() if phone == "" else phone
    made = Person(
        national_code=code,
        national_code_index=db.keys().blind("national_code", code),
        first_name=first_name,
        last_name=last_name,
        birth_date=birth_date,
        phone=number,
        phone_index=None if number is None else db.keys().blind("phone", number),
        email=email,
        address=address,
        language=language,
        created_at=now,
        changed_at=now,
    )
    return _added(session, made)


def dependant(
    session: Session,
    *,
    of: Person,
    person: Person | None = None,
    relation: Relation = Relation.CHILD,
    birth_date: date | None = date(2016, 5, 10),
    since: date = date(2020, 1, 1),
    until: date | None = None,
) -> Person:
    """Let somebody depend on a person: a child of Ordibehesht 1395, unless told."""
    who = person or _person(session, first_name="نوید", birth_date=birth_date)
    _added(
        session,
        Dependant(
            person_id=of.id, dependant_id=who.id, relation=relation, since=since, until=until
        ),
    )
    return who


def record(
    session: Session,
    person: Person,
    months: Mapping[str, int],
    *,
    source: str = "workshop:0180000001",
    place_name: str = "نان سحر",
    wage: int | None = None,
    now: datetime = NOW,
) -> None:
    """Put months of a person on record: days by month, {"1405-08": 30}."""
    session.add_all(
        RecordMonth(
            person_id=person.id,
            month=month,
            source=source,
            days=days,
            wage=wage,
            place_name=place_name,
            branch_code=None,
            added_at=now,
        )
        for month, days in months.items()
    )
    session.flush()


def branch(
    session: Session,
    *,
    code: str | None = None,
    name: str = "شعبه یک",
    city: str = "تهران",
    latitude: float | None = 35.7,
    longitude: float | None = 51.4,
) -> Branch:
    """Open a branch."""
    made = Branch(
        code=code or f"{next(_next_branch) % 1000:03d}",
        kind=BranchKind.BRANCH,
        name=name,
        province=city,
        city=city,
        address="خیابان آزادی",
        phone="02100001420",
        hours="شنبه تا چهارشنبه ۷:۳۰ تا ۱۴:۳۰",
        latitude=latitude,
        longitude=longitude,
    )
    return _added(session, made)


def employer(
    session: Session, *, number: str | None = None, name: str = "شرکت پیشگامان"
) -> Employer:
    """Register a company."""
    number = number or new_legal_id()
    made = Employer(
        number=number,
        number_index=db.keys().blind("employer_no", number),
        kind=EmployerKind.LEGAL,
        name=name,
    )
    return _added(session, made)


def workshop(
    session: Session,
    *,
    contacts: Iterable[Person | tuple[Person, Role]] = (),
    code: str | None = None,
    name: str = "کارگاه نان سحر",
    employer: Employer | None = None,
    branch: Branch | None = None,
    registered_on: date = date(2019, 7, 10),
    active: bool = True,
) -> Workshop:
    """Register a workshop (of Tir 1398, unless told) with its contacts, owners unless told."""
    at = branch or _branch(session)
    made = Workshop(
        code=code or f"{at.code}{next(_next):07d}",
        employer_id=(employer or _employer(session)).id,
        branch_id=at.id,
        name=name,
        activity="نانوایی",
        address="خیابان آزادی، پلاک ۱",
        registered_on=registered_on,
        active=active,
    )
    _added(session, made)
    for one in contacts:
        who, role = one if isinstance(one, tuple) else (one, Role.OWNER)
        contact(session, workshop=made, person=who, role=role)
    return made


def contact(
    session: Session,
    *,
    workshop: Workshop,
    person: Person,
    role: Role = Role.OWNER,
    since: date = date(2020, 1, 1),
    until: date | None = None,
) -> Contact:
    """Let a person speak for a workshop."""
    made = Contact(
        workshop_id=workshop.id, person_id=person.id, role=role, since=since, until=until
    )
    return _added(session, made)


def debt(
    session: Session,
    *,
    workshop: Workshop | None = None,
    number: str | None = None,
    reason: str = "05",
    period_from: str = "1405-04",
    period_to: str = "1405-05",
    principal: int = 80_000_000,
    list_fine: int = 0,
    paid: int = 0,
    kind: Kind = Kind.DEFINITE,
    step: Step = Step.NOTICE,
    issued_on: date = date(2026, 11, 22),
    due_on: date = date(2026, 10, 22),
    objection_until: date = date(2026, 12, 22),
    state: State = State.OPEN,
    now: datetime = NOW,
) -> Debt:
    """Register a debt of a workshop: issued ten days ago, twenty left to object, unless told."""
    made = Debt(
        number=number or f"{next(_next):013d}",
        workshop_id=(workshop or _workshop(session)).id,
        reason=reason,
        period_from=period_from,
        period_to=period_to,
        principal=principal,
        list_fine=list_fine,
        paid=paid,
        kind=kind,
        step=step,
        issued_on=issued_on,
        due_on=due_on,
        objection_until=objection_until,
        state=state,
        closed_at=now if state is State.CLOSED else None,
        created_at=now,
        changed_at=now,
    )
    return _added(session, made)


def debt_row(workshop_code: str, **changed: Any) -> dict[str, Any]:
    """Give a debt as a program puts it in (`PUT /v1/debts`)."""
    usual = {
        "number": "0000000000017",
        "workshop_code": workshop_code,
        "reason": "05",
        "period_from": "1405-04",
        "period_to": "1405-05",
        "principal": 80_000_000,
        "kind": "definite",
        "step": "notice",
        "issued_on": "2026-11-22",
        "due_on": "2026-10-22",
        "objection_until": "2026-12-22",
    }
    return {**usual, **changed}


def contract(
    session: Session,
    *,
    person: Person | None = None,
    number: str | None = None,
    kind: ContractKind = ContractKind.SELF_EMPLOYED,
    cover: Cover = Cover.PENSION_DEATH_DISABILITY,
    monthly_base: int = 150_000_000,
    medical_heads: int = 0,
    starts_on: str = "1404-01",
    ends_on: str | None = None,
    state: ContractState = ContractState.ACTIVE,
    billed_until: str | None = None,
    remind_day: int | None = None,
    carried: int = 0,
    branch: Branch | None = None,
    now: datetime = NOW,
) -> Contract:
    """Conclude a contract of a self-employed person, unless told otherwise."""
    made = Contract(
        number=number or f"{next(_next):08d}",
        person_id=(person or _person(session)).id,
        kind=kind,
        cover=cover,
        monthly_base=monthly_base,
        medical_heads=medical_heads,
        branch_id=(branch or _branch(session)).id,
        starts_on=starts_on,
        ends_on=ends_on,
        state=state,
        billed_until=billed_until,
        remind_day=remind_day,
        carried=carried,
        created_at=now,
        changed_at=now,
    )
    return _added(session, made)


def holiday(session: Session, day: date, name: str = "تعطیل رسمی") -> Holiday:
    """Close the country for a day."""
    return _added(session, Holiday(day=day, name=name))


def rules(session: Session, names: Sequence[str] = ()) -> None:
    """Load the rule tables of the repository: all of them, or those named."""
    organisation.load_rules(session, only=names or None)


# Under names that no argument hides.
_branch, _employer, _person, _workshop = branch, employer, person, workshop


def _added(session: Session, made: Made) -> Made:
    session.add(made)
    session.flush()
    return made
