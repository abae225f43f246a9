"""Every fault there is: a scenario, a point of it, the side of the point, a store."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.faults import (
    billing,
    chat,
    clock,
    commands,
    doors,
    files,
    forgetting,
    holding,
    pages,
    payment,
    postman,
    sealing,
    smpp,
    web,
)
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
    smpp,
    chat,
    files,
    clock,
    billing,
    doors,
    pages,
    payment,
    sealing,
    forgetting,
    commands,
    holding,
    web,
)


@dataclass(frozen=True)
class Case:
    """One fault."""

    scenario: Scenario
    point: str
    dialect: str
    nth: int | None = None
    """When the point is reached for the nth time; None: by chance."""

    def __str__(self) -> str:
        passing = "" if self.nth is None else f"-{self.nth}"
        return f"{self.name}-{self.point}{passing}-{self.dialect}"

    @property
    def name(self) -> str:
        return str(getattr(self.scenario, "__name__", "")).rpartition(".")[2]

    def run(self, open_world: Opener, chance: random.Random) -> tuple[Tally, str]:
        """Let it happen; gives what came of it, and a line for the report."""
        nth = self.nth or chance.randint(
            1, _often(self.scenario).get(self.point.rpartition(".")[0], 1)
        )
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
    """Give the cases of a scenario: one for each passing of a point where it says so."""
    for point in scenario.POINTS:
        passings: Sequence[int | None] = [None]
        if getattr(scenario, "EACH", False):
            passings = range(1, _often(scenario).get(point, 1) + 1)
        for side in SIDES:
            for nth in passings:
                for dialect in stores:
                    yield Case(scenario, f"{point}.{side}", dialect, nth)


def _often(scenario: Scenario) -> Mapping[str, int]:
    """How often a point is met at least, where that is more than once."""
    often: Mapping[str, int] = getattr(scenario, "NTH", {})
    return often
