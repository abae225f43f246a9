"""Who depends on whom: taken in by sets, shown by masked name."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.kit import calendar
from api.kit.slices import RefusedRow, Registered
from api.people import queries, service
from api.people.models import Dependant
from api.people.rules import DependantRow, Relation
from tests.support import core, make

CHAT = ChatAddress("telegram", "people", "1001")
DAY = timedelta(days=1)


@pytest.fixture
def row(session: Session) -> DependantRow:
    return DependantRow(
        national_code=make.person(session).national_code,
        dependant_code=make.person(session).national_code,
        relation=Relation.CHILD,
        since=date(2020, 1, 1),
    )


def register(session: Session, *rows: DependantRow) -> Registered:
    done = service.register_dependants(session, rows=rows)
    session.expire_all()
    return done


def test_relation_is_taken_in_once(session, row):
    assert register(session, row) == Registered(1, 0)
    assert register(session, row) == Registered(0, 1)
    kept = session.scalars(select(Dependant)).one()
    codes = [row.national_code, row.dependant_code]
    ids = queries.ids_by_national_code(session, codes)
    assert (ids[codes[0]], ids[codes[1]]) == (kept.person_id, kept.dependant_id)


def test_relation_that_had_ended_is_in_force_again(session, row):
    register(session, replace(row, until=make.TODAY - DAY))
    person_id = session.scalars(select(Dependant.person_id)).one()
    assert queries.dependants_of(session, person_id, make.TODAY) == []
    assert register(session, row) == Registered(1, 0)
    (again,) = queries.dependants_of(session, person_id, make.TODAY)
    assert (again.relation, again.until) == (Relation.CHILD, None)


def test_strangers_oneself_and_an_end_before_the_beginning_are_refused(session, row):
    done = register(
        session,
        replace(row, national_code=make.new_national_code()),
        replace(row, dependant_code=make.new_national_code()),
        replace(row, dependant_code=row.national_code),
        row,
        replace(row, until=row.since - DAY),
    )
    assert done == Registered(
        1,
        0,
        (
            RefusedRow(0, "national_code", "unknown_person"),
            RefusedRow(1, "dependant_code", "unknown_person"),
            RefusedRow(2, "dependant_code", "oneself"),
            RefusedRow(4, "until", "before_since"),
        ),
    )


async def test_family_is_shown_by_masked_name_to_its_own_person(store):
    of_age = calendar.add_months(make.TODAY, -18 * 12)
    with store.writing("test") as session:
        mother = make.person(session)
        spouse = make.dependant(
            session,
            of=mother,
            person=make.person(session, first_name="رضا"),
            relation=Relation.SPOUSE,
            since=date(2010, 1, 1),
        )
        grown = make.dependant(session, of=mother, birth_date=of_age, since=date(2011, 1, 1))
        child = make.dependant(session, of=mother, birth_date=of_age + DAY, since=date(2012, 1, 1))
        make.dependant(session, of=mother, until=make.TODAY - DAY)
        make.dependant(session, of=make.person(session))
        access.link(
            session,
            chat=CHAT,
            person_id=mother.id,
            masked_name="م*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )
    async with core.doors(core.app(store), X_Chat=str(CHAT)) as doors:
        family = (await doors.get("/v1/people/family")).json()
        stranger = await doors.get("/v1/people/family", headers={"X-Chat": "telegram:people:2"})
    assert [(one["id"], one["relation"], one["is_child_under_18"]) for one in family["items"]] == [
        (str(spouse.id), "spouse", False),
        (str(grown.id), "child", False),
        (str(child.id), "child", True),
    ]
    assert family["items"][0]["name"] == "ر*** آ***"
    assert family["items"][2]["birth_date"] == str(of_age + DAY)
    assert set(family["items"][0]) == {"id", "name", "relation", "birth_date", "is_child_under_18"}
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not_linked")
