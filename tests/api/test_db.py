"""The store keeps its word on both engines."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

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
