"""Who of a claim may leave now: divided among those who speak, one a chat, within rates and pauses.

What may not is put off, which uses up no try.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.notices import rates, senders
from api.notices.addresses import Address
from api.notices.courses import Courses, step_of
from api.notices.letters import Pause
from api.notices.models import Attempt
from api.notices.rows import Pair

# A chat hears at most one notice a second (domain, Telegram Bot API).
_PER_CHAT = timedelta(seconds=1)
# One tries whether its sender may speak again; the others look after it so late.
_TRYING = timedelta(milliseconds=500)


class Ready(NamedTuple):
    """A delivery that could leave, and where it goes."""

    row: Pair
    address: Address


def by_sender(
    ready: Collection[Ready], speaking: Sequence[str], pauses: Mapping[str, Pause]
) -> Mapping[str, Sequence[Ready]]:
    """Divide what can go among those who speak, the most urgent first."""
    divided: dict[str, list[Ready]] = defaultdict(list)
    urgent = sorted(ready, key=lambda one: (one.row.delivery.lane, one.row.delivery.id))
    if not speaking:
        for one in urgent:
            divided[one.address.sender].append(one)
        return divided
    chosen = senders.divided([one.row.delivery.tries for one in urgent], speaking, pauses)
    for sender, (row, address) in zip(chosen, urgent, strict=True):
        divided[sender].append(Ready(row, replace(address, sender=sender)))
    return divided


def within_rates(
    session: Session,
    ready: Mapping[str, Sequence[Ready]],
    courses: Courses,
    *,
    per_second: Mapping[str, float],
    pauses: Mapping[str, Pause],
    now: datetime,
) -> tuple[list[Ready], int, Mapping[str, float]]:
    """Keep what its sender may say now; put off the others, which uses up no try."""
    leaving: list[Ready] = []
    waits: dict[str, float] = {}
    limited = 0
    # In the order of names, as every postman locks them.
    for sender in sorted(ready):
        alone = _one_a_chat(session, ready[sender], courses, now)
        if not alone:
            continue
        rate, pause = per_second[sender], pauses.get(sender)
        wanted = len(alone) if pause is None else int(pause.seconds <= 0)
        taken = rates.take(session, sender=sender, wanted=wanted, per_second=rate, now=now)
        if taken.waits is not None:
            waits[sender] = taken.waits
        leaving += alone[: taken.granted]
        free_at = taken.free_at
        if pause is not None:
            free_at = max(free_at, now + max(_TRYING, timedelta(seconds=pause.seconds)))
        for place, one in enumerate(alone[taken.granted :]):
            limited += 1
            at = free_at + timedelta(seconds=place / rate)
            _put_off(one.row, courses, at, is_outage=pause is not None and pause.is_outage, now=now)
    return leaving, limited, waits


def _put_off(row: Pair, courses: Courses, at: datetime, *, is_outage: bool, now: datetime) -> None:
    """Let one wait that could go; behind an outage its patience runs, as if it had been tried."""
    if is_outage:
        delivery, notice = row
        delivery.until = delivery.until or now + step_of(delivery, notice).patience
        at = min(at, delivery.until)
    courses.wait(row.delivery, at)


def _one_a_chat(
    session: Session, ready: Sequence[Ready], courses: Courses, now: datetime
) -> list[Ready]:
    links = {one.address.link_id for one in ready} - {None}
    busy: set[UUID | None] = set()
    if links:
        busy.update(
            session.scalars(
                select(Attempt.link_id).where(
                    Attempt.link_id.in_(links), Attempt.opened_at > now - _PER_CHAT
                )
            )
        )
    kept = []
    for one in ready:
        if one.address.link_id is not None and one.address.link_id in busy:
            courses.wait(one.row.delivery, now + _PER_CHAT)
        else:
            busy.add(one.address.link_id)
            kept.append(one)
    return kept
