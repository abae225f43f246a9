"""New sealing keys: made, and every sealed value of the store sealed again with the current one."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import (
    LargeBinary,
    RowMapping,
    Select,
    TableClause,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
    tuple_,
    update,
)

import api
from api import db
from api.commands.troubles import CannotDo
from api.db import Sealed, Store
from api.kit.sealing import Keyring, alone
from api.kit.slices import PAUSE_SECONDS, SIZE


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with sealed columns, as raw bytes: `contexts` by column."""

    raw: TableClause
    key: Sequence[str]
    contexts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: sealed values written anew, and whether it finished an earlier one."""

    resealed: int
    resumed: bool


def new(path: Path) -> None:
    """Make a key file. Raises CannotDo where one is: it opens what it has sealed, and nothing else."""
    with alone(path):
        if path.exists():
            raise CannotDo(f"{path} is there already, and stays: choose another name, or rotate.")
        Keyring.new().save(path)


def rotate(
    store: Store, path: Path, *, told: Callable[[int], None] = lambda _count: None
) -> Rotated:
    """Add a sealing key, make it current and seal everything with it; the old keys stay.

    Works while others read and write: they learn the new key when they meet it, and a value that
    changes meanwhile is left as it is. One that was interrupted is finished first, without another
    key. `told` hears how many values are done. Raises BadKeys and CannotDo.
    """
    with alone(path):
        ring = Keyring.load(path)
        db.use_keys(ring, path)
        tables = sealed_tables()
        resumed = any(_has_stale(store, one, ring) for one in tables)
        if not resumed:
            ring = ring.rotated()
            ring.save(path)
            db.use_keys(ring, path)
        done = 0
        # Twice: a process that had not met the new key yet may have sealed behind our back.
        for one in (*tables, *tables):
            for count in _reseal(store, one, ring):
                done += count
                told(done)
                time.sleep(PAUSE_SECONDS)
    return Rotated(done, resumed)


def sealed_tables() -> Sequence[SealedTable]:
    """Find every table with sealed columns, of all features."""
    for models in sorted(Path(api.__path__[0]).glob("*/models.py")):
        import_module(f"api.{models.parent.name}.models")
    found = []
    for one in db.Base.metadata.sorted_tables:
        contexts = {c.name: c.type.context for c in one.columns if isinstance(c.type, Sealed)}
        if contexts:
            raw = table(
                one.name,
                *(
                    column(c.name, LargeBinary() if c.name in contexts else c.type)
                    for c in one.columns
                    if c.primary_key or c.name in contexts
                ),
            )
            found.append(SealedTable(raw, [c.name for c in one.primary_key], contexts))
    return found


def _stale(one: SealedTable, ring: Keyring) -> Select[Any]:
    """Ask for the rows in which something is sealed with another key than the current one."""
    name = ring.current.encode()
    head = bytes([len(name)]) + name
    starts = [
        func.substr(one.raw.c[c], 1, len(head), type_=LargeBinary()) != head for c in one.contexts
    ]
    return select(one.raw).where(or_(*starts))


def _has_stale(store: Store, one: SealedTable, ring: Keyring) -> bool:
    with store.reading() as session:
        return session.execute(_stale(one, ring).limit(1)).first() is not None


def _reseal(store: Store, one: SealedTable, ring: Keyring) -> Iterator[int]:
    key = [one.raw.c[name] for name in one.key]
    after: tuple[Any, ...] | None = None
    while True:
        wanted = _stale(one, ring).order_by(*key).limit(SIZE)
        if after is not None:
            wanted = wanted.where(tuple_(*key) > after)
        with store.reading() as session:
            rows = session.execute(wanted).mappings().all()
        if not rows:
            return
        # Sealed before the write begins, so that others wait for the writing alone.
        changes = {name: _changes(one, name, ring, rows) for name in one.contexts}
        with store.writing("keys.slice") as session:
            for name, values in changes.items():
                if values:
                    session.connection().execute(_change(one, name), values)
        after = tuple(rows[-1][name] for name in one.key)
        yield sum(map(len, changes.values()))


def _changes(
    one: SealedTable, name: str, ring: Keyring, rows: Sequence[RowMapping]
) -> Sequence[dict[str, Any]]:
    context = one.contexts[name]
    return [
        {
            **{f"key_{part}": row[part] for part in one.key},
            "old": row[name],
            "new": ring.seal(ring.open(row[name], context=context), context=context),
        }
        for row in rows
        if row[name] is not None and not ring.sealed_with_current(row[name])
    ]


def _change(one: SealedTable, name: str) -> Any:
    """Write a value anew where it is still the one that was read."""
    mine = [one.raw.c[part] == bindparam(f"key_{part}") for part in one.key]
    old = bindparam("old", type_=LargeBinary())
    return (
        update(one.raw)
        .where(and_(*mine, one.raw.c[name] == old))
        .values({name: bindparam("new", type_=LargeBinary())})
    )
