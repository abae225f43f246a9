"""Sets of rows, written in a few statements each: never a loop of single rows (performance.md)."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from operator import itemgetter
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Date,
    Dialect,
    Enum,
    Table,
    Update,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import NullType

from api import arrays
from api.db import Base, JsonText, Moment


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


@dataclass(frozen=True, slots=True)
class Bound:
    """An insert whose rows are in the driver's own form: only sending them is left.

    `plain` is the same for rows of which none exists, None where that is no quicker.
    """

    statement: str
    rows: Sequence[Any]
    plain: str | None = None


def bind(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> Bound:
    """Bring rows for `add_bound` into the driver's form; writes nothing.

    Every row names every column: no default is filled in. JSON may be text already (`JsonText`). To
    bind takes longer than to insert, and of SQLite, where one writes at a time, the second alone
    needs the turn.
    """
    if not rows:
        return Bound("", ())
    table = cast("Table", model.__table__)
    dialect = session.get_bind().dialect
    columns = {
        column.name: _values(column, dialect, [row[column.name] for row in rows])
        for column in table.columns
    }
    if dialect.name == "postgresql":
        plain, given = arrays.insert(table, columns)
        statement = f"{plain} ON CONFLICT DO NOTHING"
        return Bound(statement, given, plain if len(rows) >= _WORTH_A_SAVEPOINT else None)
    return Bound(_row_by_row(table), list(zip(*columns.values(), strict=True)))


def add_bound(session: Session, bound: Bound) -> int:
    """Insert as `add` does and give how many were new."""
    if not bound.rows:
        return 0
    connection = session.connection()
    run = partial(connection.exec_driver_sql, execution_options={"preserve_rowcount": True})
    if bound.plain is not None:
        # To look for conflicts costs PostgreSQL up to half as much again as the insert, and mostly
        # there are none.
        with suppress(IntegrityError), connection.begin_nested():
            return run(bound.plain, bound.rows).rowcount
    return run(bound.statement, bound.rows).rowcount


def add_many(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert as `add` does and give how many were new: for thousands, where nobody asks which.

    Every row names every column.
    """
    return add_bound(session, bind(session, model, rows))


def change(
    session: Session,
    model: type[Base],
    changed: Mapping[tuple[tuple[str, Any], ...], Sequence[Any]],
) -> None:
    """Write values, each with the keys of the rows that get them: those alike in one statement.

    A table's primary key is one column. A row of these that the session holds is read anew when
    somebody asks for it.
    """
    if not changed:
        return
    table = cast("Table", model.__table__)
    connection = session.connection()
    apart: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for values, keys in changed.items():
        if len(keys) < _ALIKE:
            names = tuple(name for name, _ in values)
            apart[names] += [{_KEY: one, **dict(values)} for one in keys]
            continue
        names = tuple(name for name, _ in values)
        connection.execute(_together(table, names), {_KEY: keys, **dict(values)})
    for names, each in apart.items():
        each.sort(key=itemgetter(_KEY))
        connection.execute(_one_by_one(table, names), each)
    for row in session.identity_map.values():
        if isinstance(row, model):
            session.expire(row)


@cache
def _one_by_one(table: Table, names: tuple[str, ...]) -> Update:
    return _update(table, names, lambda key: key == bindparam(_KEY))


@cache
def _together(table: Table, names: tuple[str, ...]) -> Update:
    return _update(table, names, lambda key: key.in_(bindparam(_KEY, expanding=True)))


def _update(
    table: Table, names: Sequence[str], which: Callable[[Column[Any]], ColumnElement[bool]]
) -> Update:
    [key] = table.primary_key
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(table).where(which(key)).values(values)


def among(
    session: Session,
    column: ColumnElement[UUID] | InstrumentedAttribute[UUID],
    ids: Collection[UUID],
) -> ColumnElement[bool]:
    """The condition that a column is one of these ids, which travel as one parameter.

    A parameter for each id would take longer to bind than the rows to find.
    """
    if session.get_bind().dialect.name == "postgresql":
        # Of no type but the array's own: a text would be read as an array for each row anew.
        written = bindparam(None, arrays.written(list(ids)), type_=NullType())
        return column == any_(cast_to(written, postgresql.ARRAY(Uuid)))
    written = bindparam(None, [one.hex for one in ids], type_=JSON)
    return column.in_(select(func.json_each(written).table_valued("value").c.value))


# Fewer rows than these are not worth a statement of their own.
_ALIKE = 4
_WORTH_A_SAVEPOINT = 50
_KEY = "key_of_row"


def _values(column: Column[Any], dialect: Dialect, values: Sequence[Any]) -> Sequence[Any]:
    # Not JSON, in which true and 1 are two things.
    if not isinstance(column.type, JSON) and arrays.are_same(values):
        # What all rows say is brought into form once.
        return list(_bound(column, dialect, values[:1])) * len(values)
    return _bound(column, dialect, values)


def _bound(column: Column[Any], dialect: Dialect, values: Sequence[Any]) -> Sequence[Any]:
    if isinstance(column.type, JSON):
        return [one if isinstance(one, JsonText) else json.dumps(one) for one in values]
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    if isinstance(column.type, Date | Enum | Moment):
        # A set says the same days and words again and again.
        process = cache(process)
    return [process(value) for value in values]


@cache
def _row_by_row(table: Table) -> str:
    # Without RETURNING the driver sends the rows as they are: several times as fast.
    statement = sqlite.insert(table).on_conflict_do_nothing()
    return str(
        statement.compile(dialect=sqlite.dialect(), column_keys=[one.name for one in table.columns])
    )
