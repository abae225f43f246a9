"""The memory's schema through time: one line of migrations of its own, the same on both stores."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bots.store import open_plain

_LOCK = 20_260_123


def upgrade(url: str) -> None:
    """Bring the memory to the newest schema; safe to run again, and twice at once."""
    engine = open_plain(url)
    try:
        with engine.connect() as connection:
            locks = connection.dialect.name == "postgresql"
            if locks:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
                connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if locks:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
                connection.commit()
    finally:
        engine.dispose()


def is_ready(connection: Connection) -> bool:
    """Whether the memory of this connection has the schema of this code, or that of a newer release.

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
