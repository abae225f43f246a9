"""Deliveries, their notices and attempts as plain rows: read as columns, written as sets.

A postman reads and writes hundreds of them a second. Objects of the session would cost several times
what the store does, so here are the columns alone that the rules ask for; what the rules assign to
them is written by `Rows.write`, what changed alike in one statement.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

from sqlalchemy import BindParameter, ColumnElement, Executable, Table, bindparam, select
from sqlalchemy.orm import Session

from api import sets
from api.db import Base, new_id
from api.notices.models import Attempt, Delivery, Notice
from api.notices.rules import AttemptState


@dataclass(slots=True, eq=False)
class DeliveryRow:
    """What is asked of a delivery (`models.Delivery`)."""

    CHANGES: ClassVar = (
        "step",
        "channel",
        "status",
        "reference",
        "due_at",
        "lease",
        "until",
        "tries",
        "reason",
        "changed_at",
    )

    id: uuid.UUID
    notice_id: uuid.UUID
    step: int
    channel: str
    lane: int
    status: str
    reference: int
    due_at: datetime | None
    lease: uuid.UUID | None
    until: datetime | None
    tries: int
    reason: str | None
    created_at: datetime
    changed_at: datetime


@dataclass(slots=True, eq=False)
class NoticeRow:
    """What is asked of a notice (`models.Notice`); of its secret, whether it has one still."""

    CHANGES: ClassVar = ("status", "reason", "code", "has_secret")

    id: uuid.UUID
    key: str
    template: str
    notice_class: str
    person_id: uuid.UUID
    workshop_id: uuid.UUID | None
    via: str | None
    link_id: uuid.UUID | None
    about: str
    facts: dict[str, Any]
    status: str
    reason: str | None
    code: str | None
    doubted: bool
    ends_at: datetime
    has_secret: bool


@dataclass(slots=True, eq=False)
class AttemptRow:
    """What is asked of an attempt (`models.Attempt`)."""

    CHANGES: ClassVar = ("state", "provider_id", "reason", "closed_at")

    id: uuid.UUID
    delivery_id: uuid.UUID
    state: str
    sender: str
    link_id: uuid.UUID | None
    provider_id: str | None
    reason: str | None
    closed_at: datetime | None


Kept = DeliveryRow | NoticeRow | AttemptRow
Row = TypeVar("Row", DeliveryRow, NoticeRow, AttemptRow)


class Pair(NamedTuple):
    """A delivery and what it tells."""

    delivery: DeliveryRow
    notice: NoticeRow


class Rows:
    """The rows of a batch within a transaction; a notice of several deliveries is one row."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before: dict[type[Kept], list[tuple[Any, tuple[Any, ...]]]] = defaultdict(list)
        self._notices: dict[uuid.UUID, NoticeRow] = {}

    def deliveries(self, ids: Collection[uuid.UUID], lease: uuid.UUID | None = None) -> list[Pair]:
        """Read deliveries and their notices, locked, in the order of ids; those of a lease alone."""
        if lease is None:
            found = self._read(_PAIRS, {"ids": list(ids)})
        else:
            found = self._read(_PAIRS_OF_LEASE, {"ids": list(ids), "lease": lease})
        return [
            Pair(self._keep(DeliveryRow(*row[:_WIDTH])), self._notice(row[_WIDTH:]))
            for row in found
        ]

    def left(self, where: ColumnElement[bool], notices: Collection[uuid.UUID]) -> list[DeliveryRow]:
        """Read the deliveries of these notices of which that holds, locked, in the order of ids."""
        asked = (
            select(*_DELIVERY)
            .where(Delivery.notice_id.in_(notices), where)
            .order_by(Delivery.id)
            .with_for_update()
        )
        return [self._keep(DeliveryRow(*row)) for row in self._read(asked, {})]

    def attempts(self, deliveries: Collection[uuid.UUID]) -> list[AttemptRow]:
        """Read the attempts of deliveries, the earliest first."""
        found = self._read(_ATTEMPTS, {"ids": list(deliveries)})
        return [self._keep(AttemptRow(*row)) for row in found]

    def open_attempts(self, deliveries: Collection[uuid.UUID]) -> list[AttemptRow]:
        """Read those attempts of deliveries that nobody has closed."""
        found = self._read(_OPEN, {"ids": list(deliveries)})
        return [self._keep(AttemptRow(*row)) for row in found]

    def lost(
        self, delivery: DeliveryRow, *, sender: str, lease: uuid.UUID, now: datetime
    ) -> AttemptRow:
        """Write down the call that a lost store must have made: by its name reports will come."""
        attempt = Attempt(
            id=new_id(),
            delivery_id=delivery.id,
            lease=lease,
            sender=sender,
            opened_at=delivery.created_at,
            closed_at=now,
            state=AttemptState.ACCEPTED,
        )
        self._session.add(attempt)
        self._session.flush()
        return self._keep(AttemptRow(*(getattr(attempt, name) for name in AttemptRow.__slots__)))

    def secrets(self, notices: Iterable[NoticeRow]) -> Mapping[uuid.UUID, dict[str, str]]:
        """Unseal what only the wire may show, of those that have such."""
        ids = [notice.id for notice in notices if notice.has_secret]
        if not ids:
            return {}
        found = self._read(select(Notice.id, Notice.secret).where(Notice.id.in_(ids)), {})
        return {notice_id: json.loads(secret) for notice_id, secret in found if secret is not None}

    def write(self, *kinds: type[Kept]) -> None:
        """Write what was changed in the rows of these kinds since they were read or written."""
        for kind in kinds:
            values = _CHANGING[kind]
            alike: dict[tuple[tuple[str, Any], ...], list[uuid.UUID]] = defaultdict(list)
            kept = self._before[kind]
            for place, (row, before) in enumerate(kept):
                after = values(row)
                if after == before:
                    continue
                kept[place] = row, after
                changed = tuple(
                    _column(name, new)
                    for name, old, new in zip(kind.CHANGES, before, after, strict=True)
                    if new != old
                )
                alike[changed].append(row.id)
            sets.change(self._session, _MODELS[kind], alike)

    def _read(self, asked: Executable, values: Mapping[str, Any]) -> Collection[Any]:
        # What the session holds back would not be seen.
        self._session.flush()
        return self._session.connection().execute(asked, values).all()

    def _notice(self, row: tuple[Any, ...]) -> NoticeRow:
        known = self._notices.get(row[0])
        if known is None:
            known = self._notices[row[0]] = self._keep(NoticeRow(*row))
        return known

    def _keep(self, row: Row) -> Row:
        self._before[type(row)].append((row, _CHANGING[type(row)](row)))
        return row


