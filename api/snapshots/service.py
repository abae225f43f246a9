"""The verbs of backups: take one while the store is in use, bring one back into an empty place."""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from api.kit.sealing import Keyring
from api.snapshots import postgres, sqlite
from api.snapshots.manifest import BadSnapshot, Manifest, digest, path_of, read

Hold = Callable[[str, datetime], None]
"""Holds the store of an address, brought from a backup of this instant."""

__all__ = ["BadSnapshot", "Manifest", "bring", "take"]


def take(url: str, folder: Path, *, room: str, keys: Keyring, now: datetime) -> Manifest:
    """Back a room's store up into a folder; the store goes on meanwhile. Raises BadSnapshot.

    Rooms may share a folder; a backup is never written over another.
    """
    if path_of(folder, room).exists():
        raise BadSnapshot(f"{folder} holds a backup of {room} already: name another folder.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    parsed = _parsed(url)
    kind = parsed.get_backend_name()
    name = f"{room}.db" if kind == "sqlite" else f"{room}.dump"
    fresh = folder / f"{name}.part"
    fresh.unlink(missing_ok=True)
    try:
        if kind == "sqlite":
            schema = sqlite.copy(Path(parsed.database or ""), fresh)
        else:
            schema = postgres.copy(parsed, fresh)
    except DBAPIError as error:
        raise BadSnapshot(f"The store cannot be read ({type(error.orig).__name__}).") from None
    if not schema:
        fresh.unlink()
        raise BadSnapshot("The store was never migrated: there is nothing to back up.")
    made = Manifest(
        room=room,
        store=kind,
        file=name,
        bytes=fresh.stat().st_size,
        sha256=digest(fresh),
        schema=sorted(schema),
        taken_at=now.isoformat(),
    ).marked(keys)
    fresh.replace(folder / name)
    made.write(folder)
    return made


def bring(
    url: str,
    folder: Path,
    *,
    room: str,
    keys: Keyring,
    known: Collection[str],
    hold: Hold,
    complete: Callable[[str], None],
) -> Manifest:
    """Bring a room's backup into an empty store, held from its first row on. Raises BadSnapshot.

    `known` are the revisions that this code knows. `hold` is called before the store can be
    worked with, and `complete` when all of it is there.
    """
    found = read(folder, room, keys)
    parsed = _parsed(url)
    if parsed.get_backend_name() != found.store:
        raise BadSnapshot(
            f"The backup is of {found.store}: bring it into a store of the same kind."
        )
    if unknown := set(found.schema) - set(known):
        raise BadSnapshot(
            f"The backup is of a newer release (schema {', '.join(sorted(unknown))}): install that."
        )
    file = folder / Path(found.file).name
    try:
        if found.store == "sqlite":
            sqlite.bring(file, Path(parsed.database or ""), lambda at: hold(at, found.at), complete)
        else:
            postgres.bring(file, parsed, lambda at: hold(at, found.at), complete)
    except DBAPIError as error:
        raise BadSnapshot(f"The store cannot be written ({type(error.orig).__name__}).") from None
    return found


def _parsed(url: str) -> URL:
    try:
        parsed: URL | None = make_url(url)
    except ArgumentError:
        parsed = None
    kind = parsed.get_backend_name() if parsed is not None else ""
    if parsed is None or kind not in {"sqlite", "postgresql"} or not parsed.database:
        raise BadSnapshot("The address names no SQLite file and no PostgreSQL database.")
    return parsed
