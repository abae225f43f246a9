"""Sets of rows are put in a few statements."""

from datetime import date

from sqlalchemy import event, select

from api import db, sets
from api.employers.models import Contact
from api.employers.rules import Role
from api.ledger.models import Transfer
from api.ledger.rules import Kind
from api.organisation.models import Holiday
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


def test_rows_that_change_alike_are_written_in_one_statement_and_others_by_themselves(session):
    people = [make.person(session, language="en") for _ in range(7)]
    for one in people[:5]:
        one.language = "ckb"
    people[5].language, people[5].first_name = "ar", "سارا"
    asked: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
    sets.change(session, people)
    assert sum(line.startswith("UPDATE") for line in asked) == 2
    assert [one.language for one in people] == ["ckb"] * 5 + ["ar", "en"]
    assert people[5].first_name == "سارا"
    session.flush()
    assert sum(line.startswith("UPDATE") for line in asked) == 2, "nothing is left to write"
