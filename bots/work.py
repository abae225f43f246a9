"""What a chat has waiting: replies first, then the next update, then a talk to wake."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from api.kit.sealing import Keyring
from bots.inbox import RAW
from bots.replies import Due, Replies
from bots.tables import chats, inbox

WORKED_ON = (
    chats.c.arrived,
    chats.c.state,
    chats.c.spoken_at,
    chats.c.wakes,
    chats.c.wake_at,
)
"""What is wanted of a chat's row."""

_first = (
    select(inbox.c.chat, func.min(inbox.c.id).label("id"), func.count().label("waiting"))
    .where(inbox.c.chat.in_(bindparam("chats", expanding=True)), inbox.c.done_at.is_(None))
    .group_by(inbox.c.chat)
    .subquery()
)
_NEXT = select(inbox.c.chat, inbox.c.id, inbox.c.raw, _first.c.waiting).join(
    _first, _first.c.id == inbox.c.id
)


@dataclass(frozen=True, slots=True)
class Work:
    """What a chat has waiting. `state` is its log as it is kept.

    `more` says that updates wait behind this one. What came in after `arrived` was counted is not
    among them.
    """

    arrived: int
    state: str | None
    spoken_at: float
    wakes: int
    wake_at: float | None
    replies: Sequence[Due]
    update: tuple[int, dict[str, Any]] | None
    more: bool


class Waiting:
    """What waits in some chats, asked for at once and opened one by one."""

    def __init__(
        self, connection: Connection, keys: Keyring, replies: Replies, of: Collection[str]
    ) -> None:
        """Ask for what the chats of these keys have waiting.

        Their rows are read before: what comes in between shows as a change of `arrived`.
        """
        self._keys = keys
        self._open = replies.open
        self._replies: Mapping[str, list[Any]] = replies.due(connection, of)
        self._updates = {row.chat: row for row in connection.execute(_NEXT, {"chats": list(of)})}

    def work(self, key: str, row: Any) -> Work:
        """Open what one chat has waiting; `row` holds what is `WORKED_ON`. Raises CannotOpen."""
        found = self._updates.get(key)
        update = None
        if found is not None:
            update = (int(found.id), json.loads(self._keys.open(found.raw, context=RAW)))
        return Work(
            arrived=row.arrived,
            state=row.state,
            spoken_at=row.spoken_at,
            wakes=row.wakes,
            wake_at=row.wake_at,
            replies=[self._open(one) for one in self._replies.get(key, ())],
            update=update,
            more=found is not None and found.waiting > 1,
        )
