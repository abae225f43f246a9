"""Stores for the whole suite: everything that touches one runs on SQLite and on PostgreSQL."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from api import db, events
from api.access import grants
from api.bills import checking
from api.db import Store
from api.kit.sealing import Keyring
from api.notices import questions
from tests.support import luck, models, postgres
from tests.support.watch import Watch

pytest_plugins = ["tests.support.promises"]

STORES = ("sqlite", "postgresql")

# How quick the machine is at the moment is no property of what is tried.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=luck.SAME,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
_watch = Watch()


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    db.use_keys(Keyring.new())


@pytest.fixture(autouse=True)
def _nothing_of_a_person_is_logged() -> Iterator[None]:
    """Whatever a test makes the product log, at DEBUG, names nobody and tells no secret (G19)."""
    _watch.stand()
    yield
    said = _watch.look()
    assert not said, "\n".join(said)


@pytest.fixture(autouse=True)
def _nobody_hears() -> Iterator[None]:
    """Every test begins with empty tables of reactions: a process connects them, and so may a test."""
    yield
    events.connect({})
    questions.connect({})
    grants.connect({})
    checking.connect(None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running PostgreSQL; one server a test process."""
    with postgres.running() as url:
        yield url


@pytest.fixture(scope="session", params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An address of an empty database with the core's tables in it; shared, so write only in tests that roll back."""
    url = new_database(request, request.param, tmp_path_factory.mktemp("store"))
    shared = db.open_store(url)
    models.create(shared)
    shared.bind.engine.dispose()
    return url


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path, dialect: str) -> str:
    """An address of an empty database of one's own, with the core's tables; for tests that commit."""
    url = new_database(request, dialect, tmp_path)
    fresh = db.open_store(url)
    models.create(fresh)
    fresh.bind.engine.dispose()
    return url


@pytest.fixture(params=STORES)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fresh_store(fresh_url: str) -> Iterator[Store]:
    """A store of one's own, really committing: for several connections and for processes."""
    opened = db.open_store(fresh_url)
    yield opened
    opened.bind.engine.dispose()


@pytest.fixture(scope="session")
def _engine_store(store_url: str) -> Iterator[Store]:
    opened = db.open_store(store_url)
    yield opened
    opened.bind.engine.dispose()


@pytest.fixture
def store(_engine_store: Store) -> Iterator[Store]:
    """A store whose every commit is undone when the test ends."""
    with _engine_store.bind.engine.connect() as connection:
        outer = connection.begin()
        yield Store(connection)
        outer.rollback()


@pytest.fixture
def session(store: Store) -> Iterator[Session]:
    """A session on `store`; what it flushes is undone when the test ends."""
    with store.session(writing=True) as opened:
        yield opened


def new_database(request: pytest.FixtureRequest, dialect: str, folder: Path) -> str:
    """Make an empty database and give its address."""
    if dialect == "sqlite":
        return f"sqlite:///{folder / (uuid.uuid4().hex + '.db')}"
    server: str = request.getfixturevalue("postgres_server")
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
