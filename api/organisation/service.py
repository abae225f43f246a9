"""The verbs of the organisation: what is in force on a day, and taking in what it decrees."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import sets
from api.kit.slices import RefusedRow, Registered
from api.organisation import queries, reading
from api.organisation.models import Availability, Branch, Holiday, RuleTable
from api.organisation.refusals import NoBranch, NoRule
from api.organisation.rules import (
    AvailabilityRow,
    BranchRow,
    HolidayRow,
    Offer,
    Origin,
    RuleVersion,
    counting,
    in_force,
)


def rules_on(session: Session, name: str, day: date) -> dict[str, Any]:
    """Give the rules of this name that are in force on a day; raises NoRule."""
    for version in versions_of(session, name):
        if version.holds_on(day):
            return version.body
    raise NoRule(name=name, day=day.isoformat())


def versions_of(session: Session, name: str) -> Sequence[RuleVersion]:
    """Give the versions of a rule table by the days on which they are the rule, the oldest first."""
    return in_force(
        RuleVersion(
            name=one.name,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            body=one.body,
            source=one.source,
            origin=one.origin,
        )
        for one in queries.rules_of(session, name)
    )


def holidays_between(session: Session, first: date, last: date) -> set[date]:
    """Give the official holidays from one day to another, both included."""
    return queries.holidays_between(session, first, last)


def is_holiday(session: Session, day: date) -> bool:
    """Say whether a day is an official holiday; the weekly rest is the calendar's business."""
    return day in queries.holidays_between(session, day, day)


def branch_of_workshop(session: Session, workshop_id: uuid.UUID) -> Branch:
    """Give the branch that keeps a workshop's file; raises NoBranch."""
    found = queries.branch_of_workshop(session, workshop_id)
    if found is None:
        raise NoBranch
    return found


def available_services(session: Session, branch_id: uuid.UUID | None, day: date) -> Sequence[Offer]:
    """Give what is said about services on a day, for a branch or in general, by service name.

    A service about which nothing is said is offered to all.
    """
    said = queries.availabilities_on(session, branch_id, day)
    offers = counting(
        Offer(one.service, one.state, one.reason, one.branch_id is not None, one.from_day)
        for one in said
    )
    return [offers[service] for service in sorted(offers)]


def register_branches(session: Session, *, rows: Sequence[BranchRow]) -> Registered:
    """Take in a slice of branches, no two of one code."""
    written = sets.put(session, Branch, [asdict(row) for row in rows], by=["code"])
    return Registered(written, len(rows) - written)


def register_holidays(session: Session, *, rows: Sequence[HolidayRow]) -> Registered:
    """Take in a slice of holidays, no two of one day."""
    written = sets.put(session, Holiday, [asdict(row) for row in rows], by=["day"])
    return Registered(written, len(rows) - written)


def register_availabilities(session: Session, *, rows: Sequence[AvailabilityRow]) -> Registered:
    """Take in a slice of what is said about services; that of an unknown branch is refused."""
    branches = queries.ids_by_code(session, {row.branch_code for row in rows if row.branch_code})
    taken, refused = [], []
    for place, row in enumerate(rows):
        if row.branch_code is not None and row.branch_code not in branches:
            refused.append(RefusedRow(place, "branch_code", "unknown_branch"))
            continue
        values = asdict(row)
        del values["branch_code"]
        values["branch_id"] = None if row.branch_code is None else branches[row.branch_code]
        taken.append(values)
    written = sets.put(session, Availability, taken, by=["service", "branch_id", "from_day"])
    return Registered(written, len(taken) - written, tuple(refused))


def load_rules(
    session: Session,
    *,
    folder: Path = reading.RULE_TABLES,
    only: Collection[str] | None = None,
    origin: Origin = Origin.REPOSITORY,
) -> Registered:
    """Take in the rule files of a folder; what stands in the store already is left alone.

    The repository's and the operator's stand side by side, and on the days of both the operator's
    is the rule, whichever was loaded last. Raises reading.BadRuleFile. A version that left the files stays in the store: debts of its time
    are counted by it.
    """
    wanted = [one for one in reading.read(folder) if only is None or one.name in only]
    mine = select(RuleTable).where(RuleTable.origin == origin)
    stored = {(one.name, one.valid_from): one for one in session.scalars(mine)}
    loaded = 0
    for version in wanted:
        row = stored.get((version.name, version.valid_from))
        if row is None:
            row = RuleTable(name=version.name, valid_from=version.valid_from, origin=origin)
            session.add(row)
        elif (row.valid_to, row.body, row.source) == (
            version.valid_to,
            version.body,
            version.source,
        ):
            continue
        row.valid_to, row.body, row.source = version.valid_to, version.body, version.source
        loaded += 1
    session.flush()
    return Registered(loaded, len(wanted) - loaded)
