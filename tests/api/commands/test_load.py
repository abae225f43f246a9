"""Loading the registry, from the first branch to the last debt."""

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.commands import load as loading
from api.commands.kinds import SORTS, WHY
from api.commands.load import Loaded, columns, load
from api.commands.troubles import CannotDo
from api.db import Store
from api.debts.models import Debt
from api.employers import queries as employers
from api.employers.models import Contact, Workshop
from api.employers.rules import Role
from api.kit import points
from api.kit.slices import Registered
from api.organisation.models import Availability, Branch, Holiday
from api.people import queries as people
from api.people.models import Person
from tests.support import make

REZA, MINA = make.new_national_code(1), make.new_national_code(2)
COMPANY = make.new_legal_id(3)
WORKSHOP = "0180000001"
DEBT = "1234567890123"

COUNTRY = {
    "branches": ["018,branch,شعبه ۱۸,تهران,تهران,خیابان آزادی,02100001420,۷ تا ۱۴,35.7,51.4"],
    "people": [
        f"{REZA},رضا,نمونه,1365/03/21,0999-000-0001,reza@example.org,,خیابان آزادی، پلاک ۱",
        f"{MINA},مینا,آزمون,,,,en,",
    ],
    "dependants": [f"{REZA},{MINA},spouse,1390/01/01,"],
    "employers": [f"{COMPANY},legal,شرکت پیشگامان"],
    "workshops": [f"{WORKSHOP},{COMPANY},018,نان سحر,نانوایی,خیابان آزادی,1398/04/19,"],
    "contacts": [
        f"{WORKSHOP},{REZA},owner,1398/04/19,",
        f"{WORKSHOP},{MINA},accountant,1400/01/01,",
    ],
    "holidays": ["1406/01/01,نوروز"],
    "availability": ["booklets,018,1405/01/01,,pilot,آزمایشی"],
    "debts": [
        f"{DEBT},{WORKSHOP},05,1405-04,1405-05,80000000,,,definite,notice,1405/09/01,1405/07/30,1405/10/01,",
    ],
    "records": [
        f"{MINA},1404/12,{WORKSHOP},نان سحر,29,100000000",
        f"{MINA},1405/01,{WORKSHOP},نان سحر,0,",
    ],
}


@pytest.fixture
def put(store: Store, tmp_path: Path):
    """Write a file of a kind and load it."""

    def written(kind: str, *lines: str, days_later: int = 0) -> Loaded:
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join([columns(kind), *lines, ""]), encoding="utf-8")
        return load(store, kind, path, now=lambda: make.NOW + timedelta(days=days_later))

    return written


def known(session: Session, national_code: str) -> Person:
    found = people.ids_by_national_code(session, [national_code])
    return session.get_one(Person, found[national_code])


@pytest.fixture
def country(put) -> None:
    """One of everything."""
    for kind, lines in COUNTRY.items():
        assert put(kind, *lines).loaded == len(lines)


def reasons(done: Loaded) -> list[tuple[str, str, str]]:
    assert done.refused_file is not None
    with done.refused_file.open(encoding="utf-8-sig", newline="") as file:
        return [(line, column, why) for line, column, why, _value in list(csv.reader(file))[1:]]


def test_every_kind_can_be_loaded(country, store):
    with store.reading() as session:
        reza = known(session, REZA)
        assert (reza.phone, reza.email, reza.language, reza.birth_date) == (
            "+989990000001",
            "reza@example.org",
            "fa",
            date(1986, 6, 11),
        )
        workshop = session.scalars(select(Workshop)).one()
        assert (workshop.code, workshop.registered_on) == (WORKSHOP, date(2019, 7, 10))
        assert {one.role for one in session.scalars(select(Contact))} == {
            Role.OWNER,
            Role.ACCOUNTANT,
        }
        debt = session.scalars(select(Debt)).one()
        assert (debt.number, debt.workshop_id, debt.list_fine) == (DEBT, workshop.id, 0)
        assert debt.objection_until == date(2026, 12, 22)
        for table in (Branch, Holiday, Availability):
            assert session.scalar(select(func.count()).select_from(table)) == 1


