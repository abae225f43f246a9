"""What happens to notifiers besides death: they are stopped, paused, refused, flooded and poisoned.

Each time a crowd is told meanwhile, and in the end the outside's log is held against the tables.
"""

import os
import random
import signal
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Self

from sqlalchemy import select

from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Notice
from api.notices.rules import AttemptState, Status
from api.occurrences import service as occurrences
from tests.faults import crowd
from tests.faults.reaper import Place, Reaper
from tests.faults.tally import Tally
from tests.faults.world import Opener, World

SHORT_LEASE = timedelta(seconds=2)
SKEW = timedelta(minutes=5)
RETRY_AFTER = 2
"""How long a bot is told to wait, in seconds."""
WAITS = 4
"""How often in a row it is told so."""
BURST = 8
"""How many of a bot's messages a notifier has on their way at most: a quarter of a second's."""
_ELSEWHERE: Mapping[str, str] = {**crowd.QUICK, "NOTIFIER_PORT": "0"}


def take_short_leases() -> None:
    """Let this process hold what it claims for two seconds, called in it before its main."""
    defaults = notices.claim.__kwdefaults__
    assert defaults is not None
    defaults["lasts"] = SHORT_LEASE


class _Ahead(datetime):
    """A clock that is five minutes ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + SKEW


def be_ahead() -> None:
    """Let this machine's clock be ahead, called in it before its main."""
    occurrences.datetime = _Ahead  # type: ignore[attr-defined]


def skewed(open_world: Opener, count: int) -> Tally:
    """Let one of two be on a machine whose clock is wrong by far more than a lease.

    `uncertain` counts what was taken from somebody who still held it.
    """
    world = open_world("postgresql")
    crowd.gather(world, range(count))
    crowd.slow_down(world, 700)
    ahead = f"{__name__}:{be_ahead.__name__}"
    few = {f"NOTIFIER_{name}_AT_ONCE": "4" for name in ("SMS", "CHATS", "MAILS")}
    right = world.start("notifier", changed={**crowd.QUICK, **few})
    wrong = world.start("notifier", changed={**_ELSEWHERE, **few}, first=ahead)
    crowd.until_over(world)
    right.stop()
    wrong.stop()
    return crowd.held_against(world, range(count))


def paused(open_world: Opener, dialect: str, count: int, *, lease: timedelta) -> Tally:
    """Let one who has messages on their way stand still for two leases, and then go on.

    Meanwhile another takes over what it held; what it says when it wakes must change nothing.
    """
    world = open_world(dialect)
    crowd.gather(world, range(count))
    first = f"{__name__}:{take_short_leases.__name__}" if lease is SHORT_LEASE else None
    crowd.slow_down(world, 700)
    sleeper = world.start("notifier", changed=crowd.QUICK, first=first)
    world.until(lambda: _on_the_way(world) > 0, "something is on its way")
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        other = world.start("notifier", changed=_ELSEWHERE, first=first)
        time.sleep(2 * lease.total_seconds())
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    crowd.until_over(world)
    sleeper.stop()
    other.stop()
    return crowd.held_against(world, range(count))


def stopped(open_world: Opener, dialect: str, stops: int, chance: random.Random) -> Tally:
    """Ask three, again and again, to stop in the middle of their work.

    AssertionError where one does not end with code 0 within fifteen seconds. `uncertain` counts
    what a stop left without an outcome.
    """
    world = open_world(dialect)
    each = 10
    crowd.gather(world, range(3 * each))
    crowd.slow_down(world, 200)
    few = {f"NOTIFIER_{name}_AT_ONCE": "4" for name in ("SMS", "CHATS", "MAILS")}
    places = [Place("notifier", {**crowd.QUICK, **few})]
    places += [Place("notifier", {**_ELSEWHERE, **few}) for _ in range(2)]
    posted = 3 * each

    def between(_: int) -> None:
        nonlocal posted
        crowd.gather(world, range(posted, posted + each))
        posted += each

    Reaper(world, places, chance, gently=True).reap(stops, between)
    world.desk.delete("/desk/faults")
    notifier = world.start("notifier", changed=crowd.QUICK)
    crowd.until_over(world)
    notifier.stop()
    return crowd.held_against(world, range(posted))


