"""Sets of rows, written in a few statements each: never a loop of single rows (performance.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.db import Base


def put(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    by: Sequence[str],
    at_birth: Mapping[str, Any] | None = None,
    at_change: Mapping[str, Any] | None = None,
) -> int:
    """Insert the rows that are not there and update those that differ; gives how many were written.

    `by` names the columns that tell one row from another, the most telling first; no two of `rows`
    share them. `at_birth` and `at_change` are written with a new row and with a changed one, and
    count for no difference. Raises IntegrityError when another transaction put the same row first.
    """
    if not rows:
        return 0
    table = model.__table__
    key = [column.name for column in table.primary_key]
    names = list(rows[0])
    stored = {
        tuple(row[name] for name in by): row
        for row in session.execute(
            select(*(table.c[name] for name in dict.fromkeys([*key, *names]))).where(
                table.c[by[0]].in_({row[by[0]] for row in rows})
            )
        ).mappings()
    }
    new, changed = [], []
    for row in rows:
        old = stored.get(tuple(row[name] for name in by))
        if old is None:
            new.append({**row, **(at_birth or {})})
        elif any(old[name] != row[name] for name in names):
            same = {name: old[name] for name in key}
            changed.append({**row, **same, **(at_change or {})})
    if new:
        session.execute(insert(model), new)
    if changed:
        session.execute(update(model), changed)
    return len(new) + len(changed)


def add(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> set[Any]:
    """Insert the rows that are new and pass over those that exist, by any unique key of the table.

    Gives the primary keys (of one column) of what was inserted.
    """
    if not rows:
        return set()
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    table = cast("Table", model.__table__)
    statement = kind.insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    return set(session.execute(statement, list(rows)).scalars())


def add_many(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert as `add` does and give how many were new: for thousands, where nobody asks which."""
    if not rows:
        return 0
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = kind.insert(cast("Table", model.__table__)).on_conflict_do_nothing()
    # Without RETURNING the driver sends the rows as they are: several times as fast.
    done = session.execute(statement, list(rows), execution_options={"preserve_rowcount": True})
    return cast("CursorResult[Any]", done).rowcount
