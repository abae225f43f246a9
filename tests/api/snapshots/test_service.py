"""Backups: whole, of one moment, of these keys, and brought back only into an empty place."""

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api.kit.sealing import Keyring
from api.snapshots import service, sqlite
from api.snapshots.service import BadSnapshot, Manifest
from tests.conftest import new_database
from tests.support import make, postgres

KEYS = Keyring.new()
LATER = "later"


@pytest.fixture
def url(request, dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with a schema and a row."""
    monkeypatch.setenv("PATH", postgres.programs(), prepend=":")
    made = new_database(request, dialect, tmp_path)
    change(
        made,
        "CREATE TABLE alembic_version (version_num varchar(32))",
        "INSERT INTO alembic_version VALUES ('1')",
        "CREATE TABLE words (word varchar(32))",
        "INSERT INTO words VALUES ('kept')",
    )
    return made


@pytest.fixture
def empty(request, dialect: str, tmp_path: Path) -> str:
    return new_database(request, dialect, tmp_path)


def change(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for one in statements:
            connection.execute(text(one))
    engine.dispose()


def words(url: str) -> list[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = list(connection.scalars(text("SELECT word FROM words")))
    engine.dispose()
    return found


def take(url: str, folder: Path) -> Manifest:
    return service.take(url, folder, room="api", keys=KEYS, now=make.NOW)


def bring(url: str, folder: Path, *, keys: Keyring = KEYS, known: str = "1") -> list[str]:
    """Bring a backup; gives what happened on the way."""
    said: list[str] = []

    def hold(at: str, taken_at: object) -> None:
        assert taken_at == make.NOW
        engine = create_engine(at)
        with engine.connect() as connection:
            held = connection.execute(text("SELECT count(*) FROM words")).scalar()
        engine.dispose()
        said.append(f"held {held}")

    service.bring(
        url,
        folder,
        room="api",
        keys=keys,
        known={known},
        hold=hold,
        complete=lambda _at: said.append("whole"),
    )
    return said


def test_what_was_backed_up_is_brought_back_held_first(url, empty, dialect, tmp_path: Path):
    made = take(url, tmp_path / "b")
    change(url, f"INSERT INTO words VALUES ('{LATER}')")
    # On PostgreSQL no row is there before the hold; on SQLite nobody finds the file before it.
    assert bring(empty, tmp_path / "b") == [f"held {int(dialect == 'sqlite')}", "whole"]
    assert words(empty) == ["kept"]
    assert made.schema == ["1"]


def test_backup_is_its_owners_alone_and_holds_no_key(url, tmp_path: Path):
    take(url, tmp_path / "b")
    files = list((tmp_path / "b").iterdir())
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    assert all(KEYS.signing not in one.read_bytes() for one in files)
    with pytest.raises(BadSnapshot, match="already"):
        take(url, tmp_path / "b")


# What is looked at is the same on both stores, and nothing of it is asked of the store.
@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("harm", ["file", "manifest", "lost", "other_keys", "newer"])
def test_backup_that_is_not_as_it_was_made_is_refused(url, empty, tmp_path: Path, harm: str):
    folder = tmp_path / "b"
    made = take(url, folder)
    keys, known = KEYS, "1"
    match harm:
        case "file":
            content = bytearray((folder / made.file).read_bytes())
            content[-1] ^= 1
            (folder / made.file).write_bytes(content)
        case "manifest":
            said = json.loads((folder / "api.json").read_text())
            (folder / "api.json").write_text(json.dumps({**said, "taken_at": "2020-01-01"}))
        case "lost":
            (folder / "api.json").unlink()
        case "other_keys":
            keys = Keyring.new()
        case "newer":
            known = "0"
    with pytest.raises(BadSnapshot):
        bring(empty, folder, keys=keys, known=known)


def test_store_that_is_there_is_not_written_over(url, tmp_path: Path):
    take(url, tmp_path / "b")
    with pytest.raises(BadSnapshot, match="empty"):
        bring(url, tmp_path / "b")
    assert words(url) == ["kept"]


def test_missing_program_is_named(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = new_database(request, "postgresql", tmp_path)
    change(made, "CREATE TABLE alembic_version (version_num varchar(32))")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadSnapshot, match="pg_dump is not there"):
        take(made, tmp_path / "b")


def test_writers_go_on_beside_a_copy_and_are_not_in_it(
    request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made = new_database(request, "sqlite", tmp_path)
    source = Path(make_url(made).database or "")
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE alembic_version (version_num varchar(32))")
        writer.execute("INSERT INTO alembic_version VALUES ('1')")
        writer.execute("CREATE TABLE words (word varchar(2000))")
        writer.executemany("INSERT INTO words VALUES (?)", [("w" * 2000,)] * 200)
        monkeypatch.setattr(sqlite, "_PAGES", 5)
        steps = iter(_writing(writer))
        monkeypatch.setattr(sqlite, "_step", lambda *_: next(steps, None))
        sqlite.copy(source, tmp_path / "copy")
        assert writer.execute("SELECT count(*) FROM words").fetchone()[0] > 200
    with closing(sqlite3.connect(tmp_path / "copy")) as copied:
        assert copied.execute("SELECT count(*) FROM words").fetchone() == (200,)


def _writing(writer: sqlite3.Connection) -> Iterator[None]:
    while True:
        writer.execute("INSERT INTO words VALUES ('meanwhile')")
        yield
