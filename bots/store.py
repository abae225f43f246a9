"""The store of the bots' memory: SQLite for a desk, PostgreSQL for a nation.

Like the core's (`api.db`): a transaction is plain `def`. The bots wait for networks all day, so a
method of the memory that is marked `@reads` or `@writes` is awaited outside and plain inside: one
transaction, one hop to a thread. What has begun there ends, though nobody waits for it any more.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.kit import points, pools

P = ParamSpec("P")
T = TypeVar("T")

_WRITING = "bimeyar_writing"

Away = (DBAPIError, PoolTimeout, OSError)
"""What a store that is away raises: wait, and try again."""


class BadStore(Exception):
    """The memory cannot be used as it is; the text says why and what to do."""


class Store:
    """One database; transactions begin with `reading` or `writing`."""

    def __init__(self, url: str, *, size: int = 10, wait_seconds: float = 10.0) -> None:
        """Raises BadStore when the URL cannot be understood; connects with the first use."""
        self._engine = _engine(url, pool_size=size, max_overflow=0, pool_timeout=wait_seconds)
        self._writer = self._engine.execution_options(**{_WRITING: True})
        self.dialect = self._engine.dialect.name
        threads = partial(ThreadPoolExecutor, thread_name_prefix="memory")
        self._reading = threads(size)
        # SQLite lets one write at a time: here they wait in line, there each would look again and again.
        self._writing = threads(1) if self.dialect == "sqlite" else self._reading

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that writes nothing; rolled back at the end."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, point: str) -> Iterator[Connection]:
        """A transaction committed at the end of the block; `point` names the commit for fault tests."""
        with self._writer.connect() as connection:
            yield connection
            with points.around(point):
                connection.commit()

    async def read(self, ask: Callable[[Connection], T]) -> T:
        """Ask in one hop and one transaction that writes nothing."""

        def asked() -> T:
            with self.reading() as connection:
                return ask(connection)

        return await asyncio.get_running_loop().run_in_executor(self._reading, asked)

    async def write(self, point: str, change: Callable[[Connection], T]) -> T:
        """Change in one hop and one transaction; committed when it returns."""

        def changed() -> T:
            with self.writing(point) as connection:
                return change(connection)

        return await asyncio.get_running_loop().run_in_executor(self._writing, changed)

    def insert(self, table: Table) -> Any:
        """An INSERT into a table that can say what becomes of a conflict, as both stores can."""
        # Each is two MiB of types and words, and one of them is wanted.
        if self.dialect == "postgresql":
            from sqlalchemy.dialects import postgresql

            return postgresql.insert(table)
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)

    async def close(self) -> None:
        """Let the connections go, when what is under way has ended."""
        for threads in (self._reading, self._writing):
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)
        self._engine.dispose()

    async def check(self) -> None:
        """Raise BadStore unless the store is there and what is committed survives a power cut."""
        try:
            await self.read(_check)
        except Away as error:
            raise BadStore(
                "The bots' memory cannot be reached: check BOTS_DATABASE_URL and that it runs "
                f"({type(error).__name__})."
            ) from None


class Keeper(Protocol):
    """A part of the memory."""

    @property
    def store(self) -> Store: ...


K = TypeVar("K", bound=Keeper)


def reads(
    ask: Callable[Concatenate[K, Connection, P], T],
) -> Callable[Concatenate[K, P], Coroutine[Any, Any, T]]:
    """Make a method that asks on a connection one that is awaited without it."""

    @wraps(ask)
    async def asked(keeper: K, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await keeper.store.read(lambda connection: ask(keeper, connection, *args, **kwargs))

    return asked


def writes(
    point: str,
) -> Callable[
    [Callable[Concatenate[K, Connection, P], T]],
    Callable[Concatenate[K, P], Coroutine[Any, Any, T]],
]:
    """Make a method that changes on a connection one that is awaited without it, and then committed.

    `point` names the commit for fault tests.
    """

    def made(
        change: Callable[Concatenate[K, Connection, P], T],
    ) -> Callable[Concatenate[K, P], Coroutine[Any, Any, T]]:
        @wraps(change)
        async def changed(keeper: K, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return await keeper.store.write(
                point, lambda connection: change(keeper, connection, *args, **kwargs)
            )

        return changed

    return made


def open_plain(url: str) -> Engine:
    """The same store for the migrations and commands, each transaction a writing one; raises BadStore."""
    return _engine(url).execution_options(**{_WRITING: True})


def _engine(url: str, **options: Any) -> Engine:
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        driver = parsed.set(drivername="sqlite")
        engine = create_engine(driver, connect_args={"timeout": 5.0}, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    driver = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(
        driver, pool_use_lifo=True, connect_args={"connect_timeout": 5}, **options
    )
    return pools.ask_the_idle(engine)


def _check(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        journal = connection.scalar(text("PRAGMA journal_mode"))
        if journal not in {"wal", "memory"}:
            raise BadStore(f"SQLite cannot use WAL here (journal_mode={journal}).")
        return
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        value = connection.scalar(text(f"SHOW {name}"))
        if value in {"off", "local"}:
            raise BadStore(f"PostgreSQL runs with {name}={value}: switch it on.")


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
