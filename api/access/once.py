"""Once for each (caller, idempotency key): the first answer is kept and given again.

What is kept is the answer of an accepted request, and a refusal whose class says `kept`. Any other
refusal undid its transaction, so its repeat is judged anew: nothing was done that could be doubled.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BigInteger, Insert, Select, bindparam, func, insert, select
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
        if not db.ask(session, _free(), number=number).scalar():
            raise Unavailable("still_running", retry_after=1.0)
    kept = db.ask(session, _kept(), index=asked.index).one_or_none()
    if kept is None:
        return None
    request, status, body = kept
    if request != asked.hash:
        raise OtherBodySameKey
    return status, body.encode()


def keep(session: Session, asked: Request, *, status: int, body: bytes, now: datetime) -> None:
    """Keep the first answer; it is committed with what the request did, or not at all."""
    session.flush()
    row = {
        "index": asked.index,
        "request": asked.hash,
        "status": status,
        "body": body.decode(),
        "created_at": now,
    }
    session.connection().execute(_keep(), row)


@cache
def _free() -> Select[bool]:
    return select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger())))


@cache
def _kept() -> Select[bytes, int, str]:
    asked = select(FirstAnswer.request, FirstAnswer.status, FirstAnswer.body)
    return asked.where(FirstAnswer.index == bindparam("index"))


@cache
def _keep() -> Insert:
    return insert(FirstAnswer)
