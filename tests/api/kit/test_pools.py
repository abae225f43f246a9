"""A connection that the server dropped: found out before it is used, or by who uses it, once."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from api.kit import pools


@pytest.fixture
def engine(postgres_server: str) -> Iterator[Engine]:
    url = make_url(postgres_server).set(drivername="postgresql+psycopg")
    engine = pools.ask_the_idle(create_engine(url, pool_size=2, max_overflow=0))
    yield engine
    engine.dispose()


def test_an_idle_connection_is_asked_first(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pools, "IDLE_SECONDS", 0.0)
    _drop_all(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 7")) == 7


def test_one_that_was_just_used_is_met_once_and_takes_the_others_along(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pools, "IDLE_SECONDS", 3600.0)
    _drop_all(engine)
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.scalar(text("SELECT 7"))
    with engine.connect() as one, engine.connect() as other:
        assert (one.scalar(text("SELECT 7")), other.scalar(text("SELECT 7"))) == (7, 7)


def _drop_all(engine: Engine) -> None:
    """Fill the pool, and let the server drop what is in it."""
    with engine.connect() as one, engine.connect() as other:
        pids = [each.scalar(text("SELECT pg_backend_pid()")) for each in (one, other)]
    admin = create_engine(engine.url)
    with admin.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM unnest(:pids) AS pid").bindparams(
                pids=pids
            )
        )
    admin.dispose()
