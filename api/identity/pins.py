"""The PIN of SMS: four digits with which one answer shows amounts and names.

Four digits are soon guessed by whoever has the hash, so it is keyed as well as slow: without the
key file it tells nothing.
"""

import hmac
import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from api import db
from api.identity import codes, rules
from api.identity.models import Pin
from api.identity.refusals import NoPin, PinLocked, WeakPin, WrongPin
from api.kit import calendar


def choose(session: Session, *, person_id: UUID, pin: str, now: datetime) -> None:
    """Keep a PIN, in place of an earlier one; raises WeakPin.

    Wrong ones of today still count, so that a new PIN buys nobody new tries.
    """
    if rules.is_guessed_first(pin):
        raise WeakPin
    salt = secrets.token_bytes(16)
    held = session.get(Pin, person_id, with_for_update=True)
    if held is None:
        held = Pin(person_id=person_id, misses=0, missed_on=None)
        session.add(held)
    held.salt, held.hash, held.chosen_at = salt, _hash(person_id, pin, salt), now
    session.flush()


def forget(session: Session, *, person_id: UUID) -> int:
    """Forget a person's PIN; gives how many there were."""
    gone = session.scalars(delete(Pin).where(Pin.person_id == person_id).returning(Pin.person_id))
    return len(gone.all())


def unlock(session: Session, *, person_ids: Collection[UUID], pin: str, now: datetime) -> UUID:
    """Judge a PIN and give whose it is; raises NoPin, WrongPin, PinLocked.

    A try counts before it is judged, for each of the people. A PIN that two of them have says of
    neither that it is them.
    """
    today = calendar.today(now)
    misses = case((Pin.missed_on == today, Pin.misses), else_=0)
    tried = session.execute(
        update(Pin)
        .where(Pin.person_id.in_(person_ids), misses < rules.PIN_TRIES)
        .values(misses=misses + 1, missed_on=today)
        .returning(Pin.person_id, Pin.salt, Pin.hash, Pin.misses)
        .execution_options(synchronize_session=False)
    ).all()
    wait = codes.seconds(calendar.end_of_day(today), now)
    if not tried:
        held = select(Pin.person_id).where(Pin.person_id.in_(person_ids)).limit(1)
        if session.scalar(held) is None:
            raise NoPin
        raise PinLocked(wait_seconds=wait)
    right: list[UUID] = [
        one.person_id
        for one in tried
        if hmac.compare_digest(one.hash, _hash(one.person_id, pin, one.salt))
    ]
    if len(right) != 1:
        left = rules.PIN_TRIES - min(one.misses for one in tried)
        if not left:
            raise PinLocked(wait_seconds=wait)
        raise WrongPin(left=left)
    # A right one gives back this try alone: who knows the PIN does not clear a stranger's misses.
    session.execute(
        update(Pin)
        .where(Pin.person_id.in_([one.person_id for one in tried]))
        .values(misses=Pin.misses - 1)
        .execution_options(synchronize_session=False)
    )
    return right[0]


def _hash(person_id: UUID, pin: str, salt: bytes) -> bytes:
    keyed = db.keys().sign("pin", person_id.bytes + pin.encode())
    # 16 MiB and some tens of milliseconds: an SMS waits longer for its network.
    return Scrypt(salt=salt, length=32, n=2**14, r=8, p=1).derive(keyed)
