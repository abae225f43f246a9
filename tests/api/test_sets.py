"""Sets of rows are put in a few statements."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DataError

from api import db, sets
from api.employers.models import Contact
from api.employers.rules import Role
from api.ledger.models import Transfer
from api.ledger.rules import Kind
from api.notices.models import Notice
from api.organisation.models import Holiday
from api.people.models import Person
from tests.support import make

FIRST, SECOND = date(2027, 3, 21), date(2027, 3, 22)


def holidays(session) -> dict[date, str]:
    return dict(session.execute(select(Holiday.day, Holiday.name)).all())


def test_new_rows_are_inserted_changed_ones_updated_and_others_left(session):
    rows = [{"day": FIRST, "name": "one"}, {"day": SECOND, "name": "two"}]
    assert sets.put(session, Holiday, rows, by=["day"]) == 2
    assert sets.put(session, Holiday, rows, by=["day"]) == 0
    rows[1]["name"] = "three"
    assert sets.put(session, Holiday, rows, by=["day"]) == 1
    assert holidays(session) == {FIRST: "one", SECOND: "three"}


def test_nothing_to_put_asks_nothing(session):
    assert sets.put(session, Holiday, [], by=["day"]) == 0


def test_rows_are_told_apart_by_all_their_key(session):
    person, other = make.person(session), make.person(session)
    workshop = make.workshop(session, contacts=[person])
    rows = [
        {
            "workshop_id": workshop.id,
            "person_id": one.id,
            "role": Role.OWNER,
            "since": date(2020, 1, 1),
            "until": None,
        }
        for one in (person, other)
    ]
    assert sets.put(session, Contact, rows, by=["workshop_id", "person_id"]) == 1
    assert len(session.scalars(select(Contact)).all()) == 2


def test_rows_bound_before_are_inserted_once_with_all_they_say(session):
    owed = {
        "key": "issue:bill:1",
        "debit_kind": Kind.PAYER,
        "debit_of": db.new_id(),
        "credit_kind": Kind.CONTRIBUTIONS,
        "credit_of": None,
        "amount": 27_000_000,
        "about": "bill:1",
        "on": FIRST,
        "at": make.NOW,
    }
    bound = sets.bind(session, Transfer, [owed, {**owed, "key": "issue:bill:2"}])
    assert session.scalars(select(Transfer)).all() == []
    assert sets.add_bound(session, bound) == 2
    assert sets.add_bound(session, bound) == 0
    found = session.scalars(select(Transfer).order_by(Transfer.key)).all()
    assert [{name: getattr(one, name) for name in owed} for one in found] == [
        owed,
        {**owed, "key": "issue:bill:2"},
    ]


def test_rows_travel_as_they_are_whatever_they_say(session):
    person = make.person(session)
    words = ['"quoted", {braced}', "back\\slash \\x00", "نان\tسحر\n", "NULL", "", "a" * 200]
    rows = [
        {
            "id": db.new_id(),
            "key": word,
            "template": "debt_notice",
            "notice_class": "legal",
            "person_id": person.id,
            "workshop_id": None,
            "via": None if place % 2 else "sms",
            "link_id": None,
            "about": "debt:1",
            "facts": {"says": word, "is": bool(place), "at": place},
            "secret": None if place == 3 else word,
            "status": "waiting",
            "reason": None,
            "code": None,
            "doubted": not place,
            "emptied_at": None,
            "created_at": make.NOW,
            "ends_at": make.NOW,
        }
        for place, word in enumerate(words * 10)
    ]
    for place, row in enumerate(rows):
        row["key"] = f"{place}{row['key']}"[:200]
    assert sets.add_many(session, Notice, rows) == 60
    # With one more of them nearly all exist, and that one is inserted.
    other = {**rows[0], "id": db.new_id(), "key": "other"}
    assert sets.add_many(session, Notice, [*rows, other]) == 1
    found = session.scalars(select(Notice).order_by(Notice.id)).all()
    told = {one.id: {name: getattr(one, name) for name in rows[0]} for one in found}
    assert told == {row["id"]: row for row in [*rows, other]}


def test_text_that_is_too_long_is_refused_and_not_cut(session):
    if session.get_bind().dialect.name == "sqlite":
        return
    rows = [{"day": FIRST + timedelta(days=n), "name": "n" * 999} for n in range(60)]
    with pytest.raises(DataError):
        sets.add_many(session, Holiday, rows)


def test_rows_that_change_alike_are_written_in_one_statement_and_others_by_themselves(session):
    people = [make.person(session, language="en") for _ in range(7)]
    changed = {
        (("language", "ckb"),): [one.id for one in people[:5]],
        (("language", "ar"), ("first_name", "سارا")): [people[5].id],
    }
    asked: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
    sets.change(session, Person, changed)
    assert sum(line.startswith("UPDATE") for line in asked) == 2
    assert [one.language for one in people] == ["ckb"] * 5 + ["ar", "en"]
    assert people[5].first_name == "سارا"
