"""The trail as it stands in the store, whatever was done to it there."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import literal, select, true, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from api.audit.chain import Anchor, Checker, Head, Report, Row
from api.audit.models import ChainHead, Entry
from api.audit.sealing import moment
from api.audit.telling import Writer

_AT_ONCE = 1_000
_COLUMNS = (
    "number", "id", "at", "actor", "verb", "subject", "detail", "salt", "commitment", "seal",
)  # fmt: skip


def check(session: Session, anchors: list[Anchor], writer: Writer | None = None) -> Report:
    """Check the whole trail as of one moment, and write it down on the way when asked to.

    The session must be of no writer: it stays open as long as the trail is read.
    """
    checker = Checker(anchors)
    last: Head | None = None
    for row, beside in _rows(session):
        last = beside
        if row is not None:
            checker.take(row)
            if writer is not None:
                writer.row(row)
    if writer is not None:
        writer.head(last)
    return checker.end(last)


def head(session: Session) -> Head | None:
    """Give the last sealed row; None before the first."""
    found = session.execute(select(ChainHead.number, ChainHead.seal)).one_or_none()
    return None if found is None or not found.number else Head(found.number, found.seal)


def _rows(session: Session) -> Iterator[tuple[Row | None, Head | None]]:
    """Give all rows in order, each beside the head: one statement sees one moment."""
    # As the driver brings them: what somebody wrote into a column by hand need not be of its type.
    one = select(literal(1).label("one")).subquery()
    raw = [type_coerce(getattr(Entry, name), NullType()).label(name) for name in _COLUMNS]
    heads = [
        type_coerce(column, NullType()).label(f"head_{column.key}")
        for column in (ChainHead.number, ChainHead.seal)
    ]
    found = session.execute(
        select(*raw, *heads)
        .select_from(one)
        .outerjoin(ChainHead, true())
        .outerjoin(Entry, true())
        .order_by(Entry.number.asc().nulls_last(), Entry.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for each in found:
        number = each.head_number
        head = Head(number, _bytes(each.head_seal) or b"") if isinstance(number, int) else None
        yield (None if each.id is None else _row(each)), head


def _row(raw: Any) -> Row:
    return Row(
        raw.number if isinstance(raw.number, int) else None,
        _id(raw.id),
        _at(raw.at),
        str(raw.actor),
        str(raw.verb),
        str(raw.subject),
        _detail(raw.detail),
        _bytes(raw.salt),
        _bytes(raw.commitment),
        _bytes(raw.seal),
    )


# What cannot be read is taken as it stands: it differs from what was sealed, and is found.


def _id(raw: Any) -> str:
    try:
        return str(uuid.UUID(str(raw)))
    except ValueError:
        return str(raw)


def _at(raw: Any) -> str:
    if isinstance(raw, datetime):
        return moment(raw)
    try:
        return moment(datetime.fromisoformat(str(raw)).replace(tzinfo=UTC))
    except ValueError:
        return str(raw)


def _detail(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _bytes(raw: Any) -> bytes | None:
    return raw if raw is None or isinstance(raw, bytes) else str(raw).encode()
