"""Whether a sender may speak now: a breaker for each in each process, asked right before the wire.

    closed     all may speak
    open       nobody: the other side has told us to wait, or has failed several times in a row
    half-open  its time is over: one at a time tries, and what becomes of it decides

What was on the wire when it opened cannot be called back and decides nothing any more. A wait is
kept by us because it was told (guarantees.md, G8); an outage is ours to find out, so each that is
found again lasts twice as long (G9).
"""

import time
from collections.abc import Callable
from enum import StrEnum

from api.kit.outcome import Accepted, Outcome, Rejected, Unknown

FAILURES = 5
"""So many in a row are the provider's own trouble and no accident."""

PAUSE_SECONDS = 5.0
_TRYING_SECONDS = 0.5
_KNOWN_SECONDS = 1.0
_INSTANT = 0.001
_LONGEST = 8
"""An outage is looked after again within so many pauses: forty seconds, if nothing else is set."""


class State(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"


class Breaker:
    """One sender's. `clock` tells seconds that never go back."""

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_outage = False
        """Whether it is not closed because the other side fails, and not for a wait alone."""
        self._failures = failures
        self._first = pause_seconds
        self._clock = clock
        self._pause = pause_seconds
        self._in_a_row = 0
        self._era = 0
        self._is_closed = True
        self._is_tried = False
        self._until = 0.0

    @property
    def state(self) -> State:
        if self._is_closed:
            return State.CLOSED
        return State.OPEN if self._left > 0 else State.HALF_OPEN

    @property
    def seconds(self) -> float:
        """How long nobody may speak, about; 0 when somebody may, if only one."""
        if self._is_closed:
            return 0.0
        left = self._left
        return max(left, _TRYING_SECONDS) if self._is_tried else left

    @property
    def _left(self) -> float:
        left = self._until - self._clock()
        # A clock of large numbers does not move by less than that.
        return left if left > _INSTANT else 0.0

    def enter(self) -> int | None:
        """Go to the wire with what this gives, and `leave` with it; None: nobody may now."""
        if not self._is_closed:
            if self.seconds > 0:
                return None
            self._is_tried = True
        return self._era

    def leave(self, entered: int, outcome: Outcome | None) -> None:
        """Say what became of the call; None where it was not made."""
        if isinstance(outcome, Rejected) and outcome.wait_seconds > 0:
            self._open(outcome.wait_seconds)
        elif entered == self._era:
            self._is_tried = False
            if outcome is not None and _is_failure(outcome):
                self._fail()
            elif outcome is not None and _is_answer(outcome):
                self._close()

    def hear(self, seconds: float) -> None:
        """Heed a wait that somebody else was told; one that we know of changes nothing.

        A wait that is over already lets one speak at once, and the others when that was taken.
        """
        if self._clock() + seconds > self._until + _KNOWN_SECONDS:
            self._open(seconds)

    def _fail(self) -> None:
        self._in_a_row += 1
        if self._is_closed and self._in_a_row < self._failures:
            return
        self.is_outage = True
        self._open(self._pause)
        self._pause = min(2 * self._pause, _LONGEST * self._first)

    def _open(self, seconds: float) -> None:
        self._until = max(self._until, self._clock() + seconds)
        self._is_closed = self._is_tried = False
        self._era += 1

    def _close(self) -> None:
        self._is_closed, self.is_outage = True, False
        self._in_a_row = 0
        self._pause = self._first


def _is_failure(outcome: Outcome) -> bool:
    """Whether the other side itself is in trouble, and not one message or one receiver."""
    match outcome:
        case Unknown(alone=False):
            return True
        case Rejected(kept_back=False, alone=False):
            return outcome.again or outcome.account
        case _:
            return False


def _is_answer(outcome: Outcome) -> bool:
    """Whether the other side has said something."""
    return isinstance(outcome, Accepted) or (
        isinstance(outcome, Rejected) and not outcome.kept_back
    )
