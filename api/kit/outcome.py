"""What came of one call to the outside: one of three, never more (guarantees.md).

    Accepted    sure-ok: the other side has it and answers for it
    Rejected    sure-fail: it surely does not have it
    Unknown     time-out, reset or crash: nobody can say, so nothing is repeated blindly

Channels answer with these, for notices and for the bots' replies alike.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a provider can say of a message it accepted."""

    SENT = "sent"
    DELIVERED = "delivered"
    TEMPORARY_FAILURE = "temporary-failure"
    PERMANENT_FAILURE = "permanent-failure"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side has it; `provider_id` is its own name for it, empty where it gives none.

    `parts` are its names for each part of a text that left in several, empty for any other: it
    reports of each.
    """

    provider_id: str = ""
    state: State = State.SENT
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """The other side surely does not have it.

    again: the same call may succeed later. address_dead: nobody is there any more (blocked, chat
    gone, no such number). account: we are refused, not this message (a key, a credit, a line):
    nothing goes until the operator has mended that. wait_seconds: we were too quick and are told to
    wait this long. kept_back: it never left us. The last two are no failures and use up no try.
    alone: it is about this one receiver, and says nothing of how the other side is. `reason` is a
    short stable word for logs and figures.
    """

    reason: str
    again: bool = False
    address_dead: bool = False
    account: bool = False
    wait_seconds: float = 0.0
    kept_back: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the other side has it; `reason` is a short stable word.

    alone: it went down with one line that is made anew, and says nothing of how the other side is.
    """

    reason: str
    alone: bool = False


Outcome = Accepted | Rejected | Unknown
