"""A town for each test: one that is undone, and one that really commits."""

from typing import Any

import pytest

from api import events
from api.access.hub import hub_of
from api.db import Store
from api.payments.events import BillsSettled
from tests.api.payments.town import Town
from tests.support import core, paying


def _town(store: Store, **changed: object) -> Town:
    clock = core.Clock()
    hub = hub_of(core.app(store, clock, **changed))
    # Making an application lets its features hear; here money is looked at alone.
    events.connect({})
    with store.writing("arrange") as session:
        return Town(hub, paying.Bank(), paying.payer(session), clock)


@pytest.fixture
def town(store: Store) -> Town:
    """Undone when the test ends."""
    return _town(store)


@pytest.fixture
def busy_town(fresh_store: Store) -> Town:
    """Of its own store, for many at once."""
    return _town(fresh_store)


@pytest.fixture
def heard(town: Town) -> list[Any]:
    """What was told of bills that were settled."""
    told: list[Any] = []
    events.connect({BillsSettled: [lambda _session, happened: told.append(happened)]})
    return told
