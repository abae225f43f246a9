"""Claiming deliveries: ours for the time of a lease, no longer, and nobody else's meanwhile."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Table, bindparam, exists, literal, select, union_all, update
from sqlalchemy.orm import Session

from api.holds import service as holds
from api.notices.letters import Claim
from api.notices.models import Delivery
from api.notices.plans import Channel, Lane
from api.notices.rules import shares

LEASE = timedelta(seconds=45)
"""Longer than any call to the outside may last (guarantees.md, G2: 30-60 s)."""

# Codes come first, and a crowd of anything else never takes all: nor do they take all from it.
_WEIGHTS: Mapping[int, int] = MappingProxyType(
    {Lane.CODE: 16, Lane.RECEIPT: 8, Lane.LEGAL: 4, Lane.SERVICE: 2, Lane.BULK: 1}
)

_TABLE = cast("Table", Delivery.__table__)
# An idle postman asks this all day: it is put together once, and each part looks at the beginning
# of an index.
_WAITING = union_all(
    *(
        select(literal(str(channel)).label("channel"), literal(int(lane)).label("lane")).where(
            exists().where(
                _TABLE.c.channel == str(channel),
                _TABLE.c.lane == int(lane),
                _TABLE.c.due_at <= bindparam("now"),
            )
        )
        for channel in Channel
        for lane in Lane
    )
)

_DUE = (
    select(_TABLE.c.id)
    .where(
        _TABLE.c.channel == bindparam("of_channel"),
        _TABLE.c.lane == bindparam("of_lane"),
        _TABLE.c.due_at <= bindparam("now"),
    )
    .order_by(_TABLE.c.due_at)
    .limit(bindparam("places"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_TAKE = (
    update(_TABLE)
    .where(_TABLE.c.id.in_(select(_DUE.c.id)))
    .values(lease=bindparam("lease"), due_at=bindparam("due_at"))
    .returning(_TABLE.c.id)
)


def with_due(session: Session, *, now: datetime) -> Collection[str]:
    """Name the channels that have something to claim; reads alone, so that idling costs no write.

    None while the store is held.
    """
    if holds.is_held(session):
        return ()
    return {channel for channel, _ in _waiting(session, now)}


def claim(
    session: Session, *, channel: str, places: int, now: datetime, lasts: timedelta = LEASE
) -> Claim | None:
    """Claim at most so many deliveries of a channel that are due; None when there is none.

    Nor is there any while the store is held. What somebody claimed and did not finish is due again when their lease ends: repair has no way
    of its own.
    """
    if places < 1 or holds.is_held(session):
        return None
    waiting = _waiting(session, now)
    weights = {lane: _WEIGHTS[lane] for of, lane in waiting if of == channel}
    lease, until = uuid.uuid4(), now + lasts
    values = {"lease": lease, "due_at": until, "of_channel": channel, "now": now}
    ids: list[uuid.UUID] = []
    for lane, share in shares(places, weights).items():
        ids += _take(session, lane, share, values)
    for lane in sorted(weights):
        if len(ids) < places:
            ids += _take(session, lane, places - len(ids), values)
    return Claim(lease, tuple(sorted(ids)), until) if ids else None


def _waiting(session: Session, now: datetime) -> Sequence[tuple[str, int]]:
    """Give the lanes of all channels in which something is due."""
    return [(row.channel, row.lane) for row in session.connection().execute(_WAITING, {"now": now})]


def _take(
    session: Session, lane: int, places: int, values: Mapping[str, Any]
) -> Sequence[uuid.UUID]:
    asked = {**values, "of_lane": lane, "places": places}
    return session.connection().execute(_TAKE, asked).scalars().all()
