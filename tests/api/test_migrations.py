"""The migrations make what the models say, on both stores, once or twice."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from api import db, migrations
from api.db import BadStore, Base, Store
from api.kit import revisions
from tests import conftest
from tests.support import models


@pytest.fixture
def empty_store(request, tmp_path, dialect):
    opened = db.open_store(conftest.new_database(request, dialect, tmp_path))
    yield opened
    opened.bind.engine.dispose()


def test_the_newest_schema_is_what_the_models_say(empty_store: Store):
    migrations.upgrade(empty_store)
    models.import_all()
    with empty_store.bind.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert migrations.is_ready(connection)


def test_upgrading_again_changes_nothing(empty_store: Store):
    migrations.upgrade(empty_store)
    migrations.upgrade(empty_store)
    with empty_store.bind.engine.connect() as connection:
        assert migrations.is_ready(connection)


def test_an_empty_store_is_not_ready(empty_store: Store):
    with empty_store.bind.engine.connect() as connection:
        assert not migrations.is_ready(connection)


def test_a_store_that_goes_away_while_it_is_looked_at_is_one_sentence(
    empty_store: Store, monkeypatch
):
    def goes_away(_connection: Connection) -> bool:
        raise OperationalError("SELECT 1", {}, OSError("closed"))

    monkeypatch.setattr(migrations, "is_ready", goes_away)
    with pytest.raises(BadStore, match=r"^The database cannot be reached: "):
        migrations.check(empty_store)


@pytest.mark.parametrize(
    ("revision", "ready"), [("first", False), ("second", True), ("of_a_newer_release", True)]
)
def test_store_is_ready_at_our_head_and_beyond(
    empty_store: Store, tmp_path, monkeypatch, revision, ready
):
    versions = tmp_path / "versions"
    versions.mkdir()
    for name, before in (("first", None), ("second", "first")):
        (versions / f"{name}.py").write_text(f"revision = {name!r}\ndown_revision = {before!r}\n")
    monkeypatch.setattr(migrations, "_HERE", tmp_path)
    with empty_store.bind.engine.connect() as connection:
        assert not migrations.is_ready(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:one)"), {"one": revision})
        assert migrations.is_ready(connection) is ready


def test_there_is_one_line_of_migrations():
    scripts = ScriptDirectory.from_config(revisions.config(migrations._HERE))
    assert len(scripts.get_heads()) == 1
