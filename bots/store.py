"""The store of the bots' memory: SQLite for a desk, PostgreSQL for a nation, asynchronous here.

Like the core's (`api.db`), but the bots wait for networks all day, so this one is waited for too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from api.kit import points

_WRITING = "bimeyar_writing"

Away = (DBAPIError, PoolTimeout, OSError)
"""What a store that is away raises: wait, and try again."""


class BadStore(Exception):
    """The memory cannot be used as it is; the text says why and what to do."""


class Store:
    """One database; transactions begin with `reading` or `writing`."""

    def __init__(self, url: str, *, size: int = 10, wait_seconds: float = 10.0) -> None:
        """Raises BadStore when the URL cannot be understood; connects with the first use."""
        parsed = _parsed(url)
        self.dialect = parsed.get_backend_name()
        options: dict[str, Any] = {
            "pool_size": size,
            "max_overflow": 0,
            "pool_timeout": wait_seconds,
        }
        if self.dialect == "sqlite":
            driver = parsed.set(drivername="sqlite+aiosqlite")
            self._engine = create_async_engine(driver, connect_args={"timeout": 5.0}, **options)
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)
        else:
            driver = parsed.set(drivername="postgresql+psycopg")
            self._engine = create_async_engine(
                driver, pool_pre_ping=True, connect_args={"connect_timeout": 5}, **options
            )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes nothing; rolled back at the end."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, point: str) -> AsyncIterator[AsyncConnection]:
        """A transaction committed at the end of the block; `point` names the commit for fault tests."""
        engine = self._engine.execution_options(**{_WRITING: True})
        async with engine.connect() as connection:
            yield connection
            with points.around(point):
                await connection.commit()

    def insert(self, table: Table) -> Any:
        """An INSERT into a table that can say what becomes of a conflict, as both stores can."""
        return (postgresql if self.dialect == "postgresql" else sqlite).insert(table)

    async def close(self) -> None:
        """Let the connections go."""
        await self._engine.dispose()

    async def check(self) -> None:
        """Raise BadStore unless the store is there and what is committed survives a power cut."""
        try:
            async with self.reading() as connection:
                if self.dialect == "sqlite":
                    journal = await connection.scalar(text("PRAGMA journal_mode"))
                    if journal not in {"wal", "memory"}:
                        raise BadStore(f"SQLite cannot use WAL here (journal_mode={journal}).")
                    return
                for name in ("fsync", "full_page_writes", "synchronous_commit"):
                    value = await connection.scalar(text(f"SHOW {name}"))
                    if value in {"off", "local"}:
                        raise BadStore(f"PostgreSQL runs with {name}={value}: switch it on.")
        except Away as error:
            raise BadStore(
                "The bots' memory cannot be reached: check BOTS_DATABASE_URL and that it runs "
                f"({type(error).__name__})."
            ) from None


def open_plain(url: str) -> Engine:
    """The same store for the migrations, which are plain `def`; raises BadStore."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed.set(drivername="sqlite"))
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine.execution_options(**{_WRITING: True})
    return create_engine(parsed.set(drivername="postgresql+psycopg"))


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise BadStore(
            "BOTS_DATABASE_URL is no database address: write sqlite:///var/bots.db or "
            "postgresql+psycopg://user@host/name."
        )
    return parsed


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions on its own: _begin_sqlite does, and says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for line in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA busy_timeout=5000",
    ):
        cursor.execute(line)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
