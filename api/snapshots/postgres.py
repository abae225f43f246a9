"""PostgreSQL: its own pg_dump, which reads one snapshot, and pg_restore."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from api.snapshots.manifest import BadSnapshot, sync

_NAMES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "passfile": "PGPASSFILE",
}


def copy(source: URL, target: Path) -> list[str]:
    """Dump a database that is in use; gives the revisions of its schema. Raises BadSnapshot."""
    schema = _ask(source, "SELECT version_num FROM alembic_version")
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _run("pg_dump", source, "--format=custom", f"--file={target}")
    except BadSnapshot:
        target.unlink()
        raise
    sync(target)
    return schema


def bring(
    file: Path, target: URL, hold: Callable[[str], None], complete: Callable[[str], None]
) -> None:
    """Bring a dump into an empty database; no row of it is there before the hold. Raises BadSnapshot."""
    if _ask(target, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"):
        raise BadSnapshot(
            "The database holds tables already: a backup goes into an empty one alone. "
            "What a broken-off restore left is no store: drop the database and make it anew."
        )
    url = target.render_as_string(hide_password=False)
    _restore(target, "pre-data", file)
    hold(url)
    _restore(target, "data", file)
    _restore(target, "post-data", file)
    complete(url)


def _restore(target: URL, section: str, file: Path) -> None:
    _run(
        "pg_restore",
        target,
        f"--section={section}",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={target.database}",
        str(file),
    )


def _run(program: str, url: URL, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BadSnapshot(
            f"{program} is not there: install PostgreSQL's client programs, of the server's version "
            "or a newer one, and have them in the PATH."
        )
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, with arguments of ours.
        [found, "--no-owner", "--no-privileges", "--no-password", *arguments],
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it says nothing"]
        raise BadSnapshot(f"{program} has failed: {said[0]}")


def _environment(url: URL) -> Mapping[str, str]:
    """The address as these programs read it; a command line would show the password to everybody."""
    given: dict[str, Any] = {
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGDATABASE": url.database,
        "PGCONNECT_TIMEOUT": 10,
        **{_NAMES[name]: value for name, value in url.query.items() if name in _NAMES},
    }
    return {name: str(value) for name, value in given.items() if value}


def _ask(url: URL, question: str) -> list[str]:
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            return list(connection.scalars(text(question)))
    finally:
        engine.dispose()
