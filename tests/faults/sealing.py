"""The sealer and the anchor of a day, by small slices, each dying once and run again.

Every entry must have one number, the chain must hold, and the day must have one anchor outside.
"""

from collections.abc import Mapping

from sqlalchemy import func, select

from api.audit import anchoring, reading, sealing, service, telling
from api.audit.models import Entry
from tests.faults import clock, country
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World

ENTRIES = 12
SLICE = 3

POINTS = ("audit.anchor", "clock.claim", "clock.slice")
NTH: Mapping[str, int] = {"clock.slice": 4}


def take_small_slices() -> None:
    """Let this process seal a few entries at a time; called in it before its main."""
    defaults = sealing.seal.__kwdefaults__
    assert defaults is not None
    defaults["limit"] = SLICE


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Let the sealer, or the job that anchors, die at a point and run again."""
    world = open_world(dialect)
    world.env["API_ANCHORS"] = str(world.folder)
    with world.store.writing("arranged") as session:
        for number in range(ENTRIES):
            service.note(
                session,
                actor="somebody",
                verb="did",
                subject=f"thing:{number}",
                detail={},
                now=country.now(),
            )
    dying = "anchor" if death.point.startswith("audit.anchor") else "seal"
    for job in ("seal", "anchor"):
        if job == dying:
            process = _run(world, job, death)
            assert process == -9
            clock.lease_ends(world)
        assert _run(world, job) == 0
    return _seen(world)


def _run(world: World, job: str, death: Death | None = None) -> int:
    first = f"{__name__}:{take_small_slices.__name__}"
    process = world.run("notifier", "run", job, "--on", "today", dies_at=death, first=first)
    return process.wait(PATIENCE)


def _seen(world: World) -> Tally:
    file = world.folder / anchoring.FILE
    anchors = telling.anchors_of([file])
    with world.store.reading() as session:
        report = reading.check(session, anchors)
        lost = session.scalar(select(func.count()).where(Entry.number.is_(None))) or 0
    tally = Tally(lost=lost + ENTRIES - report.sealed, twice=len(anchors) - 1 + report.found)
    tally.notes += map(str, report.findings)
    assert report.anchors == len(anchors), "the anchor is of the chain"
    return tally
