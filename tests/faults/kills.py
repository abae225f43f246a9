"""Notifiers are killed at random while a crowd is told, and their database crashes meanwhile.

Some notifiers live for about a second each. The outside takes its time over every message, nobody
takes many at once, and more are posted with every kill: so that kills find some on their way,
however quick the machine. Each report of an SMS comes twice. When all kills are done, what the dead held is due again at once and
another goes on, until everybody was told; then the outside's log is held against the tables.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from api.notices import service as notices
from api.notices.models import Attempt
from api.notices.rules import AttemptState
from tests.faults import crowd
from tests.faults.nursery import Death
from tests.faults.reaper import Place, Reaper
from tests.faults.tally import Tally
from tests.faults.world import Opener, World

SLOW_MS = 400
"""How long the outside takes over a message."""
AT_ONCE = 4
"""How many messages of a channel a notifier has on their way."""
_AT_FIRST = 12
"""How many messages wait for each notifier when it all begins."""
_CLAIMS = "CLAIMS_FOLDER"


@dataclass(frozen=True)
class Size:
    """How many messages, kills, crashes of the database among them, and notifiers at a time."""

    messages: int
    kills: int
    restarts: int
    workers: int = 8


@dataclass
class Outcome:
    """What it came to; `hits` are kills that left a message on its way without an outcome."""

    tally: Tally
    kills: int
    hits: int
    restarts: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.hits} hit work in hand, {self.restarts} crashes of the store"
            f"  lost {self.tally.lost}  twice {self.tally.twice}  uncertain {self.tally.uncertain}"
            f"  in {self.seconds:.0f} s"
        )


def note_claims() -> None:
    """Let this process write down what it claims, called in it before its main."""
    real = notices.claim
    mine = Path(os.environ[_CLAIMS]) / str(os.getpid())

    def noting(*given: Any, **named: Any) -> Any:
        claim = real(*given, **named)
        if claim is not None:
            with mine.open("a", encoding="utf-8") as written:
                written.write(f"{claim.lease}\n")
        return claim

    notices.claim = noting


def run(
    open_world: Opener,
    dialect: str,
    size: Size,
    chance: random.Random,
    crash: Callable[[], None] | None = None,
) -> Outcome:
    """Tell a crowd under fire.

    `crash` ends the database at once and starts it again; without it a writer dies holding the
    store's lock, which is all that can crash of a database in a file.
    """
    begun = time.monotonic()
    world = open_world(dialect)
    claims = world.folder / "claims"
    claims.mkdir()
    crowd.slow_down(world, SLOW_MS)
    world.tell("/desk/faults", service="sms", kind="double")
    reaper = Reaper(world, _places(claims, size.workers), chance)
    posted = min(_AT_FIRST * size.workers, size.messages)
    crowd.gather(world, range(posted))
    later = size.messages - posted
    crashes = {
        size.kills * (2 * number + 1) // (2 * size.restarts) for number in range(size.restarts)
    }

    def between(kills: int) -> None:
        if kills in crashes:
            if crash is None:
                reaper.aim(Death("notifier.record.before"))
            else:
                crash()
        first, last = (posted + later * n // size.kills for n in (kills - 1, kills))
        crowd.gather(world, range(first, last))

    reaper.reap(size.kills, between)
    world.desk.delete("/desk/faults")
    crowd.leases_end(world)
    _go_on(world)
    return Outcome(
        crowd.held_against(world, range(size.messages)),
        len(reaper.ended),
        _hits(world, claims, reaper),
        len(crashes),
        time.monotonic() - begun,
    )


def _places(claims: Path, workers: int) -> list[Place]:
    """Give the victims; the first is where reports are brought."""
    settings = {
        **crowd.QUICK,
        _CLAIMS: str(claims),
        **{f"NOTIFIER_{name}_AT_ONCE": str(AT_ONCE) for name in ("SMS", "CHATS", "MAILS")},
    }
    elsewhere = {**settings, "NOTIFIER_PORT": "0"}
    named = f"{__name__}:{note_claims.__name__}"
    return [
        Place("notifier", settings if number == 0 else elsewhere, named)
        for number in range(workers)
    ]


def _go_on(world: World) -> None:
    """Let one that nobody kills bring it to its end."""
    notifier = world.start("notifier", changed=crowd.QUICK)
    crowd.until_over(world)
    notifier.stop()


def _hits(world: World, claims: Path, reaper: Reaper) -> int:
    """Count the killed that left an attempt without an outcome."""
    with world.store.reading() as session:
        left = set(
            session.scalars(
                select(Attempt.lease).where(
                    Attempt.state == AttemptState.UNKNOWN, Attempt.reason == "lapsed"
                )
            )
        )
    lapsed = {str(lease) for lease in left}
    noted = [claims / str(pid) for pid in reaper.ended]
    return sum(
        bool(lapsed & set(one.read_text(encoding="utf-8").split())) for one in noted if one.exists()
    )
