"""New sealing keys for the bots' memory: made, and what the memory keeps sealed again with them.

The bots are stopped meanwhile: a process knows the keys it was started with. What a talk under way
holds sealed within its log stays as it is and goes with the talk; old keys stay in the file.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, Engine, LargeBinary, Row, Select, bindparam, func, select, update

from api.kit import points
from api.kit.sealing import Keyring, alone
from api.kit.slices import SIZE
from bots.inbox import ADDRESS, RAW
from bots.replies import TEXT
from bots.store import open_plain
from bots.tables import chats, inbox, replies


class _Sealed(NamedTuple):
    key: Column[Any]
    value: Column[Any]
    context: str


_SEALED: Sequence[_Sealed] = (
    _Sealed(chats.c.key, chats.c.address, ADDRESS),
    _Sealed(inbox.c.id, inbox.c.raw, RAW),
    _Sealed(replies.c.id, replies.c.text, TEXT),
)


class Rotated(NamedTuple):
    """What a rotation did: values sealed anew, and whether it finished an earlier one."""

    resealed: int
    resumed: bool


def rotate(url: str, path: Path) -> Rotated:
    """Add a sealing key, make it current and seal what is kept with it; the old keys stay.

    One that was interrupted is finished first, without another key. Raises BadKeys and BadStore.
    """
    with alone(path):
        ring = Keyring.load(path)
        engine = open_plain(url)
        try:
            resumed = any(_slice(engine, one, ring, after=None, size=1) for one in _SEALED)
            if not resumed:
                ring = ring.rotated()
                ring.save(path)
            done = sum(count for one in _SEALED for count in _reseal(engine, one, ring))
        finally:
            engine.dispose()
    return Rotated(done, resumed)


def _reseal(engine: Engine, one: _Sealed, ring: Keyring) -> Iterator[int]:
    change = (
        update(one.key.table)
        .where(one.key == bindparam("of"), one.value == bindparam("old", type_=LargeBinary()))
        .values({one.value.name: bindparam("new", type_=LargeBinary())})
    )
    after: Any = None
    while rows := _slice(engine, one, ring, after=after, size=SIZE):
        values = [
            {
                "of": key,
                "old": old,
                "new": ring.seal(ring.open(old, context=one.context), context=one.context),
            }
            for key, old in rows
        ]
        with engine.connect() as connection:
            connection.execute(change, values)
            with points.around("memory.resealed"):
                connection.commit()
        after = rows[-1][0]
        yield len(rows)


def _slice(
    engine: Engine, one: _Sealed, ring: Keyring, *, after: Any, size: int
) -> Sequence[Row[Any, bytes]]:
    """Give the next values that another key than the current one has sealed."""
    with engine.connect() as connection:
        return connection.execute(_stale(one, ring, after).limit(size)).all()


def _stale(one: _Sealed, ring: Keyring, after: Any) -> Select[Any, bytes]:
    # What a key seals begins with its name.
    head = bytes([len(ring.current)]) + ring.current.encode()
    begins = func.substr(one.value, 1, len(head), type_=LargeBinary())
    wanted = select(one.key, one.value).where(one.value.is_not(None), begins != head)
    if after is not None:
        wanted = wanted.where(one.key > after)
    return wanted.order_by(one.key)
