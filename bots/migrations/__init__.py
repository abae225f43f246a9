"""The memory's schema through time: one line of migrations of its own, the same on both stores."""

from pathlib import Path

from sqlalchemy import Connection, text

from api.kit import revisions
from bots.store import open_plain

_HERE = Path(__file__).parent
_LOCK = 20_260_123


def upgrade(url: str) -> None:
    """Bring the memory to the newest schema; safe to run again, and twice at once."""
    # Ten MiB that a process which serves would hold all its life.
    from alembic import command

    engine = open_plain(url)
    try:
        with engine.connect() as connection:
            locks = connection.dialect.name == "postgresql"
            if locks:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
                connection.commit()
            config = revisions.config(_HERE)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if locks:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
                connection.commit()
    finally:
        engine.dispose()


def is_ready(connection: Connection) -> bool:
    """Whether the memory of this connection has the schema of this code, or that of a newer release."""
    return revisions.is_ready(connection, _HERE)


def older() -> frozenset[str]:
    """Name the revisions before this code's own; worked out once a process."""
    return revisions.older(_HERE)


def known() -> frozenset[str]:
    """Name every revision of the schema that this code knows."""
    return revisions.known(_HERE)
