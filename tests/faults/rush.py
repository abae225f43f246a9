"""Hundreds of thousands wait in the slowest lane, and codes go past them.

The line of SMS is the one that all of them wait for, with the rate of its contract.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from api.notices import service as notices
from api.notices.models import Delivery
from api.notices.plans import Lane
from tests.faults import country, crowd
from tests.faults.world import Opener, World

PEOPLE = 1000
"""Among so many the waiting messages are divided."""
CODES_A_SECOND = 5.0
IN_TIME = 3.0
"""Within so many seconds a code is to be handed over (guarantees.md, G9)."""
_FIRST_ASKER = 9_000_000
_SLICE = 5000
_NETWORK_MS = 50


def run(open_world: Opener, dialect: str, *, waiting: int, codes: int) -> Sequence[float]:
    """Let so many wait and post codes at their pace; gives the seconds of each, in growing order.

    AssertionError when one is not handed over within a minute after the last, or when the crowd
    stands still meanwhile.
    """
    world = open_world(dialect)
    _crowd(world, waiting)
    askers = [_FIRST_ASKER + 10 * number for number in range(codes)]
    with world.store.writing("arranged") as session:
        people = crowd.register(session, askers)
    crowd.slow_down(world, _NETWORK_MS)
    notifier = world.start("notifier")
    world.until(lambda: len(world.lines()) > 0, "the crowd is being told")
    begun = time.monotonic()
    posted = {}
    for place, number in enumerate(askers):
        time.sleep(max(0.0, begun + place / CODES_A_SECOND - time.monotonic()))
        with world.store.writing("arranged") as session:
            _code(session, number, people[number])
        posted[crowd.address_of(number)] = time.time()
    heard: dict[str, float] = {}

    def all_heard() -> bool:
        time.sleep(0.5)
        heard.update(
            {one["address"]: one["time"] for one in world.lines() if one["call"] == "send"}
        )
        return posted.keys() <= heard.keys()

    world.until(all_heard, "every code is handed over", seconds=60)
    notifier.stop()
    assert len(heard) > codes, "the crowd stood still"
    return sorted(heard[address] - at for address, at in posted.items())


def part_in_time(took: Sequence[float]) -> float:
    """Give the part of the codes that was handed over in time."""
    return sum(one <= IN_TIME for one in took) / len(took)


def _crowd(world: World, waiting: int) -> None:
    """Post so many messages in the lane of the crowd."""
    numbers = [10 * number for number in range(min(PEOPLE, waiting))]
    with world.store.writing("arranged") as session:
        people = [*crowd.register(session, numbers).values()]
    for start in range(0, waiting, _SLICE):
        with world.store.writing("arranged") as session:
            places = range(start, min(start + _SLICE, waiting))
            rows = [
                crowd.message(f"rush:{one}", people[one % len(people)], "sms") for one in places
            ]
            notices.post_many(session, rows, country.now())
    with world.store.writing("arranged") as session:
        session.execute(update(Delivery).values(lane=int(Lane.BULK)))


def _code(session: Session, number: int, person: UUID) -> None:
    now = country.now()
    notices.post(
        session,
        template="link_code",
        to=person,
        about=f"claim:{number}",
        facts={"minutes": 3},
        secret={"code": f"{number % 1_000_000:06d}"},
        key=f"code:{number}",
        expires_at=now + timedelta(minutes=3),
        now=now,
    )
