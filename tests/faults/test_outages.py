"""A provider is away for minutes: the second takes over, nothing is lost and nothing doubled."""

from collections.abc import Callable, Mapping

import pytest

from tests.faults import outages
from tests.faults.sizes import part_of
from tests.faults.world import Opener

Record = Callable[[str, object], None]

TEN_MINUTES = part_of(600)
FAULTS: Mapping[str, Mapping[str, object]] = {
    "fails": {"kind": "error", "status": 502},
    "hangs": {"kind": "slow", "ms": 20_000},
}


@pytest.mark.alone
@pytest.mark.faults
@pytest.mark.parametrize(
    ("how", "dialect", "seconds"),
    [("fails", "postgresql", TEN_MINUTES), ("hangs", "sqlite", max(20, TEN_MINUTES // 5))],
)
def test_while_a_provider_is_away_the_second_speaks_within_a_minute(
    how: str, dialect: str, seconds: int, open_world: Opener, record_property: Record
):
    came = outages.away(open_world, dialect, seconds, FAULTS[how])
    record_property(
        "told",
        f"the first line of SMS {how} for {seconds} s, {dialect}: the second speaks after"
        f" {came.switched:.0f} s, the first again {came.back:.0f} s after its return; the longest"
        f" wait {came.longest:.0f} s, lost {came.tally.lost}  twice {came.tally.twice}"
        f"  uncertain {came.tally.uncertain}",
    )
    assert (came.tally.lost, came.tally.twice) == (0, 0), came.tally.notes
    assert max(came.switched, came.back, came.longest) <= outages.SWITCH_SECONDS
