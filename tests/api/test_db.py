"""The store keeps its word on both engines."""

from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api import db
from api.db import BadStore, Store


def test_store_that_runs_durably_is_accepted(fresh_store: Store):
    db.check_durable(fresh_store)


def test_unreachable_store_is_refused_in_one_sentence():
    with pytest.raises(BadStore, match="cannot be reached"):
        db.check_durable(db.open_store("postgresql://nobody@/x?host=/nonexistent"))


@pytest.mark.parametrize("url", ["mysql://x/y", "no address", "sqlite3:x"])
def test_address_of_no_store_of_ours_is_refused(url: str):
    with pytest.raises(BadStore):
        db.open_store(url)


def test_commit_is_undone_after_each_test(store: Store):
    with store.writing("test") as session:
        session.execute(text("CREATE TABLE undone (x INTEGER)"))
    with store.reading() as session:
        session.execute(text("SELECT x FROM undone"))


def test_ids_grow_with_time():
    first = db.new_id()
    assert first.version == 7
    assert abs((first.int >> 80) / 1000 - datetime.now(UTC).timestamp()) < 5


def test_who_waits_for_the_one_turn_to_write_gets_it_when_it_is_free(tmp_path: Path):
    store = db.open_store(f"sqlite:///{tmp_path}/turn.db")
    with store.writing("arrange") as session:
        session.execute(text("CREATE TABLE written (who TEXT)"))

    def write() -> None:
        with store.writing("second") as session:
            session.execute(text("INSERT INTO written VALUES ('second')"))

    with store.writing("first") as session:
        session.execute(text("INSERT INTO written VALUES ('first')"))
        second = Thread(target=write)
        second.start()
        second.join(0.05)
    second.join()
    with store.reading() as session:
        written = session.scalars(text("SELECT who FROM written ORDER BY rowid")).all()
    assert written == ["first", "second"]
    store.bind.engine.dispose()


def test_who_got_no_turn_to_write_in_time_is_told_so(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(db, "_BUSY_SECONDS", 0.05)
    store = db.open_store(f"sqlite:///{tmp_path}/turn.db")
    with store.writing("first") as session:
        session.execute(text("CREATE TABLE written (who TEXT)"))
        with pytest.raises(OperationalError, match="locked"), store.writing("second") as other:
            other.execute(text("SELECT 1"))
    with store.writing("third") as session:
        # The wait for a turn is its own: whatever else is busy is waited for as long as ever.
        assert session.scalar(text("PRAGMA busy_timeout")) == 5000
    store.bind.engine.dispose()
