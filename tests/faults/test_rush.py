"""A crowd waits: codes go past it."""

from collections.abc import Callable

import pytest

from tests.faults import cases, rush
from tests.faults.sizes import part_of
from tests.faults.world import Opener

Record = Callable[[str, object], None]

WAITING = part_of(570_000)
CODES = part_of(600)


@pytest.mark.alone
@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_codes_go_past_half_a_million_that_wait(
    dialect: str, open_world: Opener, record_property: Record
):
    took = rush.run(open_world, dialect, waiting=WAITING, codes=CODES)
    part = rush.part_in_time(took)
    record_property(
        "told",
        f"{CODES} codes past {WAITING} waiting, {dialect}: {part:.1%} within {rush.IN_TIME:.0f} s,"
        f" half of them within {took[len(took) // 2]:.2f} s, the last within {took[-1]:.2f} s",
    )
    assert part >= 0.99
