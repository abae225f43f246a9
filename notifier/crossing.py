"""From the loop to the store and back: the one place where the notifier crosses.

Everything inside is plain `def` over the core's verbs; everything outside waits on networks. Time
is the store's own, so that machines whose clocks differ agree on leases.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from api.occurrences.service import now_of

P = ParamSpec("P")
T = TypeVar("T")

AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""The store cannot be reached, or is too busy, now: what was asked is worth asking again."""

Now = Callable[[Session], datetime]
"""Tells the time within a transaction; tests give their own."""

__all__ = ["AWAY", "Now", "cross", "now_of"]


async def cross(verb: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a plain verb in a thread. Raises what it raises; AWAY when the store is away."""
    return await asyncio.to_thread(verb, *args, **kwargs)
