"""Backing the bots' memory up, bringing it back held, and releasing it (guarantees.md, G16).

What waited in the backup had its turn before the loss, or its person writes again: nothing of it is
said a second time. What has come since the restore is answered when the memory is released.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, insert, select, update

from api.kit import points
from api.kit.sealing import Keyring
from api.snapshots import service as snapshots
from bots import migrations
from bots.settings import Settings
from bots.store import BadStore, open_plain
from bots.tables import chats, holds, inbox, replies

ROOM = "bots"
RESTORED = "restored"
"""The reason of a reply that a memory which was lost may have said."""


def backup(settings: Settings, folder: Path, *, now: datetime) -> str:
    """Back the memory up into a folder while the bots talk. Raises BadSnapshot and BadKeys."""
    made = snapshots.take(
        settings.database_url, folder, room=ROOM, keys=Keyring.load(settings.keys), now=now
    )
    return f"backed up: {folder / made.file}, {made.bytes:,} bytes"


def restore(settings: Settings, folder: Path) -> str:
    """Bring a backup into an empty store, which is held. Raises BadSnapshot and BadKeys."""

    def hold(url: str, taken_at: datetime) -> None:
        now = time.time()
        with _writing(url, "memory.held") as connection:
            row = {"taken_at": taken_at.timestamp(), "held_at": now, "is_whole": False}
            # An id that no earlier hold has: those of a dump come after this one.
            connection.execute(insert(holds).values(id=time.time_ns() // 1_000, **row))

    def complete(url: str) -> None:
        with _writing(url, "memory.whole") as connection:
            connection.execute(
                update(holds).where(holds.c.released_at.is_(None)).values(is_whole=True)
            )

    snapshots.bring(
        settings.database_url,
        folder,
        room=ROOM,
        keys=Keyring.load(settings.keys),
        known=migrations.known(),
        hold=hold,
        complete=complete,
    )
    return "restored, and held: the bots listen and say nothing until `python -m bots release`"


def release(settings: Settings) -> str:
    """Let a restored memory be worked on; what waited in the backup is not said. Raises BadStore."""
    with _writing(settings.database_url, "memory.lifted") as connection:
        if not migrations.is_ready(connection):
            raise BadStore("The bots' memory is not migrated: run `python -m bots migrate`.")
        found = connection.execute(
            select(func.max(holds.c.held_at), func.count().filter(~holds.c.is_whole)).where(
                holds.c.released_at.is_(None)
            )
        ).one()
        held_at, unfinished = found
        if held_at is None:
            return "the memory is not held: nothing was changed"
        if unfinished:
            raise BadStore(
                "The restore has not come to its end: begin it anew with an empty database."
            )
        now = time.time()
        unsaid = connection.execute(
            update(replies)
            .where(replies.c.done_at.is_(None), replies.c.created_at <= held_at)
            .values(outcome="uncertain", reason=RESTORED, open=False, text=None, done_at=now)
        ).rowcount
        unheard = connection.execute(
            update(inbox)
            .where(inbox.c.done_at.is_(None), inbox.c.received_at <= held_at)
            .values(done_at=now, raw=None)
        ).rowcount
        # A talk that waited for the core has gone on since; its person's next word wakes it.
        connection.execute(update(chats).values(wake_at=None, wakes=0, lease=None, lease_until=0.0))
        connection.execute(
            update(holds).where(holds.c.released_at.is_(None)).values(released_at=now)
        )
    return f"released: {unsaid} replies and {unheard} messages of before the loss are taken as dealt with"


@contextmanager
def _writing(url: str, point: str) -> Iterator[Connection]:
    engine = open_plain(url)
    try:
        with engine.connect() as connection:
            yield connection
            with points.around(point):
                connection.commit()
    finally:
        engine.dispose()
