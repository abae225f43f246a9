"""Sets of rows, written in a few statements each: never a loop of single rows (performance.md)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import (
    Column,
    Date,
    Dialect,
    Enum,
    Table,
    bindparam,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstanceState, Session

from api.db import Base, Moment


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
    """An insert whose rows are in the driver's own form: only sending them is left."""

    statement: str
    rows: Sequence[Any]


def bind(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> Bound:
    """Bring rows for `add_bound` into the driver's form; writes nothing.

    Every row names every column: no default is filled in. To bind takes longer than to insert, and
    of SQLite, where one writes at a time, the second alone needs the turn.
    """
    table = cast("Table", model.__table__)
    names = [column.name for column in table.columns]
    dialect = session.get_bind().dialect
    kind = postgresql if dialect.name == "postgresql" else sqlite
    # Without RETURNING the driver sends the rows as they are: several times as fast.
    statement = kind.insert(table).on_conflict_do_nothing()
    compiled = statement.compile(dialect=dialect, column_keys=names)
    columns = [_bound(table.c[name], dialect, [row[name] for row in rows]) for name in names]
    bound: Sequence[Any] = list(zip(*columns, strict=True))
    if not dialect.positional:
        bound = [dict(zip(names, row, strict=True)) for row in bound]
    return Bound(str(compiled), bound)


def add_bound(session: Session, bound: Bound) -> int:
    """Insert as `add` does and give how many were new."""
    if not bound.rows:
        return 0
    done = session.connection().exec_driver_sql(
        bound.statement, bound.rows, execution_options={"preserve_rowcount": True}
    )
    return done.rowcount


def add_many(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert as `add` does and give how many were new: for thousands, where nobody asks which.

    Every row names every column.
    """
    return add_bound(session, bind(session, model, rows))


def change(session: Session, rows: Iterable[Base]) -> None:
    """Write what was changed in loaded rows, those that changed alike in one statement.

    The session reads such a row anew when somebody asks for it. A table's primary key is one column,
    and what was changed can be hashed.
    """
    alike: dict[tuple[Table, tuple[tuple[str, Any], ...]], list[Any]] = defaultdict(list)
    for row in rows:
        state: InstanceState[Base] = inspect(row)
        # What the session keeps of a row is the value before its first change.
        changed = [
            (name, state.dict[name])
            for name, before in sorted(state.committed_state.items())
            if state.dict[name] != before
        ]
        if changed:
            table = cast("Table", row.__table__)
            [key] = state.identity or ()
            alike[table, tuple(changed)].append(key)
            session.expire(row)
    apart: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
    connection = session.connection()
    for (table, values), keys in alike.items():
        if len(keys) < _ALIKE:
            names = tuple(name for name, _ in values)
            apart[table, names] += [{_KEY: key, **dict(values)} for key in keys]
            continue
        [column] = table.primary_key
        connection.execute(update(table).where(column.in_(keys)).values(dict(values)))
    for (table, names), each in apart.items():
        [column] = table.primary_key
        one = update(table).where(column == bindparam(_KEY))
        each.sort(key=itemgetter(_KEY))
        connection.execute(one.values({name: bindparam(name) for name in names}), each)


# Fewer rows than these are not worth a statement of their own.
_ALIKE = 4
_KEY = "key_of_row"


def _bound(column: Column[Any], dialect: Dialect, values: Sequence[Any]) -> Sequence[Any]:
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    if isinstance(column.type, Date | Enum | Moment):
        # A set says the same days and words again and again.
        process = cache(process)
    return [process(value) for value in values]
