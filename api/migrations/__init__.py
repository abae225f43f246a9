"""The core's schema through time: one line of migrations, the same on both stores."""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from api import db
from api.db import BadStore, Store
from api.kit import revisions

_HERE = Path(__file__).parent
_LOCK = 20_260_122


def upgrade(store: Store) -> None:
    """Bring the store to the newest schema; safe to run again, and twice at once."""
    # Ten MiB that a process which serves would hold all its life.
    from alembic import command

    with store.bind.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
        config = revisions.config(_HERE)
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
    """Whether the store of this connection has the schema of this code, or that of a newer release."""
    return revisions.is_ready(connection, _HERE)


def older() -> frozenset[str]:
    """Name the revisions before this code's own; worked out once a process."""
    return revisions.older(_HERE)


def known() -> frozenset[str]:
    """Name every revision of the schema that this code knows."""
    return revisions.known(_HERE)
