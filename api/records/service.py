"""The verbs of records: taking months in, and showing them to whom they belong."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from api import events
from api.kit import calendar
from api.kit.slices import RefusedRow, Registered
from api.people import queries as people
from api.records import queries, rules
from api.records.events import RecordGrew
from api.records.models import RecordMonth
from api.records.rules import NewMonth, RecordRow
from api.records.schemas import (
    GapOut,
    MonthOut,
    PartOut,
    RecordOut,
    TotalOut,
    YearDetails,
    YearOut,
)

first_month = queries.first_month

_Key = tuple[UUID, str, str]


def register(session: Session, *, rows: Sequence[RecordRow], now: datetime) -> Registered:
    """Take in a slice of months, no two of one person, month and workplace.

    Those of somebody unknown are refused, those with more days than the month has, and those of a
    month that has not begun. It is the registry's list and tells nobody anything.
    """
    known = people.ids_by_national_code(session, {row.national_code for row in rows})
    today = calendar.today(now)
    taken, refused = [], []
    for place, row in enumerate(rows):
        fault = rules.fault(row.month, row.days, today)
        if row.national_code not in known:
            fault = ("national_code", "unknown_person")
        if fault is not None:
            refused.append(RefusedRow(place, *fault))
            continue
        taken.append({
            "person_id": known[row.national_code],
            "month": str(row.month),
            "source": f"workshop:{row.source_code}",
            "days": row.days,
            "wage": row.wage,
            "place_name": row.place_name,
            # The first three of a workplace's ten digits (domain page "Identifiers").
            "branch_code": row.source_code[:3],
        })  # fmt: skip
    stored = _stored(session, map(_key, taken))
    new = [row for row in taken if _key(row) not in stored]
    changed = [
        row
        for row in taken
        if (old := stored.get(_key(row))) is not None
        and any(old[name] != value for name, value in row.items())
    ]
    if new:
        session.execute(insert(RecordMonth), [{**row, "added_at": now} for row in new])
    if changed:
        session.execute(update(RecordMonth), changed)
    written = len(new) + len(changed)
    return Registered(written, len(taken) - written, tuple(refused))


def add_months(session: Session, *, rows: Sequence[NewMonth], now: datetime) -> int:
    """Add months that were earned, and tell RecordGrew of those that are longer by it.

    Gives how many were new: a month a person has from the same source is passed over. More days
    than the month has are kept as its length.
    """
    given = {(row.person_id, str(row.month), row.source): row for row in rows}
    stored = _stored(session, given)
    new = [row for key, row in given.items() if key not in stored]
    if new:
        before = queries.days_of(session, {row.person_id for row in new})
        session.execute(
            insert(RecordMonth),
            [
                {
                    "person_id": row.person_id,
                    "month": str(row.month),
                    "source": row.source,
                    "days": rules.merged(row.month, [row.days]),
                    "wage": row.wage,
                    "place_name": row.place_name,
                    "branch_code": row.branch_code,
                    "added_at": now,
                }
                for row in new
            ],
        )
        added = dict.fromkeys(
            (row.person_id, row.month)
            for row in new
            if not rules.is_full(row.month, before.get(row.person_id, {}))
        )
        if added:
            events.tell(session, RecordGrew(tuple(added), now))
    return len(new)


def mine(session: Session, *, person_id: UUID) -> RecordOut:
    """Show a person's record; one without a single month is empty."""
    days = queries.days_by_month(session, person_id)
    insured = [month for month, count in days.items() if count]
    return RecordOut(
        years=[
            YearOut(year=year, days=cells, total=sum(filter(None, cells)))
            for year, cells in rules.years(days)
        ],
        total=TotalOut.model_validate(rules.Total.of(days), from_attributes=True),
        last_month=str(insured[-1]) if insured else None,
        gaps=[
            GapOut(since=str(gap.since), until=str(gap.until), months=gap.months)
            for gap in rules.gaps(days)
        ],
    )


def year(session: Session, *, person_id: UUID, number: int) -> YearDetails:
    """Show a year of a person's record by month and place; empty where nothing is on record."""
    parts: dict[str, list[RecordMonth]] = {}
    for row in queries.parts_of_year(session, person_id, number):
        parts.setdefault(row.month, []).append(row)
    return YearDetails(
        year=number,
        months=[
            MonthOut(
                month=month,
                days=rules.merged(calendar.Month.parse(month), [row.days for row in rows]),
                parts=[PartOut(place=row.place_name, days=row.days, wage=row.wage) for row in rows],
            )
            for month, rows in parts.items()
        ],
    )


def _key(row: Mapping[str, Any]) -> _Key:
    return row["person_id"], row["month"], row["source"]


def _stored(session: Session, keys: Iterable[_Key]) -> Mapping[_Key, Mapping[Any, Any]]:
    """The rows that are there already, of these people and months."""
    keys = list(keys)
    if not keys:
        return {}
    # Both narrow it: a sheet of one month names thousands of people, one of a person many months.
    found = session.execute(
        select(RecordMonth.__table__).where(
            RecordMonth.person_id.in_({person_id for person_id, _, _ in keys}),
            RecordMonth.month.in_({month for _, month, _ in keys}),
        )
    ).mappings()
    return {(row["person_id"], row["month"], row["source"]): row for row in found}
