"""The plan of each class of notice, as data: which channels, in which order, for how long.

The portal's inbox is no step: a notice is readable there from the moment it is posted. Source:
design.md, "Notices" (2) and (8); guarantees.md, G7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta
from enum import IntEnum, StrEnum
from functools import cache
from types import MappingProxyType

from api.notices.rules import Hours
from api.templates.catalogue import NoticeClass


class Lane(IntEnum):
    """The order in which waiting deliveries are claimed; a smaller number goes first."""

    CODE = 0
    RECEIPT = 1
    LEGAL = 2
    SERVICE = 3
    BULK = 4


class Channel(StrEnum):
    CHAT = "chat"
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Step:
    """One channel of a plan.

    patience: how long after its first attempt the next step begins, unless the step has ended the
    plan. needs_delivery: only "delivered" ends the plan here; otherwise "accepted" does.
    """

    channel: Channel
    patience: timedelta
    needs_delivery: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How notices of a class travel.

    lane: where its deliveries wait. lasts: after this long without success the notice has failed. first_delay: the wait after a
    first failed try; later ones grow (`rules.retry_delay`).
    """

    lane: Lane
    steps: tuple[Step, ...]
    lasts: timedelta
    first_delay: timedelta = timedelta(seconds=5)
    hours: Hours | None = None


_DAY = Hours(time(8), time(21))
_THREE_DAYS = timedelta(hours=72)

PLANS: Mapping[NoticeClass, Plan] = MappingProxyType(
    {
        # A code expires with what it opens; `expires_at` of the notice ends it sooner.
        NoticeClass.CODE: Plan(
            lane=Lane.CODE,
            steps=(Step(Channel.SMS, timedelta(minutes=5)),),
            lasts=timedelta(minutes=5),
            first_delay=timedelta(seconds=1),
        ),
        NoticeClass.RECEIPT: Plan(
            lane=Lane.RECEIPT,
            steps=(
                Step(Channel.CHAT, timedelta(minutes=5)),
                Step(Channel.SMS, timedelta(hours=2), needs_delivery=True),
                Step(Channel.EMAIL, timedelta(hours=24)),
            ),
            lasts=_THREE_DAYS,
        ),
        NoticeClass.LEGAL: Plan(
            lane=Lane.LEGAL,
            steps=(
                Step(Channel.CHAT, timedelta(minutes=15)),
                Step(Channel.SMS, timedelta(hours=2), needs_delivery=True),
                Step(Channel.EMAIL, timedelta(hours=24)),
            ),
            lasts=_THREE_DAYS,
        ),
        NoticeClass.SERVICE: Plan(
            lane=Lane.SERVICE,
            steps=(
                Step(Channel.CHAT, timedelta(minutes=15)),
                Step(Channel.SMS, timedelta(hours=2)),
                Step(Channel.EMAIL, timedelta(hours=24)),
            ),
            lasts=_THREE_DAYS,
            hours=_DAY,
        ),
        NoticeClass.COURTESY: Plan(
            lane=Lane.BULK,
            steps=(Step(Channel.CHAT, timedelta(hours=24)),),
            lasts=_THREE_DAYS,
            hours=_DAY,
        ),
    }
)


@cache
def plan_of(notice_class: str, via: str | None) -> Plan:
    """Give the plan of a class, or what remains of it when a notice goes by one channel alone.

    LookupError when the class does not use that channel.
    """
    plan = PLANS[NoticeClass(notice_class)]
    if via is None:
        return plan
    steps = tuple(step for step in plan.steps if step.channel == via)
    if not steps:
        raise LookupError(f"no notice of class {notice_class} goes by {via}")
    return replace(plan, steps=steps)
