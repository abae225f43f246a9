"""The two jobs of debts: who is told of what, once."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.db import Store
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


def test_slice_judged_ahead_tells_what_it_saw_when_nothing_changed(fresh_store):
    ids = _owed(fresh_store, 3)
    verb = _ahead(fresh_store, service.announce_ahead, limit=2)
    with fresh_store.reading() as session:
        assert posted(session) == []
    with fresh_store.writing("slice") as session:
        assert verb(session, slot=SLOT, after=None, now=make.NOW) == Slice(2, str(ids[1]), 2)
    with fresh_store.reading() as session:
        assert {one.about for one in posted(session)} == {f"debt:{one}" for one in ids[:2]}
        assert [session.get_one(Debt, one).announced_version for one in ids] == [1, 1, 0]


@pytest.mark.parametrize("verb", ["announce_ahead", "remind_ahead"])
def test_debts_that_changed_since_they_were_judged_are_told_of_as_they_are(fresh_store, verb):
    same, paid, closed = _owed(fresh_store, 3)
    judged = _ahead(fresh_store, getattr(service, verb), slot=SLOT + 10 * DAY)
    with fresh_store.writing("meanwhile") as session:
        debt = session.get_one(Debt, paid)
        debt.paid, debt.changed_at = debt.principal, make.NOW + timedelta(seconds=1)
        service.close(session, number=session.get_one(Debt, closed).number, now=make.NOW)
    with fresh_store.writing("slice") as session:
        done = judged(session, slot=SLOT + 10 * DAY, after=None, now=make.NOW)
        assert done == Slice(3, None, 2)
    with fresh_store.reading() as session:
        amounts = {one.about: one.facts["amount"] for one in posted(session)}
        assert amounts == {f"debt:{same}": 83_200_000, f"debt:{paid}": 0}


def test_slice_judged_ahead_by_two_is_told_once(fresh_store):
    [debt] = _owed(fresh_store, 1)
    verbs = [_ahead(fresh_store, service.announce_ahead) for _ in range(2)]
    for verb, told in zip(verbs, (1, 0), strict=True):
        with fresh_store.writing("slice") as session:
            assert verb(session, slot=SLOT, after=None, now=make.NOW) == Slice(1, None, told)
    with fresh_store.reading() as session:
        [notice] = posted(session)
        assert notice.about == f"debt:{debt}"


def _owed(store: Store, size: int) -> list[uuid.UUID]:
    with store.writing("arrange") as session:
        make.rules(session)
        workshop = make.workshop(session, contacts=[make.person(session)])
        return sorted(make.debt(session, workshop=workshop).id for _ in range(size))


def _ahead(store: Store, verb: Any, *, slot: date = SLOT, limit: int = 100) -> Any:
    with store.reading() as session:
        return verb(session, slot=slot, after=None, now=make.NOW, limit=limit)
