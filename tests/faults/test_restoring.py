"""Restore does not repeat the past (guarantees.md, G16)."""

import pytest

from tests.faults import restoring
from tests.faults.world import Opener, Templates
from tests.support import postgres


@pytest.mark.parametrize(
    "dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.faults)]
)
def test_what_was_done_after_the_backup_is_not_done_again(
    dialect: str, open_world: Opener, templates: Templates
):
    restoring.run(open_world, templates.empty, dialect, postgres.programs())
