"""Thousands of chats: each line has its answer, in its own chat, whatever dies and comes twice."""

import random
from collections.abc import Callable

import pytest

from tests.faults import talks
from tests.faults.sizes import part_of
from tests.faults.talks import Size
from tests.faults.world import Opener
from tests.support import luck

Record = Callable[[str, object], None]

LONG = Size(chats=part_of(10_000), kills=part_of(500))
IN_PEACE = part_of(2_000)
A_SECOND = 100.0
IN_TIME = 2.0
"""Within so many seconds 95 of 100 answers come at 100 updates a second (guarantees.md, G10)."""


@pytest.mark.alone
@pytest.mark.faults
@pytest.mark.parametrize(("dialect", "messenger"), [("postgresql", "telegram"), ("sqlite", "bale")])
def test_five_hundred_kills_lose_no_line_and_cross_no_answer(
    dialect: str, messenger: str, open_world: Opener, record_property: Record
):
    _hold(LONG, dialect, messenger, open_world, record_property)


@pytest.mark.alone
@pytest.mark.faults
def test_a_hundred_updates_a_second_are_answered_in_time(
    open_world: Opener, record_property: Record
):
    outcome, took = talks.measured(open_world, "postgresql", chats=IN_PEACE, per_second=A_SECOND)
    p95 = took[len(took) * 95 // 100]
    record_property("told", f"talks at {A_SECOND:.0f} updates/s: p95 {p95:.2f} s, {outcome}")
    assert (outcome.tally.lost, outcome.tally.twice, outcome.crossed) == (0, 0, 0)
    assert p95 <= IN_TIME


def _hold(
    size: Size, dialect: str, messenger: str, open_world: Opener, record_property: Record
) -> None:
    seed = luck.seed()
    chance = random.Random(f"{seed}:{dialect}")
    outcome = talks.run(open_world, dialect, messenger, size, chance)
    record_property("told", f"talks by {messenger} on {dialect}: {outcome}  seed {seed}")
    tally = outcome.tally
    assert (tally.lost, tally.twice, outcome.crossed) == (0, 0, 0), tally.notes
