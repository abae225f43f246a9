"""The core's schema through time: one line of migrations, the same on both stores."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from api.db import Store

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


def is_ready(connection: Connection) -> bool:
    """Whether the store of this connection has the schema of this code, or that of a newer release.

    A revision that this code does not know is a newer one: migrations only add (guarantees.md, G15),
    so the processes of the release before it work on until they are replaced.
    """
    heads = MigrationContext.configure(connection).get_current_heads()
    return bool(heads) and _older().isdisjoint(heads)


@cache
def _older() -> frozenset[str]:
    """The revisions before this code's own; to know them, each is imported: once a process."""
    scripts = ScriptDirectory.from_config(_config())
    older = {one.revision for one in scripts.walk_revisions()} - set(scripts.get_heads())
    return frozenset(older)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
