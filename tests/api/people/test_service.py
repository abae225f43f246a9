"""People are taken in by sets, and their secrets are sealed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.kit.slices import Registered
from api.people import queries, service
from api.people.models import Person
from api.people.rules import PersonRow
from tests.support import make

LATER = make.NOW + timedelta(days=1)


@pytest.fixture
def row():
    return PersonRow(
        national_code=make.new_national_code(),
        first_name="رضا",
        last_name="نمونه",
        birth_date=None,
        phone=make.new_phone(),
        email="reza@example.org",
        language="fa",
        address="کوچهٔ سرو، پلاک ۷",
    )


def register(session, *rows: PersonRow, now=make.NOW):
    done = service.register(session, rows=rows, now=now)
    session.expire_all()
    return done


def known(session: Session, row: PersonRow) -> Person:
    found = queries.ids_by_national_code(session, [row.national_code])
    return session.get_one(Person, found[row.national_code])


def test_person_is_found_by_national_code(session, row):
    assert register(session, row) == Registered(1, 0)
    person = known(session, row)
    assert (person.first_name, person.phone, person.email) == ("رضا", row.phone, row.email)
    assert person.address == row.address
    assert queries.by_id(session, person.id) is person
    assert queries.ids_by_national_code(session, [row.national_code, "0000000000"]) == {
        row.national_code: person.id
    }


def test_same_rows_again_change_nothing(session, row):
    register(session, row)
    assert register(session, row, now=LATER) == Registered(0, 1)
    person = known(session, row)
    assert (person.created_at, person.changed_at) == (make.NOW, make.NOW)


@pytest.mark.parametrize("phone", ["+989990009999", None])
def test_changed_phone_is_kept_with_its_index(session, row, phone):
    register(session, row)
    before = known(session, row).phone_index
    assert register(session, replace(row, phone=phone), now=LATER) == Registered(1, 0)
    person = known(session, row)
    assert person.phone == phone
    assert person.phone_index != before
    assert (person.phone_index is None) == (phone is None)
    assert (person.created_at, person.changed_at) == (make.NOW, LATER)


def test_store_holds_no_code_phone_or_address_that_can_be_read(session, row):
    register(session, row)
    (kept,) = session.execute(text("SELECT * FROM people")).all()
    seen = b"|".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for value in kept
    )
    for secret in (row.national_code, row.phone, row.email, row.address):
        assert secret.encode() not in seen


def test_masked_name_shows_first_letters(session):
    assert service.masked_name(make.person(session)) == "م*** آ***"
