"""The verbs of SMS that come in: keep what a centre brings, hand on what is whole, forget the rest.

A centre brings a message again when our acknowledgement did not reach it, and gives it no name. So
a repeat is known by what it says: a part by its reference and its content, a whole message by
sender, line and text, where it comes over another bind than the first time, and either at once or
after that bind broke so soon that nobody knows of the acknowledgement. Whoever writes `1` twice
over one bind has said it twice.
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from api import db, sets
from api.holds import service as holds
from api.inbound.models import InboundSms

AGAIN_AT_ONCE = timedelta(seconds=10)
"""The same words over another bind, so soon: nobody has read an answer and written again by then."""

UNSURE = timedelta(seconds=30)
"""What was acknowledged so shortly before a bind broke may not have been heard: a dead line is silent first."""

REMEMBERED = timedelta(minutes=10)
"""How long a repeat is looked for: a lost bind comes back within minutes."""

INCOMPLETE_AFTER = timedelta(minutes=30)
GIVEN_UP_AFTER = timedelta(hours=24)
"""An answer to what was asked a day ago would puzzle more than none."""

KEPT = timedelta(days=2)
_FIRST_DELAY, _LONGEST_DELAY = timedelta(seconds=15), timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPart:
    """What a centre brought; its repr shows nothing of a person.

    `reference` joins the parts of a message, empty where it came whole. `coding` is the centre's
    word for the alphabet of `octets`.
    """

    sender: str = field(repr=False)
    line: str
    coding: int
    octets: bytes = field(repr=False)
    reference: str = ""
    number: int = 1
    total: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A message to be handed on. `octets` are those of its parts, in order."""

    number: int
    name: uuid.UUID
    sender: str = field(repr=False)
    line: str
    coding: int
    octets: bytes = field(repr=False)


def keep(
    session: Session,
    part: NewPart,
    *,
    bind: uuid.UUID,
    broken: Mapping[uuid.UUID, datetime] = MappingProxyType({}),
    now: datetime,
) -> bool:
    """Keep a part, and tell whether it was new; `broken` are binds that broke lately, and when."""
    thread = _thread(part)
    digest = _digest(part)
    before = session.scalars(
        select(InboundSms)
        .where(InboundSms.thread == thread, InboundSms.received_at > now - REMEMBERED)
        .order_by(InboundSms.number)
    ).all()
    if any(_is_repeat(part, digest, one, bind=bind, broken=broken, now=now) for one in before):
        return False
    row: dict[str, Any] = {
        "name": db.new_id(),
        "sender": db.keys().blind("inbound.sender", part.sender),
        "thread": thread,
        "bind": bind,
        "total": part.total,
        "heard": {str(part.number): digest},
        "said": json.dumps(_said(part)),
        "tries": 0,
        "due_at": now if part.total == 1 else None,
        "received_at": now,
    }
    if not sets.add(session, InboundSms, [row]):
        return _put(session, part, thread, digest, bind=bind, now=now)
    return True


