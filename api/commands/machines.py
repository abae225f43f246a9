"""Programs with a key of their own: given one, and ended; refused in plain sentences."""

from collections.abc import Sequence
from datetime import datetime

from api.access import service as access
from api.access.rules import Scope
from api.commands.troubles import CannotDo
from api.db import Store
from api.errors import Conflict, NotFound


def add(store: Store, name: str, scopes: Sequence[str], *, now: datetime) -> str:
    """Make a program's key and give it. Raises CannotDo."""
    unknown = [scope for scope in scopes if scope not in set(Scope)]
    if unknown:
        raise CannotDo(f"There is no scope {unknown[0]!r}: say one of {', '.join(Scope)}.")
    try:
        with store.writing("machines.add") as session:
            return access.new_key(session, name=name, scopes=scopes, now=now)
    except Conflict:
        raise CannotDo(
            f"There is a key of the name {name!r} already: end it first, or choose another name."
        ) from None


def end(store: Store, name: str, *, now: datetime) -> None:
    """Let a program's key open nothing any more. Raises CannotDo."""
    try:
        with store.writing("machines.end") as session:
            access.end_key(session, name=name, now=now)
    except NotFound:
        raise CannotDo(f"No key of the name {name!r} is in use.") from None