def refused(open_world: Opener, dialect: str, count: int, fault: Mapping[str, Any]) -> Tally:
    """Let the SMS provider be away in some way until all the others were told, and then be back."""
    world = open_world(dialect)
    crowd.gather(world, range(count))
    world.tell("/desk/faults", service="sms", **fault)
    notifier = world.start("notifier", changed=crowd.QUICK)
    others = [number for number in range(count) if crowd.way_of(number) != "sms"]
    world.until(
        lambda: all(crowd.accepted(world)[crowd.address_of(one)] for one in others),
        "everybody is told who does not depend on the provider that is away",
    )
    world.desk.delete("/desk/faults")
    crowd.until_over(world)
    notifier.stop()
    return crowd.held_against(world, range(count))


def flooded(open_world: Opener, dialect: str, count: int) -> tuple[Tally, Sequence[int]]:
    """Let the messenger refuse two notifiers for several waits; gives how many calls met each, too."""
    world = open_world(dialect)
    crowd.gather(world, range(count))
    flood = world.tell(
        "/desk/faults",
        service="telegram",
        kind="flood",
        call="sendMessage",
        retry_after=RETRY_AFTER,
    )
    notifiers = [world.start("notifier", changed=one) for one in (crowd.QUICK, _ELSEWHERE)]
    world.until(lambda: bool(_refusals(world)), "the messenger refuses")
    time.sleep(WAITS * (RETRY_AFTER + 0.5))
    world.desk.delete(f"/desk/faults/{flood['fault']['id']}")
    crowd.until_over(world)
    for notifier in notifiers:
        notifier.stop()
    return crowd.held_against(world, range(count)), _by_wait(_refusals(world))


def _by_wait(refused: Sequence[float]) -> Sequence[int]:
    """Count the refusals of each wait: a new one begins when nobody has called for half of it."""
    counts = [1]
    for earlier, later in pairwise(refused):
        if later - earlier > RETRY_AFTER / 2:
            counts.append(0)
        counts[-1] += 1
    return counts


def poisoned(open_world: Opener, dialect: str, count: int, *, one_in: int) -> tuple[Tally, float]:
    """Spoil one message of so many: all others must leave, and it must be said of each.

    Gives also how many seconds after the first nineteen in twenty of the others had left. The
    rates are those of a real contract: what a crowd waits for in truth.
    """
    world = open_world(dialect)
    crowd.gather(world, range(count))
    # Not one in ten or in a hundred: of each way some are spoiled.
    spoiled = {*range(one_in // 2, count, one_in)}
    with world.store.writing("arranged") as session:
        for number in spoiled:
            found = session.scalars(select(Notice).where(Notice.key == f"crowd:{number}")).one()
            # A class that no release has any more: whoever opens such a delivery stumbles.
            found.notice_class = "gone"
    notifier = world.start("notifier")
    crowd.until_over(world)
    notifier.stop()
    with world.store.reading() as session:
        parked = session.scalars(
            select(Notice.key)
            .join(Delivery, Delivery.notice_id == Notice.id)
            .where(Delivery.status == Status.TECHNICAL_FAILURE)
        ).all()
    told = crowd.held_against(world, {*range(count)} - spoiled)
    unsaid = {f"crowd:{number}" for number in spoiled}.symmetric_difference(parked)
    left = sorted(line["time"] for line in world.lines() if line["accepted"])
    p95 = left[len(left) * 19 // 20] - left[0]
    return told + Tally(lost=len(unsaid), notes=sorted(unsaid)), p95


def _on_the_way(world: World) -> int:
    with world.store.reading() as session:
        return len(
            session.scalars(select(Attempt.id).where(Attempt.state == AttemptState.OPEN)).all()
        )


def _refusals(world: World) -> Sequence[float]:
    """Give the instants of the messages that the messenger did not take."""
    return [
        line["time"]
        for line in world.lines()
        if line["call"] == "sendMessage" and not line["accepted"]
    ]
