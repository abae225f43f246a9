"""Rows that travel to PostgreSQL as arrays, one a column: one statement for a whole slice."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, String, Table
from sqlalchemy.dialects import postgresql

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert(table: Table, columns: Mapping[str, Sequence[Any]]) -> tuple[str, tuple[Any, ...]]:
    """Give an INSERT of rows and its parameters; `columns` are their values, in the driver's form.

    What is the same in all rows travels once.
    """
    varying = frozenset(
        name for name, values in columns.items() if len(values) == 1 or not are_same(values)
    )
    same = [values[0] for name, values in columns.items() if name not in varying]
    arrays = [written(values) for name, values in columns.items() if name in varying]
    return _insert(table, tuple(columns), varying), (*same, *arrays)


def are_same(values: Sequence[Any]) -> bool:
    """Whether all values, of which there is one at least, are the same."""
    # The last one mostly says it at once.
    return bool(values[-1] == values[0]) and values.count(values[0]) == len(values)


def written(values: Sequence[Any]) -> str:
    """Write an array as PostgreSQL reads it: the driver itself takes several times as long.

    ValueError for a text with a zero byte, which PostgreSQL cannot hold.
    """
    known = [value for value in values if value is not None]
    if not known:
        return f"{{{','.join(['NULL'] * len(values))}}}"
    dump = _dumper(known[0])
    said = b"\0".join([bytes(dump(value) or b"") for value in known])
    if said.count(b"\0") != len(known) - 1:
        raise ValueError("a text with a zero byte")
    # All are quoted at once.
    quoted = said.replace(b"\\", b"\\\\").replace(b'"', b'\\"').decode().split("\0")
    if len(known) == len(values):
        return '{"' + '","'.join(quoted) + '"}'
    following = iter(quoted)
    return "{" + ",".join("NULL" if one is None else f'"{next(following)}"' for one in values) + "}"


def _dumper(sample: Any) -> Callable[[Any], Any]:
    # The driver is nine MiB that a house on SQLite never asks for (tests/test_weight.py).
    from psycopg import Binary
    from psycopg.adapt import PyFormat, Transformer

    if isinstance(sample, Binary):
        return _hex
    return Transformer().get_dumper(sample, PyFormat.TEXT).dump


def _hex(value: Any) -> bytes:
    # The driver's own form of bytes depends on a setting of the connection, which is not known here.
    return b"\\x" + bytes(value.obj).hex().encode()


@cache
def _insert(table: Table, names: tuple[str, ...], varying: frozenset[str]) -> str:
    quoted = {name: _DIALECT.identifier_preparer.quote(name) for name in names}
    kinds = {name: _kind(table.c[name]) for name in names}
    same = [name for name in names if name not in varying]
    rows = [name for name in names if name in varying]
    into = ", ".join(quoted[name] for name in same + rows)
    values = ", ".join([f"%s::{kinds[name]}" for name in same] + [quoted[name] for name in rows])
    arrays = ", ".join(f"%s::{kinds[name]}[]" for name in rows)
    given = ", ".join(quoted[name] for name in rows)
    return (
        f"INSERT INTO {_DIALECT.identifier_preparer.format_table(table)} ({into}) "  # noqa: S608 - names of our own tables.
        f"SELECT {values} FROM unnest({arrays}) AS given ({given})"
    )


def _kind(column: Column[Any]) -> str:
    # A cast to a length would cut in silence what the column itself refuses.
    if isinstance(column.type, String):
        return "text"
    return column.type.compile(dialect=_DIALECT)
