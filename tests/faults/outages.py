"""The first line of SMS is away in the midst of work, and a centre is the second.

What both took is held against the tables by number. No time is made to pass: retries and pauses
are those of a real day.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from api.notices.models import Attempt, Delivery
from api.notices.rules import AttemptState
from notifier.channels.mouths import KAVENEGAR
from tests.faults import crowd, smpp
from tests.faults.tally import Tally
from tests.faults.world import Opener, World

SWITCH_SECONDS = 60.0
"""Within so many seconds the second speaks, and within as many the first again (guarantees.md, G9)."""
_EACH_SECOND = 10


@dataclass
class Outage:
    """What came of it: in how many seconds the second spoke, and the first again.

    `longest` is how long a message waited for the second at most, of which all was known.
    """

    tally: Tally
    switched: float
    back: float
    longest: float


def away(open_world: Opener, dialect: str, seconds: float, fault: Mapping[str, Any]) -> Outage:
    """Post people's messages second by second, and let the first line be away for a while."""
    with smpp.outside() as far:
        world = open_world(
            dialect,
            NOTIFIER_SMPP_URL=f"smpp://bimeyar:secret@127.0.0.1:{far.centre.port}",
            NOTIFIER_INBOUND_URL=f"http://127.0.0.1:{far.door}/sms/inbound/s",
        )
        notifier = world.start("notifier", changed=crowd.QUICK)
        posted = _post_until(world, 0, lambda: _taken_by_the_first(world) > _EACH_SECOND)
        world.tell("/desk/faults", service="sms", **fault)
        began = time.monotonic()
        posted = _post_until(world, posted, lambda: bool(far.centre.taken))
        switched = time.monotonic() - began
        posted = _post_until(world, posted, lambda: time.monotonic() > began + seconds)
        world.desk.delete("/desk/faults")
        before, began = _taken_by_the_first(world), time.monotonic()
        posted = _post_until(world, posted, lambda: _taken_by_the_first(world) > before)
        back = time.monotonic() - began
        longest = _longest(world)
        crowd.until_over(world)
        notifier.stop()
        second = Counter(f"0{one.to.removeprefix('98')}" for one in far.centre.taken)
        tally = crowd.held_against(world, range(posted), second)
        return Outage(tally, switched, back, longest)


def _post_until(world: World, posted: int, is_so: Any) -> int:
    """Post for some people each second until something holds; gives how many were posted in all."""
    until = time.monotonic() + 900
    while not is_so():
        assert time.monotonic() < until, world.said()
        crowd.gather(world, range(posted, posted + _EACH_SECOND))
        posted += _EACH_SECOND
        time.sleep(1)
    return posted


def _taken_by_the_first(world: World) -> int:
    return sum(line["call"] == "send" and line["accepted"] for line in world.lines())


def _longest(world: World) -> float:
    """The longest that an SMS waited until it was taken, of those of which all was known."""
    with world.store.reading() as session:
        unknown = select(Attempt.delivery_id).where(Attempt.state == AttemptState.UNKNOWN)
        rows = session.execute(
            select(Attempt.closed_at, Delivery.created_at)
            .join(Delivery, Delivery.id == Attempt.delivery_id)
            .where(
                Attempt.state == AttemptState.ACCEPTED,
                Attempt.sender != KAVENEGAR,
                Delivery.channel == "sms",
                Delivery.id.not_in(unknown),
            )
        ).all()
    waited = [closed - created for closed, created in rows if closed is not None]
    return max(waited, default=timedelta()).total_seconds()