@pytest.mark.parametrize("kind", COUNTRY)
def test_same_file_again_is_unchanged_and_writes_nothing(country, put, store, kind):
    written = []

    @event.listens_for(store.bind, "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_rest: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    lines = COUNTRY[kind]
    assert put(kind, *lines, days_later=1) == Loaded(0, len(lines), 0, None)
    assert written == []


def test_stray_rows_are_refused_by_line_column_and_reason(country, put):
    stranger = make.new_national_code(77)
    done = put(
        "contacts",
        f"{WORKSHOP},{stranger},owner,1398/04/19,",
        f"{WORKSHOP},{REZA},manager,1398/04/19,",
        f"9999999999,{MINA},owner,1398/04/19,",
        f"{WORKSHOP},{MINA[:9]},owner,1398/04/19,",
        f"{WORKSHOP},{MINA},cook,1398/04/19,",
    )
    assert (done.loaded, done.unchanged, done.refused) == (1, 0, 4)
    assert sorted(reasons(done)) == [
        ("2", "national_code", WHY["unknown_person"]),
        ("4", "workshop_code", WHY["unknown_workshop"]),
        (
            "5",
            "national_code",
            "has 9 digits instead of 10: the spreadsheet may have dropped leading zeros, format the column as text",
        ),
        ("6", "role", "is none of owner, manager, accountant"),
    ]
    assert str(done) == f"loaded 1, unchanged 0, refused 4 → {done.refused_file}"


def test_workshop_of_unknown_branch_or_employer_is_refused(country, put):
    other = make.new_legal_id(9)
    done = put(
        "workshops",
        f"0190000001,{COMPANY},019,نان,,,1398/04/19,",
        f"0180000002,{other},018,نان,,,1398/04/19,",
        f"0180000003,{COMPANY},018,نان,,,1398/04/19,",
    )
    assert (done.loaded, done.refused) == (1, 2)
    assert sorted(reasons(done)) == [
        ("2", "branch_code", WHY["unknown_branch"]),
        ("3", "employer_no", WHY["unknown_employer"]),
    ]


def test_relation_and_months_that_cannot_be_are_refused_by_column(country, put):
    done = put(
        "dependants",
        f"{REZA},{REZA},child,1395/02/20,",
        f"{REZA},{make.new_national_code(78)},child,1395/02/20,",
        f"{REZA},{MINA},aunt,1395/02/20,",
    )
    assert sorted(reasons(done)) == [
        ("2", "dependant_code", WHY["oneself"]),
        ("3", "dependant_code", WHY["unknown_person"]),
        ("4", "relation", "is none of spouse, child, parent"),
    ]
    done = put(
        "records",
        f"{MINA},1404/12,{WORKSHOP},نان سحر,30,",
        f"{MINA},1405/10,{WORKSHOP},نان سحر,30,",
        f"{MINA},1405/02,{WORKSHOP},نان سحر,32,",
        f"{MINA},1405/02,{WORKSHOP},نان سحر,-1,",
        f"{MINA},1404/12,{WORKSHOP},نان سحر,28,",
    )
    assert sorted(reasons(done)) == [
        ("2", "days", WHY["days_of_month"]),
        ("3", "month", WHY["in_the_future"]),
        ("4", "days", "is no whole number up to 31"),
        ("5", "days", "is no whole number up to 31"),
        ("6", "national_code", "line 2 has the same national_code and month and source_code"),
    ]


def test_contact_ends_and_workshop_closes_by_a_file(country, put, store):
    mina = f"{WORKSHOP},{MINA},accountant,1400/01/01"
    assert put("contacts", f"{mina},1405/06/01").loaded == 1
    with store.reading() as session:
        (workshop,) = session.scalars(select(Workshop)).all()
        left, stays = known(session, MINA), known(session, REZA)
        last = date(2026, 8, 23)
        told = employers.contacts_of(session, [workshop.id], last)
        assert {one.person_id for one in told} == {left.id, stays.id}
        told = employers.contacts_of(session, [workshop.id], last + timedelta(days=1))
        assert [one.person_id for one in told] == [stays.id]
    assert put("contacts", f"{mina},").loaded == 1
    assert reasons(put("contacts", f"{mina},1399/12/29")) == [("2", "until", WHY["before_since"])]
    assert put("workshops", COUNTRY["workshops"][0] + "no").loaded == 1
    with store.reading() as session:
        assert employers.contacts_of(session, [workshop.id], make.TODAY) == []
    assert reasons(put("workshops", COUNTRY["workshops"][0] + "maybe")) == [
        ("2", "active", "is neither yes nor no")
    ]


@pytest.mark.parametrize("kind", ["workshops", "contacts"])
def test_file_may_lack_the_columns_that_end_and_close(country, store, tmp_path, kind):
    path = tmp_path / "short.csv"
    header = columns(kind).rpartition(",")[0]
    lines = [line.rpartition(",")[0] for line in COUNTRY[kind]]
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    assert load(store, kind, path, now=lambda: make.NOW) == Loaded(0, len(lines), 0, None)


def test_second_row_of_one_name_is_refused_across_slices(put, monkeypatch):
    monkeypatch.setattr(loading, "SIZE", 2)
    done = put(
        "people",
        *COUNTRY["people"],
        f"{make.new_national_code(4)},سارا,نمونه,,,,fa,",
        f"{REZA},دیگری,نمونه,,,,fa,",
    )
    assert (done.loaded, done.refused) == (3, 1)
    assert reasons(done) == [("5", "national_code", "line 2 has the same national_code")]


def test_load_that_was_killed_is_run_again_to_the_same_end(put, store, monkeypatch):
    monkeypatch.setattr(loading, "SIZE", 2)
    lines = [f"1405/01/{day:02d},روز {day}" for day in range(1, 8)]
    slices = []

    def die() -> None:
        slices.append(1)
        if len(slices) == 3:
            raise KeyboardInterrupt

    points.arm("load.slice.before", die)
    with pytest.raises(KeyboardInterrupt):
        put("holidays", *lines)
    points.disarm()
    assert put("holidays", *lines) == Loaded(3, 4, 0, None)
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Holiday)) == 7


