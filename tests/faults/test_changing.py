"""A release follows another: nothing that was accepted is lost, and the old one works on (G15)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import cases, changing
from tests.faults.sizes import part_of
from tests.faults.world import Opener, Templates

Record = Callable[[str, object], None]

REQUESTS = part_of(20_000)
OLD_TESTS = [
    f"tests/api/{feature}"
    for feature in ("access", "bills", "debts", "identity", "ledger", "notices", "payments")
]


@pytest.mark.alone
@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_nothing_is_lost_while_the_schema_changes_under_the_previous_release(
    dialect: str, open_world: Opener, templates: Templates, record_property: Record
):
    outcome = changing.run(open_world, templates.empty, dialect, REQUESTS)
    record_property("told", f"G15 {dialect}: {outcome}")
    assert (outcome.lost, list(outcome.failed)) == (0, [])
    assert outcome.accepted >= REQUESTS


@pytest.mark.faults
def test_the_previous_release_passes_its_tests_on_the_new_schema(
    tmp_path: Path, record_property: Record
):
    said = changing.its_tests(changing.previous(tmp_path), OLD_TESTS)
    record_property("told", f"G15, tests of the previous release on today's tables: {said}")
