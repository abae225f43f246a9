"""Every fault there is: a scenario, a point of it, the side of the point, a store."""

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.faults import billing, chat, clock, commands, doors, pages, payment, postman
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import Opener

SIDES = ("before", "after")
STORES = ("sqlite", "postgresql")


class Scenario(Protocol):
    """A module: which points it kills at, and how."""

    @property
    def POINTS(self) -> Sequence[str]: ...  # noqa: N802 - a constant of the module.

    def run(self, open_world: Opener, dialect: str, death: Death) -> Tally: ...


SCENARIOS: Sequence[Scenario] = (
    postman,
    chat,
    clock,
    billing,
    doors,
    pages,
    payment,
    commands,
)


@dataclass(frozen=True)
class Case:
    """One fault."""

    scenario: Scenario
    point: str
    dialect: str

    def __str__(self) -> str:
        return f"{self.name}-{self.point}-{self.dialect}"

    @property
    def name(self) -> str:
        return str(getattr(self.scenario, "__name__", "")).rpartition(".")[2]

    def run(self, open_world: Opener, chance: random.Random) -> tuple[Tally, str]:
        """Let it happen; gives what came of it, and a line for the report."""
        # How often a point is met at least, where that is more than once.
        often: Mapping[str, int] = getattr(self.scenario, "NTH", {})
        nth = chance.randint(1, often.get(self.point.rpartition(".")[0], 1))
        tally = self.scenario.run(open_world, self.dialect, Death(self.point, nth))
        line = (
            f"{self.name:9} {self.point:36} {nth:3}  {self.dialect:10}"
            f"  lost {tally.lost}  twice {tally.twice}  uncertain {tally.uncertain}"
        )
        return tally, line


def every() -> Iterator[Case]:
    """Give all cases."""
    for scenario in SCENARIOS:
        yield from of(scenario)


def of(scenario: Scenario, stores: Sequence[str] = STORES) -> Iterator[Case]:
    """Give the cases of a scenario."""
    for point in scenario.POINTS:
        for side in SIDES:
            for dialect in stores:
                yield Case(scenario, f"{point}.{side}", dialect)


def seed() -> int:
    """The seed of this run: a fresh one, unless FAULTS_SEED says which."""
    return int(os.environ.get("FAULTS_SEED", random.randrange(1_000_000)))
