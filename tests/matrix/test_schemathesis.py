"""The core's OpenAPI page in the hands of schemathesis: what it draws is answered as declared (G13).

Beside `test_schema.py`, which draws requests about things that are there: this one is somebody
else's reading of the page. Bodies, headers and media types of the answers are held against it too.
"""

import itertools
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.db import Store
from api.payments.sweeper import Sweeper
from tests.bots.dialogues.house import GATEWAY
from tests.faults.sizes import part_of
from tests.matrix import knocks
from tests.matrix.town import settle
from tests.support import core

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize(
    "examples",
    [1, pytest.param(part_of(500), marks=pytest.mark.faults)],
    ids=["short", "long"],
)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_schemathesis_draws_from_the_page_is_answered_as_declared(
    examples: int, store: Store, record_property: Any, monkeypatch: pytest.MonkeyPatch
):
    # It would cross the one connection of this test in the midst of a request.
    monkeypatch.setattr(Sweeper, "run", _idle)
    core.app(store)
    with store.writing("test") as session:
        town = settle(session)
    people = itertools.cycle(
        [one.headers for house in town.houses for one in knocks.personas(town, house)]
    )
    asked = 0
    with core.running(store, core.Clock(), **GATEWAY) as running:
        schema = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found.err()
            operation = found.ok()

            def probe(case: "schemathesis.Case[Any]") -> None:
                nonlocal asked
                asked += 1
                case.call_and_validate(headers=dict(next(people)), checks=CHECKS)

            given(case=operation.as_strategy())(
                settings(
                    max_examples=examples,
                    phases=[Phase.generate],
                    database=None,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                )(probe)
            )()
    assert asked >= 50 * examples // 2
    record_property("told", f"G13 by schemathesis: {asked} requests: 0 faults")


async def _idle(_sweeper: Sweeper) -> None:
    return
