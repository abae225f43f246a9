"""Adding to the audit trail."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapper, Session

from api.audit.models import Entry

Fact = str | int | bool | None


class TrailIsAppendOnly(Exception):
    """Somebody tried to change or delete what was written down."""


def note(
    session: Session,
    *,
    actor: str,
    verb: str,
    subject: str,
    detail: Mapping[str, Fact],
    now: datetime,
) -> None:
    """Write down an act, in the transaction of the act itself.

    `actor` and `subject` are `<kind>:<id>`; `detail` holds ids and words of the trade, never a
    name, a code, a phone or an amount.
    """
    session.add(Entry(at=now, actor=actor, verb=verb, subject=subject, detail=dict(detail)))


@event.listens_for(Entry, "before_update")
@event.listens_for(Entry, "before_delete")
def _refuse(_mapper: Mapper[Entry], _connection: Connection, target: Entry) -> None:
    raise TrailIsAppendOnly(str(target.id))
