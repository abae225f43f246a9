"""Who speaks for which workshop, and when."""

from datetime import timedelta

import pytest

from api.employers import queries
from api.employers.queries import ContactOf, Label
from api.employers.rules import Role
from tests.support import make

DAY = timedelta(days=1)


def test_workshops_of_a_contact_are_given_by_code(session):
    person = make.person(session)
    for code in ("0180000002", "0180000001"):
        make.workshop(session, code=code, contacts=[person])
    make.workshop(session, contacts=[make.person(session)])
    found = queries.workshops_of(session, person.id, make.TODAY)
    assert [one.code for one in found] == ["0180000001", "0180000002"]


def test_closed_workshop_is_spoken_for_by_nobody(session):
    person = make.person(session)
    workshop = make.workshop(session, contacts=[person], active=False)
    assert queries.workshops_of(session, person.id, make.TODAY) == []
    assert queries.contacts_of(session, [workshop.id], make.TODAY) == []


@pytest.mark.parametrize(
    ("since", "until", "speaks"),
    [(0, None, True), (1, None, False), (-9, 0, True), (-9, -1, False), (-9, 5, True)],
)
def test_contact_speaks_from_the_first_day_to_the_last(session, since, until, speaks):
    person, workshop = make.person(session), make.workshop(session)
    make.contact(
        session,
        workshop=workshop,
        person=person,
        role=Role.MANAGER,
        since=make.TODAY + since * DAY,
        until=None if until is None else make.TODAY + until * DAY,
    )
    assert bool(queries.workshops_of(session, person.id, make.TODAY)) is speaks
    expected = [ContactOf(workshop.id, person.id, Role.MANAGER)] if speaks else []
    assert queries.contacts_of(session, [workshop.id], make.TODAY) == expected


def test_workshop_is_found_by_code_and_labelled(session):
    workshop = make.workshop(session, name="نان سحر")
    found = queries.ids_by_code(session, [workshop.code, "9999999999"])
    assert found == {workshop.code: workshop.id}
    assert queries.by_id(session, workshop.id) is workshop
    assert queries.labels_of(session, [workshop.id]) == {
        workshop.id: Label(workshop.code, "نان سحر")
    }
