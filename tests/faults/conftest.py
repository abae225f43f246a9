"""The nursery and the templates, once a test process; worlds of one's own for each fault."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.nursery import Nursery
from tests.faults.world import Opener, Templates, World, a_world
from tests.support import postgres


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Forks processes; whatever still runs at the end is killed."""
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def templates(
    request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Templates:
    return Templates(
        nursery,
        tmp_path_factory.mktemp("templates"),
        lambda: str(request.getfixturevalue("postgres_server")),
    )


@pytest.fixture
def open_world(nursery: Nursery, templates: Templates, tmp_path: Path) -> Iterator[Opener]:
    """Opens organisations; all of them are gone when the test ends, however it ends."""
    with _opener(nursery, templates, tmp_path) as opener:
        yield opener


@pytest.fixture(scope="session")
def fragile_server() -> Iterator[postgres.Server]:
    """A PostgreSQL that may crash."""
    with postgres.own() as server:
        yield server


@pytest.fixture
def open_fragile_world(
    nursery: Nursery, fragile_server: postgres.Server, tmp_path: Path
) -> Iterator[Opener]:
    """Opens organisations on a PostgreSQL that may crash."""
    folder = tmp_path / "templates"
    folder.mkdir()
    templates = Templates(nursery, folder, lambda: fragile_server.url)
    with _opener(nursery, templates, tmp_path) as opener:
        yield opener


@contextmanager
def _opener(nursery: Nursery, templates: Templates, folder: Path) -> Iterator[Opener]:
    with ExitStack() as stack:
        count = 0

        def opener(dialect: str, holders: Any = (), **changed: Any) -> World:
            nonlocal count
            count += 1
            world: AbstractContextManager[World] = a_world(
                nursery, templates, dialect, folder / f"w{count}", holders, **changed
            )
            return stack.enter_context(world)

        yield opener
