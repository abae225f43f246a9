"""SIGKILL at the named points: nothing lost, nothing twice save what says `uncertain` itself.

`make faults` dies at every point on both stores; `make test` at a few of them, chosen by the
seed of the run.
"""

import random
from collections.abc import Callable

import pytest

from tests.faults import (
    billing,
    cases,
    chat,
    clock,
    commands,
    doors,
    files,
    pages,
    payment,
    postman,
    sealing,
    smpp,
    web,
)
from tests.faults.cases import Case, Scenario
from tests.faults.nursery import Death
from tests.faults.world import Opener
from tests.support import luck

Record = Callable[[str, object], None]


@pytest.mark.faults
@pytest.mark.parametrize("case", [*cases.every()], ids=str)
def test_death_at_every_point_loses_nothing(
    case: Case, open_world: Opener, record_property: Record
):
    _hold(case, luck.seed(), open_world, record_property)


@pytest.mark.parametrize(
    ("scenario", "dialect"),
    [
        (postman, "sqlite"),
        (smpp, "sqlite"),
        (chat, "sqlite"),
        (files, "sqlite"),
        (clock, "sqlite"),
        (billing, "sqlite"),
        (doors, "postgresql"),
        (pages, "sqlite"),
        (payment, "sqlite"),
        (payment, "postgresql"),
        (sealing, "sqlite"),
        (commands, "sqlite"),
        (web, "sqlite"),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)).rpartition(".")[2],
)
def test_death_at_a_sampled_point_loses_nothing(
    scenario: Scenario, dialect: str, open_world: Opener, record_property: Record
):
    seed = luck.seed()
    case = random.Random(seed).choice([*cases.of(scenario, [dialect])])
    _hold(case, seed, open_world, record_property)


@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
def test_twenty_clocks_at_once_run_each_slot_once(
    dialect: str, open_world: Opener, record_property: Record
):
    tally = clock.run_together(open_world, dialect)
    record_property("told", f"twenty clocks on {dialect}: lost {tally.lost}, twice {tally.twice}")
    assert (tally.lost, tally.twice) == (0, 0)


@pytest.mark.faults
@pytest.mark.parametrize("dialect", cases.STORES)
@pytest.mark.parametrize("death", [None, Death("payments.claim.after")], ids=str)
def test_a_payment_of_which_nobody_tells_is_settled_in_time(
    death: Death | None, dialect: str, open_world: Opener, record_property: Record
):
    tally, took = payment.run_unattended(open_world, dialect, death)
    record_property("told", f"nobody comes back, {dialect}, {death}: settled after {took:.0f} s")
    assert (tally.lost, tally.twice) == (0, 0), tally.notes
    assert took < payment.IN_TIME


def _hold(case: Case, seed: int, open_world: Opener, record_property: Record) -> None:
    tally, line = case.run(open_world, random.Random(f"{seed}:{case}"))
    record_property("told", f"{line}  seed {seed}")
    assert (tally.lost, tally.twice) == (0, 0), f"{line}, seed {seed}: {tally.notes}"
