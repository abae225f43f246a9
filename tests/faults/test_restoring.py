"""Restore does not repeat the past (guarantees.md, G16)."""

from collections.abc import Callable

import pytest

from tests.faults import cases, restoring
from tests.faults.sizes import part_of
from tests.faults.world import Opener, Templates
from tests.support import postgres

Record = Callable[[str, object], None]

THOUSANDS = part_of(5_000)


@pytest.mark.parametrize(
    "dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.faults)]
)
def test_what_was_done_after_the_backup_is_not_done_again(
    dialect: str, open_world: Opener, templates: Templates
):
    restoring.run(open_world, templates.empty, dialect, postgres.programs())


@pytest.mark.alone
@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_of_thousands_under_way_none_is_told_twice(
    dialect: str, open_world: Opener, templates: Templates, record_property: Record
):
    came = restoring.crowded(open_world, templates.empty, dialect, postgres.programs(), THOUSANDS)
    record_property("told", f"a store of {THOUSANDS} under way is restored, {dialect}: {came}")
    assert came.after > came.before
    assert (came.tally.lost, came.tally.twice) == (0, 0), came.tally.notes
