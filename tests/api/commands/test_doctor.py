"""The doctor of the core: one line for each thing, and what to do where it is not well."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from api import db
from api.commands import doctor, release
from api.holds import service as holds
from api.kit import checkup
from api.kit.checkup import Finding, Level
from api.settings import Settings
from tests.conftest import new_database

BEFORE = datetime.now(UTC) - timedelta(hours=1)
RANDOM = "qW8rT5yU2iO9pA4sD7fG1hJ6kL3zX0cV"


@pytest.fixture(scope="module")
def migrated(request, tmp_path_factory) -> Callable[[str], str]:
    """An address of a released store by dialect."""
    made: dict[str, str] = {}

    def url_of(dialect: str) -> str:
        if dialect not in made:
            made[dialect] = new_database(request, dialect, tmp_path_factory.mktemp("released"))
            store = db.open_store(made[dialect])
            release.migrate(store)
            store.bind.engine.dispose()
        return made[dialect]

    return url_of


@pytest.fixture
def given(migrated, dialect: str, tmp_path: Path) -> Settings:
    db.keys().save(tmp_path / "keys")
    return Settings(database_url=migrated(dialect), keys=tmp_path / "keys", bots_key=RANDOM)


def looked(given: Settings, **changed: object) -> list[Finding]:
    return list(doctor.findings(given.model_copy(update=changed)))


def of(found: list[Finding], level: Level) -> list[str]:
    return [str(one) for one in found if one.level is level]


def test_store_that_is_well_has_no_fail(given: Settings):
    found = looked(given)
    assert of(found, Level.FAIL) == []
    assert checkup.is_well(found)
    told = json.loads(checkup.told(found, as_json=True))
    assert {one["level"] for one in told} <= {"ok", "warn"}


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({"public_url": "http://hub.org"}, "API_PUBLIC_URL"),
        (
            {"zarinpal_root": "http://127.0.0.1:1", "zarinpal_merchant": SecretStr("m" * 36)},
            "gateway",
        ),
        ({"bots_key": SecretStr("change me, please, before you start")}, "API_BOTS_KEY"),
        ({"bots_key": SecretStr("ab" * 20)}, "API_BOTS_KEY"),
        ({"keys": Path("/nonexistent/keys")}, "keys"),
        ({"database_url": "sqlite:////nonexistent/core.db"}, "store"),
        ({"database_url": "postgresql://nobody@/x?host=/nonexistent"}, "store"),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_is_wrong_is_named_and_the_rest_is_looked_at(
    given: Settings, changed: dict[str, object], about: str
):
    found = looked(given, **changed)
    assert about in {one.about for one in found if one.level is Level.FAIL}
    assert all(one.do for one in found if one.level is not Level.OK)
    assert "catalogues" in {one.about for one in found}
    assert RANDOM not in checkup.told(found, as_json=True)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_key_file_that_others_may_read_is_named(given: Settings):
    given.keys.chmod(0o640)
    assert any("chmod 600" in one for one in of(looked(given), Level.FAIL))


def test_held_store_and_what_is_past_its_age_are_told(given: Settings):
    store = db.open_store(given.database_url)
    with store.writing("arranged") as session:
        holds.begin(session, taken_at=BEFORE, now=BEFORE)
    try:
        found = looked(given)
        assert any("held" in one for one in of(found, Level.FAIL))
        assert any("store.held" in one for one in of(found, Level.WARN))
    finally:
        with store.writing("arranged") as session:
            holds.lift(session, lost_at=BEFORE, now=BEFORE)
        store.bind.engine.dispose()
