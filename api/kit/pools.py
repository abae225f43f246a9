"""Connections that have lain idle: each is asked whether it is still there before it is used.

SQLAlchemy's own `pool_pre_ping` asks before every use, which costs a trip to the server each time. A
connection that was used a moment ago tells by itself when it is gone: whoever meets that is refused
once, as when the server dies in the midst of a transaction, and the whole pool is made anew.
"""

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

IDLE_SECONDS = 1.0
"""Who was away for less is taken to be there still."""

_SINCE = "bimeyar_idle_since"


def ask_the_idle(engine: Engine) -> Engine:
    """Let a pool ask connections that were idle for longer than `IDLE_SECONDS`; gives the engine."""

    def checked_in(_connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def checked_out(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get(_SINCE)
        if since is None or time.monotonic() - since <= IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]
            # The pool connects anew, and holds all that are as old for gone too.
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", checked_in)
    event.listen(engine, "checkout", checked_out)
    return engine
