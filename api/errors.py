"""What the core says no with.

    Refusal             a condition of the trade, with a stable code and facts
      Invalid           422  the request says something that cannot be
      NotAllowed        403  known caller, not permitted
        NotKnown        401  we do not know who knocks
      NotFound          404  absent, or somebody else's: the same answer for both
      Conflict          409  true a moment ago, or already so
      TooMany           429  wait; `wait_seconds` says how long
    Unavailable         the core cannot answer now: busy, away, or the same key still running

Features keep their own children in `<feature>/refusals.py`; the typed client raises the same
classes, found again by their code.
"""

from collections.abc import Iterator
from typing import Any, ClassVar


class Refusal(Exception):
    """A no of the trade: a stable code and facts, never a sentence.

    `params` are the facts a sentence about it needs, plain JSON values only. `kept` says that what
    was written before it stays (a wrong guess that was counted); all others undo the transaction.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    kept: ClassVar[bool] = False

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params

    @classmethod
    def all(cls) -> Iterator[type["Refusal"]]:
        """Every refusal class known in this process, this one included."""
        yield cls
        for child in cls.__subclasses__():
            yield from child.all()

    @classmethod
    def of(cls, code: str, status: int, params: dict[str, Any]) -> "Refusal":
        """Rebuild a refusal from what a door answered.

        The class is the one that owns the code; a code of a newer core falls back to its family.
        """
        for known in Refusal.all():
            if known.code == code:
                return known(**params)
        for family in (Invalid, NotKnown, NotAllowed, NotFound, Conflict, TooMany):
            if family.status == status:
                return family(**params)
        return Refusal(**params)


class Invalid(Refusal):
    """The request says something that cannot be; `field` names where."""

    code = "invalid"
    status = 422


class NotAllowed(Refusal):
    """The caller is known and may not do this."""

    code = "not_allowed"
    status = 403


class NotKnown(NotAllowed):
    """We do not know who knocks."""

    code = "not_known"
    status = 401


class NotFound(Refusal):
    """It is not there, or it belongs to somebody else: one answer for both."""

    code = "not_found"
    status = 404


class Conflict(Refusal):
    """It was true a moment ago, or it is so already."""

    code = "conflict"
    status = 409


class TooMany(Refusal):
    """Too often; `wait_seconds` in the facts says when it is worth trying again."""

    code = "too_many"
    status = 429


class Unavailable(Exception):
    """No refusal: the core cannot answer now, and the same request is worth repeating.

    `retry_after` is in seconds.
    """

    def __init__(self, reason: str, retry_after: float = 1.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
