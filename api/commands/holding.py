"""Backing the core's store up, bringing it back held, and releasing it (guarantees.md, G16)."""

from datetime import datetime
from pathlib import Path

from api import db, migrations
from api.audit import service as audit
from api.commands.troubles import CannotDo
from api.db import Store
from api.holds import service as holds
from api.inbound import service as inbound
from api.kit.calendar import TEHRAN
from api.kit.sealing import Keyring
from api.notices import service as notices
from api.notices.service import Window
from api.payments import service as payments
from api.payments.rules import ENDS_AFTER
from api.settings import Settings
from api.snapshots import service as snapshots

ROOM = "api"


def backup(settings: Settings, folder: Path, *, now: datetime) -> str:
    """Back the core's store up into a folder while all goes on. Raises BadSnapshot and BadKeys."""
    made = snapshots.take(
        settings.database_url, folder, room=ROOM, keys=Keyring.load(settings.keys), now=now
    )
    return f"backed up: {folder / made.file}, {made.bytes:,} bytes, as of {_told(now)} or later"


def restore(settings: Settings, folder: Path, *, now: datetime) -> str:
    """Bring a backup into an empty store, which is held from its first row on.

    Raises BadSnapshot and BadKeys.
    """

    def hold(url: str, taken_at: datetime) -> None:
        store = db.open_store(url, size=1)
        try:
            with store.writing("restore.held") as session:
                holds.begin(session, taken_at=taken_at, now=now)
        finally:
            store.bind.engine.dispose()

    def complete(url: str) -> None:
        store = db.open_store(url, size=1)
        try:
            with store.writing("restore.whole") as session:
                holds.complete(session)
        finally:
            store.bind.engine.dispose()

    done = snapshots.bring(
        settings.database_url,
        folder,
        room=ROOM,
        keys=Keyring.load(settings.keys),
        known=migrations.known(),
        hold=hold,
        complete=complete,
    )
    return (
        f"restored as of {_told(done.at)}, and held: nothing is sent, planned or settled until "
        "`python -m api release`"
    )


def release(store: Store, lost_at: datetime | None, *, now: datetime) -> list[str]:
    """Let a restored store work, in doubt of what the lost one may have done; says what is doubted.

    `lost_at` is the last instant at which the lost store may have worked, that of the restore
    unless given. Nothing is sent or settled here: what was open becomes a question, which the
    rooms ask before they do anything else. Safe to type again after a stop. Raises CannotDo.
    """
    with store.reading() as session:
        found = holds.in_force(session)
        if not found:
            return ["the store is not held: nothing was changed"]
        if not all(hold.is_whole for hold in found):
            raise CannotDo(
                "The restore has not come to its end: begin it anew with an empty database."
            )
        taken_at, held_at = found[0].taken_at, found[-1].held_at
    lost_at = held_at if lost_at is None else lost_at
    if not taken_at <= lost_at <= held_at:
        raise CannotDo(
            f"The loss lies between the backup ({_told(taken_at)}) and the restore "
            f"({_told(held_at)}), not at {_told(lost_at)}."
        )
    doubted, after = 0, ""
    window = Window(lost_at, held_at)
    while True:
        with store.writing("release.slice") as session:
            part = notices.doubt(session, window=window, after=after or None, now=now)
        doubted += part.done
        if part.after is None:
            break
        after = part.after
    with store.writing("release.lifted") as session:
        asked = payments.look_again(session, since=taken_at - ENDS_AFTER, now=now)
        dropped = inbound.drop(session, before=held_at)
        holds.lift(session, lost_at=lost_at, now=now)
        audit.note(
            session,
            actor="command:release",
            verb="holds.lift",
            subject="store:core",
            detail={
                "taken_at": taken_at.isoformat(),
                "lost_at": lost_at.isoformat(),
                "doubted": doubted,
                "asked": asked,
                "dropped": dropped,
            },
            now=now,
        )
    return [
        f"{doubted} deliveries are in doubt: asked about, and not sent where nobody can be asked",
        f"{asked} payments are asked about at the gateway",
        f"{dropped} SMS that had come in are not answered again",
        f"lost is what came between {_told(taken_at)} and {_told(lost_at)}: look at the bank's lists",
        "released",
    ]


def instant(text: str) -> datetime:
    """Read an instant, 2026-11-23T08:00 in Tehran or with a zone of its own; raises CannotDo."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise CannotDo(f"{text!r} is no instant: write 2026-11-23T08:00, Tehran's time.") from None
    return read if read.tzinfo else read.replace(tzinfo=TEHRAN)


def _told(at: datetime) -> str:
    return f"{at.astimezone(TEHRAN):%Y-%m-%d %H:%M:%S}"
