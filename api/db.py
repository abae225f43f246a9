"""The core's store: SQLite for a desk, PostgreSQL for a nation, one code path for both.

Everything here is plain `def`. A transaction is opened by `Store.reading` or `Store.writing`, never
by a service; on SQLite the first begins deferred and the second immediate (design.md, "One request,
one hop").
"""

import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVarTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Uuid,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from api.kit import points, pools
from api.kit.sealing import Keyring

_WRITING = "bimeyar_writing"

_BUSY_SECONDS = 5.0
"""How long one who wants to write in SQLite waits for a turn."""

_ASK_AGAIN_MS = 8
"""Its own waiter asks less and less often, at last ten times a second, and so misses the short moments
between the slices of a long set, again and again."""

_WAIT_LONG = f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000:.0f}"

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A counter: 64 bits on PostgreSQL, the row id on SQLite (which autoincrements INTEGER alone)."""

Json = JSON().with_variant(JSONB(), "postgresql")


class JsonText(str):
    """JSON that was written already: `sets` binds it to a column of JSON as it is."""

    __slots__ = ()


def word(words: type[StrEnum]) -> Enum:
    """A column of a StrEnum: its value as text, so that a new word needs no migration."""
    return Enum(
        words,
        native_enum=False,
        length=16,
        values_callable=lambda kind: [one.value for one in kind],
    )


class BadStore(Exception):
    """The store cannot be used as it is; the text says why and what to do."""


class Base(DeclarativeBase):
    """All business tables of the core."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {uuid.UUID: Uuid(), dict[str, Any]: Json}  # noqa: RUF012 - SQLAlchemy's own name for it.


class Moment(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the store; a naive one raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(TypeDecorator[str]):
    """Text that is encrypted in the store (guarantees.md, "At rest").

    The context binds the bytes to their column: `Sealed("people.phone")`. `use_keys` must have been
    called. Sealed columns cannot be searched; look-ups go by a blind index beside them.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else keys().seal(value, context=self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _open(value, self.context)


_ring: list[Keyring] = []
_ring_file: list[Path] = []


def use_keys(ring: Keyring, file: Path | None = None) -> None:
    """Set the keys of this process; once, at start.

    With `file`, a key that was added to it later by a rotation is learned when it is first met.
    """
    _ring[:] = [ring]
    _ring_file[:] = [file] if file else []


def _open(sealed: bytes, context: str) -> str:
    if not keys().holds_key_of(sealed) and _ring_file:
        _ring[:] = [Keyring.load(_ring_file[0])]
    return keys().open(sealed, context=context)


def keys() -> Keyring:
    """The keys of this process."""
    if not _ring:
        raise BadStore("No keys are in use: call use_keys first.")
    return _ring[0]


def new_id() -> uuid.UUID:
    """An opaque id that grows with time (UUID version 7), so that indexes stay in order."""
    millis = time.time_ns() // 1_000_000
    value = (millis << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value)


class WithId:
    """An opaque primary key, made in Python."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)


_Columns = TypeVarTuple("_Columns")


def ask(session: Session, prepared: Select[*_Columns], **values: Any) -> CursorResult[*_Columns]:
    """Ask for columns by a statement that was put together once, with named holes.

    For what is asked at every knock: to put a statement together anew costs as much as its answer,
    and to read objects twice as much (docs/performance.md). What waits in the session is written
    first, as before any question of it.
    """
    session.flush()
    return session.connection().execute(prepared, values)


class Store:
    """One database and how transactions on it are opened."""

    def __init__(self, bind: Engine | Connection) -> None:
        self.bind = bind
        # Made once: an engine with options is new to its listeners, and asks for them anew.
        self._binds = {
            writing: bind.execution_options(**{_WRITING: writing})
            for writing in (False, True)
            if isinstance(bind, Engine)
        }

    @property
    def dialect(self) -> str:
        return self.bind.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that writes nothing; rolled back at the end."""
        with self._session(writing=False) as session:
            yield session

    @contextmanager
    def writing(self, point: str) -> Iterator[Session]:
        """A session whose work is committed at the end of the block, or not at all.

        `point` names this commit for the fault tests: `<point>.before` and `<point>.after`.
        """
        with self._session(writing=True) as session:
            yield session
            with points.around(point):
                session.commit()

    def session(self, *, writing: bool) -> Session:
        """A bare session, for the one place that commits by itself: the doors."""
        return self._session(writing=writing)

    def _session(self, *, writing: bool) -> Session:
        if not self._binds:
            # A test holds the outer transaction; a commit here releases a savepoint of it.
            return Session(
                self.bind, join_transaction_mode="create_savepoint", expire_on_commit=False
            )
        return Session(self._binds[writing], expire_on_commit=False)


def open_store(url: str, *, size: int = 12, wait_seconds: float = 30.0) -> Store:
    """Open the store of a URL with a pool of `size` connections; nothing is connected yet.

    Raises BadStore when the URL cannot be understood.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadStore(
            "API_DATABASE_URL is no database address: write sqlite:///var/core.db or "
            "postgresql+psycopg://user@host/name."
        ) from None
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = pools.ask_the_idle(
            create_engine(
                parsed,
                pool_size=size,
                max_overflow=0,
                pool_timeout=wait_seconds,
                pool_use_lifo=True,
            )
        )
    elif parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            pool_size=size,
            max_overflow=0,
            pool_timeout=wait_seconds,
            connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        raise BadStore("API_DATABASE_URL must name SQLite or PostgreSQL.")
    return Store(engine)


def check_durable(store: Store) -> None:
    """Raise BadStore unless what is committed survives a power cut (guarantees.md, "Stores")."""
    try:
        with store.reading() as session:
            if store.dialect == "postgresql":
                for name in ("fsync", "full_page_writes", "synchronous_commit"):
                    value = session.scalar(text(f"SHOW {name}"))
                    if value in {"off", "local"}:
                        raise BadStore(f"PostgreSQL runs with {name}={value}: switch it on.")
            else:
                journal = session.scalar(text("PRAGMA journal_mode"))
                if journal not in {"wal", "memory"}:
                    raise BadStore(f"SQLite cannot use WAL here (journal_mode={journal}).")
    except OperationalError as error:
        raise unreachable(error) from None


def unreachable(error: OperationalError) -> BadStore:
    """Say that the store is not there, which may happen between any two looks at it."""
    return BadStore(
        "The database cannot be reached: check API_DATABASE_URL and that it runs "
        f"({type(error.orig).__name__})."
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions on its own: _begin_sqlite does, and says which kind.
    connection.isolation_level = None
    for line in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        _WAIT_LONG,
        "PRAGMA foreign_keys=ON",
    ):
        connection.execute(line).close()


def _begin_sqlite(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    if not connection.get_execution_options().get(_WRITING, False):
        # It looks at no file and cannot be refused: the driver is told without ceremony.
        driver.execute("BEGIN").close()
        return
    until = time.monotonic() + _BUSY_SECONDS
    driver.execute(f"PRAGMA busy_timeout={_ASK_AGAIN_MS}").close()
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= until:
                    raise
            else:
                return
    finally:
        driver.execute(_WAIT_LONG).close()


def _is_busy(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
