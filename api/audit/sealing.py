"""The sealer: numbers what is committed, without a gap, and chains it; and empties what may go."""

import secrets
from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from api import sets
from api.audit import chain, service
from api.audit.chain import Row
from api.audit.models import ChainHead, Entry
from api.kit.slices import SIZE, Slice

_CHAIN = 1
_SALT_BYTES = 16
_ENTRIES = cast("Table", Entry.__table__)
_SEAL = (
    update(_ENTRIES)
    .where(_ENTRIES.c.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in ("number", "salt", "commitment", "seal")})
)


def seal(
    session: Session,
    *,
    slot: date,  # noqa: ARG001 - what is committed is sealed, whenever it was due.
    after: str | None,  # noqa: ARG001 - what has no number yet says by itself where to go on.
    now: datetime,  # noqa: ARG001
    limit: int = SIZE,
) -> Slice:
    """Seal the oldest entries that have no number, at most `limit` of them.

    Writers share no lock with it. It sees what is committed, and nothing is told by an id or a time:
    the entry of a transaction that ends late gets a later number. Sealers wait for one another.
    """
    head = _locked_head(session)
    waiting = session.execute(
        select(Entry.id, Entry.at, Entry.actor, Entry.verb, Entry.subject, Entry.detail)
        .where(Entry.number.is_(None))
        .order_by(Entry.id)
        .limit(limit)
    ).all()
    number, before = head.number, head.seal
    sealed = []
    for one in waiting:
        number += 1
        salt = secrets.token_bytes(_SALT_BYTES)
        row = Row(None, str(one.id), moment(one.at), one.actor, one.verb, one.subject, one.detail)
        committed = chain.commitment(salt, actor=row.actor, subject=row.subject, detail=row.detail)
        before = chain.link(before, row, number=number, commitment=committed)
        sealed.append(
            {
                "row": one.id,
                "new_number": number,
                "new_salt": salt,
                "new_commitment": committed,
                "new_seal": before,
            }
        )
    if sealed:
        session.connection().execute(_SEAL, sealed)
        head.number, head.seal = number, before
    return Slice(len(sealed), str(number) if len(sealed) == limit else None, len(sealed))


def empty(
    session: Session, numbers: Collection[int], *, actor: str, rule: str, now: datetime
) -> int:
    """Empty sealed entries of who did what to whom, and write down which, and by which rule.

    Their place, time and verb stay, and the chain holds. Gives how many were emptied; one that was
    emptied before, or says what was emptied, is left as it is.
    """
    emptied = session.scalars(
        update(Entry)
        .where(Entry.number.in_(numbers), Entry.salt.is_not(None), Entry.verb != chain.EMPTIED)
        .values({"actor": "", "subject": "", "detail": {}, "salt": None})
        .returning(_ENTRIES.c.number)
        .execution_options(synchronize_session=False)
    ).all()
    if emptied:
        service.note(
            session,
            actor=actor,
            verb=chain.EMPTIED,
            subject=f"rule:{rule}",
            detail={"rows": chain.ranges(emptied)},
            now=now,
        )
    return len(emptied)


def moment(at: datetime) -> str:
    """Write an instant as it is chained: in UTC, with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _locked_head(session: Session) -> ChainHead:
    wanted = select(ChainHead).where(ChainHead.chain == _CHAIN).with_for_update()
    head = session.scalar(wanted)
    if head is None:
        sets.add(session, ChainHead, [{"chain": _CHAIN, "number": 0, "seal": chain.FIRST}])
        head = session.scalars(wanted).one()
    return head
