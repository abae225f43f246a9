"""What is held about one person: every row of the core that leads to them, in words."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Table, or_, select
from sqlalchemy.orm import Session

from api.db import Base, Sealed
from api.employers import queries as employers
from api.people.models import Person
from api.retention.holdings import HOLDINGS, Holding

_SECRET = frozenset({"files.key", "notices.secret", "pay_links.token"})
"""What opens something: it is of no use to its person, and to anybody else too much."""

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

_LAST = frozenset({"audit_entries", "transfers"})
# How the trail names what a person's rows are.
_NAMED = {
    "credit": "credits",
    "file": "files",
    "grant": "grants",
    "link": "chat_links",
    "notice": "notices",
    "pay_link": "pay_links",
    "payment": "payment_attempts",
    "person": "people",
}


def held(session: Session, person_id: uuid.UUID) -> Rows:
    """Give the rows of each table that are a person's, opened; tables without any are left out.

    Hashes, blind indexes and keys are left out too: they say nothing, or would open something.
    """
    # Of each table the keys by which others lead to its rows. A natural employer is known by the
    # national code.
    code = session.get_one(Person, person_id).national_code
    keys: dict[str, list[Any]] = defaultdict(list, people=[person_id])
    keys["employers"] = [*employers.ids_by_number(session, [code]).values()]
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    # The trail and the ledger lead to others by name, so no foreign key says that they come after.
    tables = sorted(Base.metadata.sorted_tables, key=lambda one: one.name in _LAST)
    for table in tables:
        holding = HOLDINGS.get(table.name)
        which = _which(table, holding, keys) if holding is not None else None
        if which is None:
            continue
        key = next(iter(table.primary_key.columns))
        rows = session.execute(
            select(key.label("_key"), *_shown(table)).where(which).order_by(*table.primary_key)
        ).mappings()
        kept = [dict(row) for row in rows]
        keys[table.name] = [row.pop("_key") for row in kept]
        if kept:
            found[table.name] = kept
    return found


def unsearched() -> Mapping[str, Holding]:
    """Give what may be held and cannot be found by a person, since only a blind index leads to it."""
    return {name: one for name, one in HOLDINGS.items() if not one.of and name != "audit_entries"}


def _which(
    table: Table, holding: Holding, keys: Mapping[str, list[Any]]
) -> ColumnElement[bool] | None:
    if table.name == "audit_entries":
        named = [f"{kind}:{key}" for kind, name in _NAMED.items() for key in keys[name]]
        return or_(table.c.subject.in_(named), table.c.actor.in_(named))
    if not holding.of:
        return None
    leading = []
    for name in holding.of:
        column = table.c[name]
        parents = [key.column.table.name for key in column.foreign_keys]
        # An account of the ledger is a person's or a contract's, in one column.
        of_ledger = [*keys["people"], *keys["contracts"]]
        wanted = keys[parents[0]] if parents else keys.get(table.name, of_ledger)
        leading.append(column.in_(wanted))
    return or_(*leading)


def _shown(table: Table) -> list[ColumnElement[Any]]:
    return [
        column
        for column in table.columns
        if f"{table.name}.{column.name}" not in _SECRET
        and (isinstance(column.type, Sealed) or not isinstance(column.type, LargeBinary))
    ]
