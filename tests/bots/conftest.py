"""The bots' memory for tests, on both stores."""

from collections.abc import AsyncIterator, Callable
from functools import cache

import pytest
from sqlalchemy import delete

from api import db
from bots import allowance, migrations
from bots.memory import Memory
from bots.store import Store, open_plain
from bots.tables import metadata
from tests.conftest import new_database
from tests.support import make, ports


class Clock:
    """Seconds since epoch, moved by the test. It ticks by a millisecond a look, as time does."""

    def __init__(self) -> None:
        self.now = make.NOW.timestamp()

    def __call__(self) -> float:
        self.now += 0.001
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def memory_urls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """An address of a migrated memory by dialect; one each, shared by the tests."""

    @cache
    def url_of(dialect: str) -> str:
        url = new_database(request, dialect, tmp_path_factory.mktemp("memory"))
        migrations.upgrade(url)
        return url

    return url_of


@pytest.fixture
def memory_url(memory_urls: Callable[[str], str], dialect: str) -> str:
    """An address of an empty memory."""
    url = memory_urls(dialect)
    engine = open_plain(url)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    engine.dispose()
    return url


@pytest.fixture
async def memory(memory_url: str, clock: Clock) -> AsyncIterator[Memory]:
    store = Store(memory_url, size=6)
    yield Memory(store, db.keys(), clock=clock)
    await store.close()


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """By SMS as many answers as a transcript has."""
    monkeypatch.setattr(allowance, "ANSWERS_A_DAY", 1_000)
    monkeypatch.setattr(allowance, "SAME_WORDS", 1_000)


@pytest.fixture
def free_port() -> int:
    """A port of the loopback that nobody holds."""
    return ports.a_free_one()
