"""The core's schema through time: one line of migrations, the same on both stores."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from api import db
from api.db import BadStore, Store

_LOCK = 20_260_122


def upgrade(store: Store) -> None:
    """Bring the store to the newest schema; safe to run again, and twice at once."""
    with store.bind.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()


def check(store: Store) -> None:
    """Raise BadStore unless the store is there and `is_ready`."""
    try:
        with store.reading() as session:
            ready = is_ready(session.connection())
    except OperationalError as error:
        raise db.unreachable(error) from None
    if not ready:
        raise BadStore("The database is not migrated: run `python -m api migrate`.")


def is_ready(connection: Connection) -> bool:
    """Whether the store of this connection has the schema of this code, or that of a newer release.

    A revision that this code does not know is a newer one: migrations only add (guarantees.md, G15),
    so the processes of the release before it work on until they are replaced.
    """
    heads = MigrationContext.configure(connection).get_current_heads()
    return bool(heads) and older().isdisjoint(heads)


def older() -> frozenset[str]:
    """Name the revisions before this code's own."""
    return _older(str(_config().get_main_option("script_location")))


@cache
def _older(location: str) -> frozenset[str]:
    # Each is a file to compile, and readiness is asked for every few seconds.
    config = Config()
    config.set_main_option("script_location", location)
    scripts = ScriptDirectory.from_config(config)
    every = {one.revision for one in scripts.walk_revisions()}
    return frozenset(every.difference(scripts.get_heads()))


def known() -> frozenset[str]:
    """Every revision of a schema that this code knows."""
    scripts = ScriptDirectory.from_config(_config())
    return frozenset(one.revision for one in scripts.walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
