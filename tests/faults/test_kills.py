"""Random kills under load: nothing lost, nothing doubled save what says `uncertain` itself."""

import random
from collections.abc import Callable

import pytest

from tests.faults import kills
from tests.faults.kills import Outcome, Size
from tests.faults.sizes import part_of
from tests.faults.world import Opener
from tests.support import luck, postgres

Record = Callable[[str, object], None]

LONG = Size(messages=part_of(20_000), kills=part_of(1_000), restarts=part_of(20))
SHORT = Size(messages=60, kills=3, restarts=1, workers=2)
HITS = 0.3
"""The part of the kills that must find work in hand (guarantees.md: 300 of 1,000)."""


@pytest.mark.alone
@pytest.mark.faults
def test_a_thousand_kills_and_twenty_crashes_of_postgresql_lose_nothing(
    open_fragile_world: Opener, fragile_server: postgres.Server, record_property: Record
):
    def crash() -> None:
        fragile_server.crash()
        fragile_server.start()

    _hit_home(_hold(LONG, "postgresql", open_fragile_world, record_property, crash))


@pytest.mark.alone
@pytest.mark.faults
def test_a_thousand_kills_and_twenty_dead_writers_of_sqlite_lose_nothing(
    open_world: Opener, record_property: Record
):
    _hit_home(_hold(LONG, "sqlite", open_world, record_property))


def test_some_kills_and_a_dead_writer_lose_nothing(open_world: Opener, record_property: Record):
    _hold(SHORT, "sqlite", open_world, record_property)


def _hold(
    size: Size,
    dialect: str,
    open_world: Opener,
    record_property: Record,
    crash: Callable[[], None] | None = None,
) -> Outcome:
    seed = luck.seed()
    outcome = kills.run(open_world, dialect, size, random.Random(f"{seed}:{dialect}"), crash)
    record_property("told", f"notifiers on {dialect}: {outcome}  seed {seed}")
    assert (outcome.tally.lost, outcome.tally.twice) == (0, 0), outcome.tally.notes
    return outcome


def _hit_home(outcome: Outcome) -> None:
    assert outcome.hits >= HITS * outcome.kills
