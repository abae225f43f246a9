"""The PIN of SMS: four digits with which one answer shows amounts and names.

Four digits are soon guessed by whoever has the hash, so it is keyed as well as slow: without the
key file it tells nothing.
"""

import hmac
import secrets
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import case, update
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


def unlock(session: Session, *, person_id: UUID, pin: str, now: datetime) -> None:
    """Judge a PIN; raises NoPin, WrongPin, PinLocked. A try counts before it is judged."""
    today = calendar.today(now)
    misses = case((Pin.missed_on == today, Pin.misses), else_=0)
    taken = session.execute(
        update(Pin)
        .where(Pin.person_id == person_id, misses < rules.PIN_TRIES)
        .values(misses=misses + 1, missed_on=today)
        .returning(Pin.salt, Pin.hash, Pin.misses)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    wait = codes.seconds(calendar.end_of_day(today), now)
    if taken is None:
        if session.get(Pin, person_id) is None:
            raise NoPin
        raise PinLocked(wait_seconds=wait)
    if not hmac.compare_digest(taken.hash, _hash(person_id, pin, taken.salt)):
        left = rules.PIN_TRIES - taken.misses
        if not left:
            raise PinLocked(wait_seconds=wait)
        raise WrongPin(left=left)
    # A right one gives back its own try alone: who knows the PIN does not clear a stranger's misses.
    session.execute(
        update(Pin)
        .where(Pin.person_id == person_id)
        .values(misses=Pin.misses - 1)
        .execution_options(synchronize_session=False)
    )


def _hash(person_id: UUID, pin: str, salt: bytes) -> bytes:
    keyed = db.keys().sign("pin", person_id.bytes + pin.encode())
    # 16 MiB and some tens of milliseconds: an SMS waits longer for its network.
    return Scrypt(salt=salt, length=32, n=2**14, r=8, p=1).derive(keyed)
