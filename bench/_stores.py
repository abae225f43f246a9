"""Fresh databases to be measured, on the stores asked for, and what a process holds meanwhile."""

import resource
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api import db
from api.db import Store
from tests.support import models, postgres

STORES = ("sqlite", "postgresql")


def asked(figure: str, options: Sequence[str], **numbers: int | Sequence[int]) -> Namespace:
    """Read how a figure is asked for: its numbers, as usual unless told, and on which stores."""
    given = ArgumentParser(prog=f"python -m bench {figure}")
    for name, usual in numbers.items():
        several = None if isinstance(usual, int) else "+"
        given.add_argument(f"--{name}", type=int, nargs=several, default=usual)
    given.add_argument("--store", choices=STORES, nargs="+", default=STORES)
    return given.parse_args(options)


@contextmanager
def running(stores: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Give a folder for these stores, and the URL of a PostgreSQL server if it is one of them."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(postgres.running()) if "postgresql" in stores else ""
        yield Path(folder), server


def database(store: str, name: str, folder: Path, server: str) -> str:
    """Give the URL of an empty database: a file of `folder`, or one of the PostgreSQL server's."""
    if store == "sqlite":
        return f"sqlite:///{folder}/{name}.db"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def opened(urls: Sequence[str], *, size: int = 12) -> Iterator[list[Store]]:
    """Open these databases with all tables of the core."""
    stores = [db.open_store(url, size=size) for url in urls]
    for store in stores:
        models.create(store)
    try:
        yield stores
    finally:
        for store in stores:
            store.bind.engine.dispose()


def settled(store: Store) -> None:
    """Let the store count its rows and tidy its log, as it has long done where they grew by day."""
    with store.bind.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if store.dialect == "postgresql":
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
        else:
            connection.execute(text("ANALYZE"))
    if store.dialect == "sqlite":
        driver = store.bind.engine.raw_connection()
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        driver.close()


def resident_mib() -> float:
    """What this process holds of the machine's memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20
