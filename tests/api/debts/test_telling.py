"""The two jobs of debts: who is told of what, once."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.debts import service
from api.debts.models import Debt
from api.debts.rules import State, Step
from api.employers.rules import Role
from api.kit import calendar
from api.kit.language import Language
from api.kit.slices import Slice
from api.notices.models import Notice
from api.organisation.refusals import NoRule
from tests.support import make

SLOT = make.TODAY
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _rules(session: Session) -> None:
    make.rules(session)


def announce(session: Session, *, limit: int = 100, slot: date = SLOT, **options: Any) -> int:
    """Run `debt-notices` to its end; gives the number of slices."""
    return _run(session, service.announce, slot=slot, limit=limit, now=make.NOW, **options)


def remind(session: Session, slot: date, *, limit: int = 100, now: datetime | None = None) -> int:
    at = now or datetime.combine(slot, make.NOW.timetz())
    return _run(session, service.remind, slot=slot, limit=limit, now=at)


def _run(session: Session, verb: Any, **options: Any) -> int:
    after, slices = None, 0
    while True:
        done = verb(session, after=after, **options)
        session.expire_all()
        slices, after = slices + 1, done.after
        if after is None:
            return slices


def posted(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).order_by(Notice.key)))


def test_each_contact_is_told_of_an_open_debt_once(session):
    owner, accountant = make.person(session), make.person(session)
    workshop = make.workshop(
        session, contacts=[owner, (accountant, Role.ACCOUNTANT)], name="نان سحر"
    )
    debt = make.debt(session, workshop=workshop)
    for _ in range(2):
        announce(session)
    found = posted(session)
    assert {notice.person_id for notice in found} == {owner.id, accountant.id}
    assert {notice.key for notice in found} == {
        f"debt_notice:{debt.id}:1:{one.id}" for one in (owner, accountant)
    }
    assert found[0].about == f"debt:{debt.id}"
    assert found[0].facts == {
        "workshop_tail": workshop.code[-4:],
        "workshop_name": "نان سحر",
        "debt_tail": debt.number[-4:],
        "period_from": "1405-04",
        "period_to": "1405-05",
        "amount": 83_200_000,
        "as_of": "2026-12-02",
        "objection_until": "2026-12-22",
    }


def test_new_version_is_told_again(session):
    debt = make.debt(session, workshop=make.workshop(session, contacts=[make.person(session)]))
    announce(session)
    session.get_one(Debt, debt.id).version = 2
    session.flush()
    announce(session)
    assert [notice.key.split(":")[2] for notice in posted(session)] == ["1", "2"]


def test_closed_debt_is_told_to_nobody(session):
    workshop = make.workshop(session, contacts=[make.person(session)])
    make.debt(session, workshop=workshop, state=State.CLOSED)
    announce(session)
    assert posted(session) == []


def test_debt_without_a_contact_waits_for_one(session):
    workshop = make.workshop(session)
    make.debt(session, workshop=workshop)
    announce(session)
    assert posted(session) == []
    make.contact(session, workshop=workshop, person=make.person(session))
    announce(session, slot=SLOT + DAY)
    assert len(posted(session)) == 1


def test_contact_of_another_day_is_not_told(session):
    workshop = make.workshop(session)
    for since, until in ((SLOT + DAY, None), (SLOT - 9 * DAY, SLOT - DAY)):
        who = make.person(session)
        make.contact(session, workshop=workshop, person=who, since=since, until=until)
    make.debt(session, workshop=workshop)
    announce(session)
    assert posted(session) == []


def test_run_goes_on_slice_by_slice_from_where_it_stopped(session):
    workshop = make.workshop(session, contacts=[make.person(session)])
    for _ in range(7):
        make.debt(session, workshop=workshop)
    first = service.announce(session, slot=SLOT, after=None, now=make.NOW, limit=3)
    assert (first.done, len(posted(session))) == (3, 3)
    assert announce(session, limit=3) == 2
    assert len(posted(session)) == 7
    assert service.announce(session, slot=SLOT, after=None, now=make.NOW) == Slice(0, None)


def test_run_without_rules_says_which_rule_is_missing(session):
    workshop = make.workshop(session, contacts=[make.person(session)])
    make.debt(session, workshop=workshop, due_on=date(1990, 1, 1))
    with pytest.raises(NoRule) as missing:
        announce(session)
    assert missing.value.params["name"] == "debt_fines"


@pytest.mark.parametrize("days", [10, 3, 0])
def test_reminder_is_posted_by_its_slot_and_once(session, days):
    who = make.person(session)
    debt = make.debt(session, workshop=make.workshop(session, contacts=[who]))
    slot = debt.objection_until - days * DAY
    for _ in range(2):
        remind(session, slot)
    (notice,) = posted(session)
    assert notice.key == f"debt_reminder:{debt.id}:1:{days}:{who.id}"
    assert notice.facts["days_left"] == days
    assert notice.ends_at <= calendar.end_of_day(debt.objection_until)


def test_no_reminder_on_other_days(session):
    debt = make.debt(session, workshop=make.workshop(session, contacts=[make.person(session)]))
    for days in (11, 9, 4, 1, -1):
        remind(session, debt.objection_until - days * DAY)
    assert posted(session) == []


def test_slot_that_runs_a_day_late_tells_the_days_that_are_left(session):
    debt = make.debt(session, workshop=make.workshop(session, contacts=[make.person(session)]))
    slot = debt.objection_until - 10 * DAY
    remind(session, slot, now=datetime.combine(slot + DAY, make.NOW.timetz()))
    (notice,) = posted(session)
    assert (notice.facts["days_left"], notice.facts["as_of"]) == (9, slot.isoformat())


def test_slot_that_runs_too_late_is_of_no_use(session):
    debt = make.debt(session, workshop=make.workshop(session, contacts=[make.person(session)]))
    slot = debt.objection_until
    remind(session, slot, now=datetime.combine(slot + DAY, make.NOW.timetz()))
    assert posted(session) == []


@pytest.mark.parametrize("step", [Step.OBJECTION, Step.ENFORCEMENT])
def test_objecting_ends_the_reminders(session, step):
    workshop = make.workshop(session, contacts=[make.person(session)])
    debt = make.debt(session, workshop=workshop, step=step)
    remind(session, debt.objection_until - 3 * DAY)
    assert posted(session) == []


def test_dry_run_counts_and_shows_and_writes_nothing(session):
    persian, english = make.person(session), make.person(session, language="en")
    workshop = make.workshop(session, contacts=[persian, english])
    for _ in range(15):
        make.debt(session, workshop=workshop)
    shown = service.preview(session, job="debt-notices", slot=SLOT, now=make.NOW, limit=4)
    assert shown.count == 30
    assert shown.by_language == {Language.FA: 15, Language.EN: 15}
    assert len(shown.samples) == 20
    assert shown.samples[0].facts["amount"] == 83_200_000
    assert session.scalar(select(func.count()).select_from(Notice)) == 0
    reminders = service.preview(
        session, job="debt-reminders", slot=date(2026, 12, 12), now=make.NOW, limit=4
    )
    assert reminders.count == 30
    assert reminders.samples[0].facts["days_left"] == 10
