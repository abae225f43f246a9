"""Notifiers are paused, stopped, refused, flooded and poisoned: nothing is lost, nothing doubled."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from api.notices.claiming import LEASE
from tests.faults import cases, mishaps
from tests.faults.sizes import part_of
from tests.faults.tally import Tally
from tests.faults.world import Opener
from tests.support import luck

Record = Callable[[str, object], None]

STOPS = part_of(50)
AWAY: Mapping[str, Mapping[str, Any]] = {
    "hangs": {"kind": "slow", "ms": 20_000},
    "answers 502": {"kind": "error", "status": 502},
    "hangs up": {"kind": "drop_before"},
    "takes it and hangs up": {"kind": "drop_after", "call": "send"},
}


@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_a_worker_paused_for_two_leases_changes_nothing_when_it_wakes(
    dialect: str, open_world: Opener, record_property: Record
):
    tally = mishaps.paused(open_world, dialect, 200, lease=LEASE)
    _hold(tally, f"paused for two leases on {dialect}", record_property)


def test_a_worker_paused_for_two_short_leases_changes_nothing_when_it_wakes(
    open_world: Opener, record_property: Record
):
    tally = mishaps.paused(open_world, "sqlite", 20, lease=mishaps.SHORT_LEASE)
    _hold(tally, "paused for two short leases on sqlite", record_property)


@pytest.mark.faults
def test_a_machine_whose_clock_is_wrong_takes_nothing_from_another(
    open_world: Opener, record_property: Record
):
    tally = mishaps.skewed(open_world, 100)
    _hold(tally, "a clock five minutes ahead on postgresql", record_property)
    assert tally.uncertain == 0


@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_fifty_stops_under_load_lose_and_double_nothing(
    dialect: str, open_world: Opener, record_property: Record
):
    seed = luck.seed()
    tally = mishaps.stopped(open_world, dialect, STOPS, random.Random(f"{seed}:{dialect}"))
    _hold(tally, f"{STOPS} stops under load on {dialect}, seed {seed}", record_property)
    assert tally.uncertain == 0, "a stop leaves nothing without an outcome"


@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
@pytest.mark.parametrize("how", AWAY)
def test_a_provider_that_is_away_holds_up_nobody_else_and_loses_nothing(
    how: str, dialect: str, open_world: Opener, record_property: Record
):
    tally = mishaps.refused(open_world, dialect, 200, AWAY[how])
    _hold(tally, f"the SMS provider {how} for a while, {dialect}", record_property)


@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_a_flood_that_goes_on_is_found_out_once_a_process(
    dialect: str, open_world: Opener, record_property: Record
):
    tally, (on_their_way, *found_out) = mishaps.flooded(open_world, dialect, 300)
    line = (
        f"a flood on {dialect}, two processes: {on_their_way} calls were on their way, each wait"
        f" after that was found out by {max(found_out)} at most"
    )
    _hold(tally, line, record_property)
    assert on_their_way <= 2 * mishaps.BURST
    assert found_out
    assert max(found_out) <= 2


@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_one_poisoned_message_in_a_hundred_stops_no_other(
    dialect: str, open_world: Opener, record_property: Record
):
    _, alone = mishaps.poisoned(open_world, dialect, 1000, one_in=10_000)
    tally, beside = mishaps.poisoned(open_world, dialect, 1000, one_in=99)
    line = (
        f"one in a hundred is poisoned, {dialect}: p95 of the others {beside:.2f} s, {alone:.2f} s"
        " without"
    )
    _hold(tally, line, record_property)
    assert beside <= 1.1 * alone


def _hold(tally: Tally, what: str, record_property: Record) -> None:
    line = f"{what}: lost {tally.lost}  twice {tally.twice}  uncertain {tally.uncertain}"
    record_property("told", line)
    assert (tally.lost, tally.twice) == (0, 0), tally.notes