def _column(name: str, value: Any) -> tuple[str, Any]:
    """A secret is forgotten, never written anew."""
    return ("secret", None) if name == "has_secret" else (name, value)


_MODELS: Mapping[type[Kept], type[Base]] = {
    DeliveryRow: Delivery,
    NoticeRow: Notice,
    AttemptRow: Attempt,
}
_CHANGING: Mapping[type[Kept], Callable[[Any], tuple[Any, ...]]] = {
    kind: attrgetter(*kind.CHANGES) for kind in _MODELS
}


def _columns(kind: type[Kept], **others: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    table = cast("Table", _MODELS[kind].__table__)
    return [others[name] if name in others else table.c[name] for name in kind.__slots__]


_DELIVERY = _columns(DeliveryRow)
_WIDTH = len(_DELIVERY)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
# Put together once: a round asks nothing else, all day.
_PAIRS = (
    select(
        *_DELIVERY,
        *(
            column.label(f"notice_{column.key}")
            for column in _columns(NoticeRow, has_secret=Notice.secret.is_not(None))
        ),
    )
    .join(Notice, Notice.id == Delivery.notice_id)
    .where(Delivery.id.in_(_IDS))
    .order_by(Delivery.id)
    .with_for_update(of=Delivery)
)
_PAIRS_OF_LEASE = _PAIRS.where(Delivery.lease == bindparam("lease"))
_ATTEMPTS = (
    select(*_columns(AttemptRow))
    .where(Attempt.delivery_id.in_(_IDS))
    .order_by(Attempt.opened_at, Attempt.id)
)
_OPEN = _ATTEMPTS.where(Attempt.state == AttemptState.OPEN)
