"""Questions about branches, holidays, rule tables and availability."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, column, or_, select, table
from sqlalchemy.orm import Session

from api.organisation.models import Availability, Branch, Holiday, RuleTable
from api.organisation.rules import Box

# Employers are neighbours: their table is pointed at by name (style.md, "The arrows", 6).
_workshops = table("workshops", column("id", Branch.id.type), column("branch_id", Branch.id.type))


def rules_of(session: Session, name: str) -> Sequence[RuleTable]:
    """All versions of a rule table, of the repository and of the operator, the oldest first."""
    return session.scalars(
        select(RuleTable).where(RuleTable.name == name).order_by(RuleTable.valid_from)
    ).all()


def holidays_between(session: Session, first: date, last: date) -> set[date]:
    """The official holidays from one day to another, both included."""
    return set(session.scalars(select(Holiday.day).where(Holiday.day.between(first, last))))


def branch_of_workshop(session: Session, workshop_id: uuid.UUID) -> Branch | None:
    """The branch that keeps a workshop's file."""
    return session.scalar(
        select(Branch)
        .join(_workshops, _workshops.c.branch_id == Branch.id)
        .where(_workshops.c.id == workshop_id)
    )


def branches_of_city(session: Session, city: str, *, limit: int) -> Sequence[Branch]:
    """The branches of a city by name, at most `limit`."""
    return session.scalars(
        select(Branch).where(Branch.city == city).order_by(Branch.name, Branch.code).limit(limit)
    ).all()


def by_id(session: Session, branch_id: uuid.UUID) -> Branch | None:
    """The branch of an id."""
    return session.get(Branch, branch_id)


def branches_within(session: Session, box: Box) -> Sequence[Branch]:
    """The branches whose place is known and lies within a box, in no order."""
    over: ColumnElement[bool] = Branch.longitude.between(box.west, box.east)
    if box.west > box.east:
        over = or_(Branch.longitude >= box.west, Branch.longitude <= box.east)
    up = Branch.latitude.between(box.south, box.north)
    return session.scalars(select(Branch).where(and_(up, over))).all()


def branches_of_cities(session: Session, cities: Collection[str]) -> Sequence[Branch]:
    """The branches of cities by name."""
    return session.scalars(
        select(Branch).where(Branch.city.in_(cities)).order_by(Branch.name, Branch.code)
    ).all()


def branches_of_province(session: Session, province: str, *, limit: int) -> Sequence[Branch]:
    """The branches of a province by city and name, at most `limit`."""
    return session.scalars(
        select(Branch)
        .where(Branch.province == province)
        .order_by(Branch.city, Branch.name, Branch.code)
        .limit(limit)
    ).all()


def cities(session: Session) -> Sequence[str]:
    """The cities that have a branch."""
    return session.scalars(select(Branch.city).distinct()).all()


def provinces(session: Session) -> Sequence[str]:
    """The provinces that have a branch, in the order of their letters."""
    return session.scalars(select(Branch.province).distinct().order_by(Branch.province)).all()


def said_of(session: Session, service: str, day: date) -> Sequence[Availability]:
    """What is said of a service on a day, for all branches and for single ones."""
    return session.scalars(
        select(Availability).where(
            Availability.service == service,
            Availability.from_day <= day,
            or_(Availability.to_day.is_(None), Availability.to_day >= day),
        )
    ).all()


def availabilities_on(
    session: Session, branch_id: uuid.UUID | None, day: date
) -> Sequence[Availability]:
    """What is said on a day for all branches, and for this one."""
    return session.scalars(
        select(Availability).where(
            Availability.from_day <= day,
            or_(Availability.to_day.is_(None), Availability.to_day >= day),
            or_(Availability.branch_id.is_(None), Availability.branch_id == branch_id),
        )
    ).all()


def ids_by_code(session: Session, codes: Collection[str]) -> Mapping[str, uuid.UUID]:
    """The ids of those branch codes that are registered."""
    found = session.execute(select(Branch.code, Branch.id).where(Branch.code.in_(codes)))
    return dict(found.all())
