"""The verbs of employers: taking in what the registry lists."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from api import db, sets
from api.employers import queries
from api.employers.models import Contact, Employer, Workshop
from api.employers.rules import ContactRow, EmployerRow, WorkshopRow
from api.kit.slices import RefusedRow, Registered


def register_employers(session: Session, *, rows: Sequence[EmployerRow]) -> Registered:
    """Take in a slice of employers, no two of one number."""
    written = sets.put(
        session,
        Employer,
        [
            {
                "number_index": db.keys().blind("employer_no", row.number),
                "number": row.number,
                "kind": row.kind,
                "name": row.name,
            }
            for row in rows
        ],
        by=["number_index"],
    )
    return Registered(written, len(rows) - written)


def register_workshops(session: Session, *, rows: Sequence[WorkshopRow]) -> Registered:
    """Take in a slice of workshops, no two of one code; those of no known employer are refused."""
    employers = queries.ids_by_number(session, {row.employer_no for row in rows})
    taken, refused = [], []
    for place, row in enumerate(rows):
        if row.employer_no not in employers:
            refused.append(RefusedRow(place, "employer_no", "unknown_employer"))
            continue
        taken.append({
            "code": row.code,
            "employer_id": employers[row.employer_no],
            "branch_id": row.branch_id,
            "name": row.name,
            "activity": row.activity,
            "address": row.address,
            "registered_on": row.registered_on,
            "active": row.active,
        })  # fmt: skip
    written = sets.put(session, Workshop, taken, by=["code"])
    return Registered(written, len(taken) - written, tuple(refused))


def register_contacts(session: Session, *, rows: Sequence[ContactRow]) -> Registered:
    """Take in a slice of contacts, no two of one person and workshop.

    Those of no known workshop are refused, and those that end before they begin. A contact who had
    left and is listed without a last day speaks again.
    """
    workshops = queries.ids_by_code(session, {row.workshop_code for row in rows})
    taken, refused = [], []
    for place, row in enumerate(rows):
        if row.workshop_code not in workshops:
            refused.append(RefusedRow(place, "workshop_code", "unknown_workshop"))
            continue
        if row.until is not None and row.until < row.since:
            refused.append(RefusedRow(place, "until", "before_since"))
            continue
        taken.append({
            "workshop_id": workshops[row.workshop_code],
            "person_id": row.person_id,
            "role": row.role,
            "since": row.since,
            "until": row.until,
        })  # fmt: skip
    written = sets.put(session, Contact, taken, by=["workshop_id", "person_id"])
    return Registered(written, len(taken) - written, tuple(refused))
