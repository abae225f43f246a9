"""What is owed: debts of every kind, dated so that every job has something to do on the day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sandbox.country import identifiers
from sandbox.country.building import Workshop
from sandbox.country.calendar import Day, jalali, length, months_before

OBJECTION_DAYS = 30  # from notification (domain page, contributions, section 4)
LIST_FINE_PERCENT = 10  # of the month's contribution (same page, section 3)


@dataclass(frozen=True)
class Debt:
    number: str
    workshop: Workshop
    reason: str
    period_from: Day
    period_to: Day
    principal: int  # rials
    list_fine: int  # rials
    paid: int  # rials
    kind: str
    step: str
    issued_on: Day
    due_on: Day
    objection_until: Day
    state: str


@dataclass(frozen=True)
class Sort:
    """Debts alike: how many, how many days of objection are left, and where they stand."""

    count: int
    left: tuple[int, int]  # days to the last day to object, from and to; negative is past
    step: str
    kind: str = "estimated"
    state: str = "open"


SORTS = (
    Sort(24, (10, 10), "notice"),
    Sort(18, (3, 3), "notice"),
    Sort(12, (0, 0), "notice"),
    Sort(20, (30, 30), "notice"),
    Sort(40, (4, 29), "notice"),
    Sort(30, (-90, -5), "objection"),
    Sort(36, (-330, -100), "ruling", "definite"),
    Sort(40, (-700, -200), "enforcement", "definite"),
    Sort(30, (-120, -1), "notice", "definite"),
    Sort(50, (-600, 20), "notice", "definite", "closed"),
)
REASONS = ("audit", "late_list", "own_assessment", "arduous")
# The newcomer's: at the first workplace and at the second, by place in SORTS.
OF_THE_NEWCOMER = ((0, 3, 5, 9), (1, 2, 7))


def owe(rng: Random, workshops: list[Workshop], *, on: date) -> list[Debt]:
    """Invent 300 debts of these workplaces, the newcomer's first."""
    counts = [sort.count for sort in SORTS]
    debts = []
    for workshop, places in zip(workshops[:2], OF_THE_NEWCOMER, strict=True):
        for place in places:
            counts[place] -= 1
            debts.append(_debt(rng, workshop, SORTS[place], on))
    for sort, count in zip(SORTS, counts, strict=True):
        debts += [_debt(rng, rng.choice(workshops[2:]), sort, on) for _ in range(count)]
    return debts


def _debt(rng: Random, workshop: Workshop, sort: Sort, on: date) -> Debt:
    until = on + timedelta(days=rng.randint(*sort.left))
    issued = until - timedelta(days=OBJECTION_DAYS)
    # A debt of a month before the workplace was there would be another's.
    reason = rng.choice(REASONS)
    months = {"audit": rng.choice((6, 12)), "arduous": rng.choice((3, 6))}.get(reason, 1)
    period_to = months_before(jalali(issued), rng.randint(2, 5))
    period_from = max(months_before(period_to, months - 1), min(workshop.registered_on, period_to))
    principal = rng.randrange(6_000_000, 95_000_000) * months
    list_fine = principal * LIST_FINE_PERCENT // 100 if reason == "late_list" else 0
    owed = principal + list_fine
    if sort.state == "closed":
        paid = owed
    else:
        paid = owed // rng.choice((2, 3, 4)) if rng.random() < 0.12 else 0
    return Debt(
        number=identifiers.debt_number(rng),
        workshop=workshop,
        reason=reason,
        period_from=period_from,
        period_to=period_to,
        principal=principal,
        list_fine=list_fine,
        paid=paid,
        kind=sort.kind,
        step=sort.step,
        issued_on=jalali(issued),
        due_on=_due(period_to),
        objection_until=jalali(until),
        state=sort.state,
    )


def _due(period: Day) -> Day:
    """A month's contribution is due at the end of the next (domain page, contributions)."""
    after = months_before(period, -1)
    return Day(after.year, after.month, length(after.year, after.month))


def rows(debts: list[Debt]) -> Iterator[tuple[object, ...]]:
    """Answer the debts as lines of the load file."""
    for one in debts:
        yield (
            one.number,
            one.workshop.code,
            one.reason,
            one.period_from.period,
            one.period_to.period,
            one.principal,
            one.list_fine,
            one.paid,
            one.kind,
            one.step,
            one.issued_on,
            one.due_on,
            one.objection_until,
            one.state,
        )
