"""A full disk: what was acknowledged is there, what is not taken is refused, and it recovers."""

from collections.abc import Callable

import pytest

from tests.faults import fullness
from tests.faults.fullness import Door
from tests.faults.world import Opener

Record = Callable[[str, object], None]


@pytest.mark.faults
@pytest.mark.parametrize("door", fullness.DOORS, ids=lambda door: door.room)
def test_a_full_disk_is_refused_clearly_and_gets_well_by_itself(
    door: Door, open_world: Opener, record_property: Record
):
    outcome = fullness.run(open_world, door)
    record_property("told", f"{door.room} on a full disk: {outcome}")
    assert outcome.taken == outcome.present
    assert outcome.refused > 0
