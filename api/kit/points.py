"""Named points before and after each commit and each call to the outside.

In ordinary life reaching one costs a look at an empty table. The fault tests arm a point and the
process dies there (guarantees.md, "Crash points"), or is held there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_armed: dict[str, Callable[[], None]] = {}
_seen: set[str] = set()


def reached(name: str) -> None:
    """Tell that the work has come to this point."""
    _seen.add(name)
    act = _armed.get(name)
    if act is not None:
        act()


@contextmanager
def around(name: str) -> Iterator[None]:
    """Reach `<name>.before`, do the body, reach `<name>.after` (not after an exception)."""
    reached(f"{name}.before")
    yield
    reached(f"{name}.after")


def arm(name: str, act: Callable[[], None]) -> None:
    """Do `act` whenever the point is reached; for tests."""
    _armed[name] = act


def disarm() -> None:
    """Forget all that was armed."""
    _armed.clear()


def seen() -> frozenset[str]:
    """The points reached so far in this process."""
    return frozenset(_seen)
