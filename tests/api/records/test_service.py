"""Taking months in, earning months, and what is told of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from api import db, events
from api.kit.calendar import Month
from api.kit.slices import RefusedRow, Registered
from api.people.models import Person
from api.records import queries, service
from api.records.events import RecordGrew
from api.records.models import RecordMonth
from api.records.rules import NewMonth, RecordRow
from tests.support import make

LATER = make.NOW + timedelta(days=1)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was told of records."""
    told: list[Any] = []
    hear = [lambda _session, happened: told.append(happened)]
    monkeypatch.setattr(events, "_who_hears", {RecordGrew: hear})
    return told


@pytest.fixture
def person(session: Session) -> Person:
    return make.person(session)


@pytest.fixture
def row(person: Person) -> RecordRow:
    return RecordRow(
        national_code=person.national_code,
        month=Month(1405, 7),
        source_code="0180000001",
        place_name="نان سحر",
        days=30,
        wage=120_000_000,
    )


@pytest.fixture
def earned(person: Person) -> NewMonth:
    return NewMonth(
        person_id=person.id,
        month=Month(1405, 8),
        source=f"contract:{db.new_id()}",
        days=30,
        place_name="بیمهٔ صاحبان حرف",
    )


def register(session: Session, *rows: RecordRow) -> Registered:
    done = service.register(session, rows=rows, now=LATER)
    session.expire_all()
    return done


def test_month_is_kept_with_its_place_and_branch(session, person, row, heard):
    assert register(session, row) == Registered(1, 0)
    kept = session.scalars(select(RecordMonth)).one()
    assert (kept.person_id, kept.month, kept.source) == (
        person.id,
        "1405-07",
        "workshop:0180000001",
    )
    assert (kept.days, kept.wage, kept.place_name) == (30, 120_000_000, "نان سحر")
    assert (kept.branch_code, kept.added_at) == ("018", LATER)
    # A registry's list of thirty years is no news.
    assert heard == []


def test_same_rows_again_are_unchanged_and_write_nothing(session, row):
    rows = [row, replace(row, month=Month(1405, 6)), replace(row, source_code="0180000002")]
    register(session, *rows)
    written = []

    @event.listens_for(session.connection(), "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_rest: object):
        if not statement.startswith("SELECT"):
            written.append(statement)

    assert register(session, *rows) == Registered(0, 3)
    assert written == []


def test_corrected_month_takes_the_place_of_what_was_listed(session, person, row):
    register(session, row, replace(row, month=Month(1405, 6)))
    assert register(session, replace(row, days=12, wage=None)) == Registered(1, 0)
    assert queries.days_by_month(session, person.id) == {Month(1405, 6): 30, Month(1405, 7): 12}


def test_rows_that_cannot_be_are_refused_and_the_others_are_in(session, person, row):
    done = register(
        session,
        replace(row, national_code=make.new_national_code()),
        replace(row, month=Month(1404, 12), days=30),
        row,
        replace(row, month=Month(1405, 10)),
    )
    assert done == Registered(
        1,
        0,
        (
            RefusedRow(0, "national_code", "unknown_person"),
            RefusedRow(1, "days", "days_of_month"),
            RefusedRow(3, "month", "in_the_future"),
        ),
    )
    assert queries.days_by_month(session, person.id) == {Month(1405, 7): 30}


def test_month_that_was_earned_is_added_and_told_once(session, person, earned, heard):
    assert service.add_months(session, rows=[earned], now=make.NOW) == 1
    assert service.add_months(session, rows=[earned], now=LATER) == 0
    assert heard == [RecordGrew(((person.id, Month(1405, 8)),), make.NOW)]
    kept = session.scalars(select(RecordMonth)).one()
    assert (kept.source, kept.branch_code, kept.added_at) == (earned.source, None, make.NOW)


def test_month_of_two_sources_is_told_as_one_month(session, person, earned, heard):
    other = replace(earned, source=f"contract:{db.new_id()}")
    assert service.add_months(session, rows=[earned, other, earned], now=make.NOW) == 2
    (grown,) = heard
    assert grown.added == ((person.id, Month(1405, 8)),)
    assert queries.days_by_month(session, person.id) == {Month(1405, 8): 30}


def test_month_that_the_record_has_in_full_is_kept_and_no_news(session, person, earned, heard):
    make.record(session, person, {"1405-07": 29, "1405-08": 30})
    mehr = replace(earned, month=Month(1405, 7))
    assert service.add_months(session, rows=[earned, mehr], now=make.NOW) == 2
    (grown,) = heard
    assert grown.added == ((person.id, Month(1405, 7)),)
    assert service.add_months(session, rows=[replace(earned, source="contract:2")], now=LATER) == 1
    assert heard == [grown]


def test_earned_month_has_no_more_days_than_the_calendar(session, person, earned):
    esfand = replace(earned, month=Month(1404, 12), days=31)
    service.add_months(session, rows=[esfand], now=make.NOW)
    assert session.scalars(select(RecordMonth)).one().days == 29


def test_nothing_earned_tells_nothing(session, heard):
    assert service.add_months(session, rows=[], now=make.NOW) == 0
    assert heard == []


def test_first_last_and_recent_months_are_those_with_a_day(session, person):
    make.record(session, person, {"1399-11": 0, "1399-12": 3, "1405-06": 31, "1405-07": 0})
    make.record(session, person, {"1405-05": 1, "1405-06": 31}, source="workshop:0180000002")
    make.record(session, make.person(session), {"1390-01": 31, "1405-08": 30})
    assert queries.first_month(session, person.id) == Month(1399, 12)
    assert queries.last_month(session, person.id) == Month(1405, 6)
    assert queries.months_since(session, person.id, Month(1405, 6)) == {Month(1405, 6)}
    assert queries.months_since(session, person.id, Month(1405, 7)) == set()


def test_who_has_no_record_has_no_months(session, person):
    assert queries.first_month(session, person.id) is None
    assert queries.last_month(session, person.id) is None
    assert queries.days_by_month(session, person.id) == {}
