"""Once for each (caller, idempotency key): the first answer is kept and given again.

What is kept is the answer of an accepted request, and a refusal whose class says `kept`. Any other
refusal undid its transaction, so its repeat is judged anew: nothing was done that could be doubled.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import db
from api.access.models import FirstAnswer
from api.access.refusals import IdempotencyKeyMissing, OtherBodySameKey
from api.errors import Unavailable

_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A request in whose name an answer is kept: blinded caller and key, keyed hash of the rest."""

    index: bytes
    hash: bytes


def request(*, owner: str, key: str, said: bytes) -> Request:
    """Blind a request; raises IdempotencyKeyMissing for no key, or one too long."""
    if not 0 < len(key) <= _LONGEST_KEY:
        raise IdempotencyKeyMissing
    ring = db.keys()
    return Request(ring.blind("idempotency", f"{owner}\0{key}"), ring.sign("request", said))


def first_answer(session: Session, asked: Request) -> tuple[int, bytes] | None:
    """Give status and body of the first answer, or None when this is the first.

    From here to the end of the transaction no other request with this key goes on: it gets
    Unavailable("still_running"). Raises OtherBodySameKey when the key was used for another request.
    """
    # On SQLite the writer's transaction is alone in any case.
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(asked.index[:8], signed=True)
        free = session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number})
        if not free:
            raise Unavailable("still_running", retry_after=1.0)
    kept = session.scalar(select(FirstAnswer).where(FirstAnswer.index == asked.index))
    if kept is None:
        return None
    if kept.request != asked.hash:
        raise OtherBodySameKey
    return kept.status, kept.body.encode()


def keep(session: Session, asked: Request, *, status: int, body: bytes, now: datetime) -> None:
    """Keep the first answer; it is committed with what the request did, or not at all."""
    session.add(
        FirstAnswer(
            index=asked.index,
            request=asked.hash,
            status=status,
            body=body.decode(),
            created_at=now,
        )
    )
    session.flush()
