"""The revisions of a schema: which of them a store has, and which of them this code knows.

Alembic writes a schema; here it is only asked about. Alembic with what it imports is ten MiB, which
a process that answers for its readiness would hold all its life: the store is asked by one statement,
and the files of the migrations by their two lines of names. tests/api/kit/test_revisions.py asks
Alembic whether it reads the same.
"""

import re
from ast import literal_eval
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

if TYPE_CHECKING:
    from alembic.config import Config

_TOLD = table("alembic_version", column("version_num"))
"""Where Alembic keeps what a store has: the last revision of each line."""

_NAMED = re.compile(r"^(revision|down_revision) = (.+)$", re.MULTILINE)


def config(folder: Path) -> "Config":
    """Give what alembic wants to know of the migrations in a folder."""
    # Whoever migrates needs Alembic; who serves does not.
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(folder))
    return made


def is_ready(connection: Connection, folder: Path) -> bool:
    """Whether the store of this connection has the schema of this code, or that of a newer release.

    A revision that this code does not know is a newer one: migrations only add (guarantees.md, G15),
    so the processes of the release before it work on until they are replaced.
    """
    if not inspect(connection).has_table(_TOLD.name):
        return False
    heads = connection.scalars(select(_TOLD.c.version_num)).all()
    return bool(heads) and older(folder).isdisjoint(heads)


@cache
def older(folder: Path) -> frozenset[str]:
    """Name the revisions before this code's own: those that another one follows."""
    # Readiness is asked for every few seconds, and what stands in the files stays.
    return frozenset(_named("down_revision", folder))


def known(folder: Path) -> frozenset[str]:
    """Name every revision that this code knows."""
    return frozenset(_named("revision", folder))


def _named(what: str, folder: Path) -> Iterator[str]:
    for script in (folder / "versions").glob("*.py"):
        found = dict(_NAMED.findall(script.read_text(encoding="utf-8")))
        named = literal_eval(found[what])
        if named is not None:
            yield named
