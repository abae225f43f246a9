"""A fresh code for what is asked by SMS: whoever gives it back holds the registered phone.

The sender of an SMS may be forged, and the code goes to the registered number alone.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api import db
from api.access import queries as access_queries
from api.access.rules import ChatAddress
from api.errors import Invalid
from api.identity import codes, rules
from api.identity.models import Confirmation
from api.identity.refusals import BranchOnly, CodeExpired, WrongCode
from api.notices import service as notices
from api.people import queries as people


def ask(
    session: Session, *, chat: ChatAddress, person_id: UUID, now: datetime
) -> tuple[Confirmation, str]:
    """Send a code to the registered number; gives the confirmation it is for, and the number.

    Raises BranchOnly (no number of this country is registered), CoolDown, TooManyCodes.
    """
    person = people.by_id(session, person_id)
    if person is None or person.phone is None or not person.phone.startswith(rules.CODES_GO_TO):
        raise BranchOnly
    codes.count(session, db.keys().blind("phone", person.phone), now)
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    made = Confirmation(
        chat_index=access_queries.chat_index(chat),
        person_id=person_id,
        code_hash=b"",
        expires_at=now + rules.CODE_LASTS,
        used_at=None,
    )
    session.add(made)
    session.flush()
    made.code_hash = _hash(made.id, code)
    session.flush()
    notices.post(
        session,
        template="confirm_code",
        to=person_id,
        about=f"confirmation:{made.id}",
        facts={"minutes": rules.CODE_LASTS // timedelta(minutes=1)},
        key=f"confirm_code:{made.id}",
        secret={"code": code},
        expires_at=made.expires_at,
        now=now,
    )
    return made, person.phone


def confirm(
    session: Session, *, chat: ChatAddress, confirmation_id: UUID, code: str, now: datetime
) -> None:
    """Take the code of a confirmation, once; raises Invalid (field code), WrongCode, CodeExpired."""
    said = codes.read(code)
    if said is None:
        raise Invalid(field="code", reason="form")
    taken = session.execute(
        update(Confirmation)
        .where(
            Confirmation.id == confirmation_id,
            Confirmation.chat_index == access_queries.chat_index(chat),
            Confirmation.used_at.is_(None),
            Confirmation.tries < rules.TRIES,
            Confirmation.expires_at > now,
        )
        .values(tries=Confirmation.tries + 1)
        .returning(Confirmation.code_hash, Confirmation.tries)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        raise CodeExpired
    if not hmac.compare_digest(taken.code_hash, _hash(confirmation_id, said)):
        raise WrongCode(left=rules.TRIES - taken.tries)
    session.execute(
        update(Confirmation)
        .where(Confirmation.id == confirmation_id)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def sweep(session: Session, *, before: datetime, limit: int) -> int:
    """Forget confirmations whose time was over before, at most `limit`; gives how many."""
    old = (
        select(Confirmation.id)
        .where(Confirmation.expires_at < before)
        .order_by(Confirmation.expires_at)
        .limit(limit)
    )
    gone = delete(Confirmation).where(Confirmation.id.in_(old)).returning(Confirmation.tries)
    return len(session.scalars(gone.execution_options(synchronize_session=False)).all())


def _hash(confirmation_id: UUID, code: str) -> bytes:
    return db.keys().sign("confirm_code", confirmation_id.bytes + code.encode())
