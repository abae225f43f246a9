"""The revisions of a schema: which of them a store has, and which of them this code knows."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def config(folder: Path) -> Config:
    """Give what alembic wants to know of the migrations in a folder."""
    made = Config()
    made.set_main_option("script_location", str(folder))
    return made


def is_ready(connection: Connection, folder: Path) -> bool:
    """Whether the store of this connection has the schema of this code, or that of a newer release.

    A revision that this code does not know is a newer one: migrations only add (guarantees.md, G15),
    so the processes of the release before it work on until they are replaced.
    """
    heads = MigrationContext.configure(connection).get_current_heads()
    return bool(heads) and older(folder).isdisjoint(heads)


@cache
def older(folder: Path) -> frozenset[str]:
    """Name the revisions before this code's own."""
    # Each is a file to compile, and readiness is asked for every few seconds.
    return known(folder).difference(ScriptDirectory.from_config(config(folder)).get_heads())


def known(folder: Path) -> frozenset[str]:
    """Name every revision that this code knows."""
    scripts = ScriptDirectory.from_config(config(folder))
    return frozenset(one.revision for one in scripts.walk_revisions())