def claim(session: Session, *, now: datetime, limit: int) -> Sequence[Whole]:
    """Take messages to be handed on, one person's in the order in which they came.

    Each is due again, later and later, until `handed_on`; those behind it wait with it. None while
    the store is held.
    """
    if holds.is_held(session):
        return ()
    before = aliased(InboundSms)
    rows = session.scalars(
        select(InboundSms)
        .where(
            InboundSms.due_at <= now,
            ~exists().where(
                before.sender == InboundSms.sender,
                before.due_at > now,
                before.number < InboundSms.number,
            ),
        )
        .order_by(InboundSms.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.due_at = now + min(_FIRST_DELAY * 2 ** min(row.tries, 10), _LONGEST_DELAY)
        row.tries += 1
    session.flush()
    return [_whole(row, row.said) for row in rows if row.said is not None]


def has_due(session: Session, *, now: datetime) -> bool:
    """Whether something waits to be handed on; reads alone."""
    due = select(InboundSms.number).where(InboundSms.due_at <= now).limit(1)
    return session.scalar(due) is not None


def drop(session: Session, *, before: datetime) -> int:
    """Hand on no more what came before an instant: a lost store did, and it was answered.

    Gives how many those are.
    """
    numbers = session.scalars(
        select(InboundSms.number).where(
            InboundSms.due_at.is_not(None), InboundSms.received_at < before
        )
    ).all()
    handed_on(session, numbers)
    return len(numbers)


def handed_on(session: Session, numbers: Collection[int]) -> None:
    """Note that the bots have these, or never will: what they say is forgotten."""
    session.execute(
        update(InboundSms).where(InboundSms.number.in_(numbers)).values(said=None, due_at=None),
        execution_options={"synchronize_session": False},
    )


@dataclass(frozen=True, slots=True)
class Swept:
    """How many were incomplete for too long, how many the bots did not take, how many are forgotten."""

    incomplete: int
    not_taken: int
    forgotten: int


def sweep(session: Session, *, now: datetime, limit: int = 5_000) -> Swept:
    """Give up what lacks a part or a taker for too long, and forget what is past its time."""
    incomplete = session.scalars(
        select(InboundSms.number)
        .where(
            InboundSms.due_at.is_(None),
            InboundSms.said.is_not(None),
            InboundSms.received_at < now - INCOMPLETE_AFTER,
        )
        .limit(limit)
    ).all()
    not_taken = session.scalars(
        select(InboundSms.number)
        .where(InboundSms.due_at.is_not(None), InboundSms.received_at < now - GIVEN_UP_AFTER)
        .limit(limit)
    ).all()
    handed_on(session, [*incomplete, *not_taken])
    old = select(InboundSms.number).where(InboundSms.received_at < now - KEPT).limit(limit)
    forgotten = session.scalars(
        delete(InboundSms)
        .where(InboundSms.number.in_(old))
        .returning(InboundSms.number)
        .execution_options(synchronize_session=False)
    ).all()
    return Swept(len(incomplete), len(not_taken), len(forgotten))


def _is_repeat(
    part: NewPart,
    digest: str,
    before: InboundSms,
    *,
    bind: uuid.UUID,
    broken: Mapping[uuid.UUID, datetime],
    now: datetime,
) -> bool:
    if before.heard.get(str(part.number)) != digest:
        return False
    if part.reference:
        return True
    if before.bind == bind:
        return False
    unheard_from = broken.get(before.bind, now + UNSURE) - UNSURE
    return before.received_at > min(now - AGAIN_AT_ONCE, unheard_from)


def _put(
    session: Session, part: NewPart, thread: bytes, digest: str, *, bind: uuid.UUID, now: datetime
) -> bool:
    """Put a part beside those that came before it."""
    row = session.scalars(
        select(InboundSms)
        .where(
            InboundSms.thread == thread, InboundSms.due_at.is_(None), InboundSms.said.is_not(None)
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or row.said is None:
        # Between two looks somebody has completed it: what is here now begins anew.
        return keep(session, part, bind=bind, now=now)
    number = str(part.number)
    if row.heard.get(number) == digest:
        return False
    if number in row.heard:
        # Another message under the same reference: what lacks a part will not get it any more.
        row.said = None
        session.flush()
        return keep(session, part, bind=bind, now=now)
    said = json.loads(row.said)
    said["parts"] |= _said(part)["parts"]
    row.said = json.dumps(said)
    row.heard = {**row.heard, number: digest}
    row.bind = bind
    if len(row.heard) == row.total:
        row.due_at = now
    session.flush()
    return True


def _thread(part: NewPart) -> bytes:
    own = f"{part.reference}\0{part.total}" if part.reference else part.octets.hex()
    return db.keys().blind("inbound", "\0".join((part.sender, part.line, own)))


def _digest(part: NewPart) -> str:
    return db.keys().blind("inbound.part", f"{part.coding}\0{part.octets.hex()}").hex()


def _said(part: NewPart) -> dict[str, Any]:
    return {
        "from": part.sender,
        "to": part.line,
        "parts": {str(part.number): [part.coding, part.octets.hex()]},
    }


def _whole(row: InboundSms, said: str) -> Whole:
    told = json.loads(said)
    parts = [told["parts"][str(number)] for number in range(1, row.total + 1)]
    return Whole(
        number=row.number,
        name=row.name,
        sender=told["from"],
        line=told["to"],
        coding=parts[0][0],
        octets=b"".join(bytes.fromhex(octets) for _, octets in parts),
    )