def test_rows_that_somebody_else_put_at_the_same_moment_are_tried_again(put, monkeypatch):
    sort = SORTS["holidays"]
    tries = []

    def overtaken(session, rows, now) -> Registered:
        tries.append(len(rows))
        if len(tries) == 1:
            raise IntegrityError("INSERT", {}, Exception("unique"))
        return sort.register(session, rows, now)

    monkeypatch.setattr(loading, "SORTS", {"holidays": replace(sort, register=overtaken)})
    assert put("holidays", "1406/01/01,نوروز") == Loaded(1, 0, 0, None)
    assert tries == [1, 1]


def test_changed_person_is_loaded_again(put, store):
    put("people", *COUNTRY["people"])
    changed = COUNTRY["people"][1].replace("آزمون", "تازه")
    assert put("people", COUNTRY["people"][0], changed) == Loaded(1, 1, 0, None)
    with store.reading() as session:
        assert {one.last_name for one in session.scalars(select(Person))} == {"نمونه", "تازه"}


def test_kind_that_is_none_is_refused_with_those_that_are(store, tmp_path):
    with pytest.raises(CannotDo, match="say one of people, dependants, employers"):
        load(store, "horses", tmp_path / "x.csv", now=lambda: make.NOW)


def test_columns_are_the_glossarys_names():
    assert columns("people") == (
        "national_code,first_name,last_name,birth_date,phone,email,language,address"
    )
    assert columns("debts") == (
        "debt_number,workshop_code,reason,period_from,period_to,principal,list_fine,paid,kind,"
        "step,issued_on,due_on,objection_until,state"
    )
