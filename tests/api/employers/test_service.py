"""Employers, workshops and contacts are taken in by sets."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from api.employers import queries, service
from api.employers.models import Contact, Employer, Workshop
from api.employers.rules import ContactRow, EmployerKind, EmployerRow, Role, WorkshopRow
from api.kit.slices import RefusedRow, Registered
from tests.support import make


def test_employer_is_kept_by_number(session):
    row = EmployerRow(number=make.new_legal_id(), kind=EmployerKind.LEGAL, name="شرکت یک")
    assert service.register_employers(session, rows=[row]) == Registered(1, 0)
    assert service.register_employers(session, rows=[row]) == Registered(0, 1)
    renamed = replace(row, name="شرکت دو")
    assert service.register_employers(session, rows=[renamed]) == Registered(1, 0)
    session.expire_all()
    (kept,) = session.scalars(select(Employer)).all()
    assert (kept.number, kept.name) == (row.number, "شرکت دو")


def test_workshop_of_an_unknown_employer_is_refused_and_others_are_in(session):
    employer, branch = make.employer(session), make.branch(session)
    sound = WorkshopRow(
        code="0180000001",
        employer_no=employer.number,
        branch_id=branch.id,
        name="نان سحر",
        activity="",
        address="",
        registered_on=date(2019, 7, 10),
    )
    stray = replace(sound, code="0180000002", employer_no=make.new_legal_id())
    done = service.register_workshops(session, rows=[stray, sound])
    assert done == Registered(1, 0, (RefusedRow(0, "employer_no", "unknown_employer"),))
    assert service.register_workshops(session, rows=[sound]) == Registered(0, 1)
    kept = session.get_one(Workshop, queries.ids_by_code(session, ["0180000001"])["0180000001"])
    assert (kept.employer_id, kept.active) == (employer.id, True)


def test_contact_who_had_left_speaks_again(session):
    person, workshop = make.person(session), make.workshop(session)
    make.contact(session, workshop=workshop, person=person, until=date(2021, 1, 1))
    row = ContactRow(
        workshop_code=workshop.code,
        person_id=person.id,
        role=Role.OWNER,
        since=date(2020, 1, 1),
    )
    stray = replace(row, workshop_code="9999999999")
    done = service.register_contacts(session, rows=[stray, row])
    assert done == Registered(1, 0, (RefusedRow(0, "workshop_code", "unknown_workshop"),))
    session.expire_all()
    (kept,) = session.scalars(select(Contact)).all()
    assert kept.until is None
