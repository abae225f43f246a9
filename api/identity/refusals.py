"""What identity says no to.

Somebody unknown, somebody who is no contact or has no record, and a wrong month are answered
alike: WrongFact.
"""

from api.errors import Conflict, Invalid, NotAllowed, TooMany


class WrongFact(Invalid):
    """The fact does not fit; `left` tries are left before the chat is locked."""

    code = "wrong_fact"
    kept = True


class NoChoice(Conflict):
    """Workplaces are not asked about now: one guess was wrong, or too few are known.

    It depends on the national code alone, and not on whether there is such a person.
    """

    code = "no_choice"


class WrongCode(Invalid):
    """The code does not fit; `left` tries are left."""

    code = "wrong_code"
    kept = True


class CodeExpired(Conflict):
    """No code is awaited any more: it has aged, was used up, or a newer one was sent."""

    code = "code_expired"


class ClaimOver(Conflict):
    """No such claim of this chat, or its quarter of an hour is over: begin again."""

    code = "claim_over"


class Locked(TooMany):
    """Too many wrong answers from this chat; `wait_seconds` says how long it is locked."""

    code = "locked"
    kept = True


class BranchOnly(NotAllowed):
    """Only a branch can link this chat: locked twice, or no mobile is registered."""

    code = "branch_only"
    kept = True


class CoolDown(TooMany):
    """A code was sent to this number a moment ago; `wait_seconds` until the next may be."""

    code = "cool_down"


class TooManyCodes(TooMany):
    """This number has had its codes of today; `wait_seconds` until tomorrow."""

    code = "too_many_codes"


class TooManyClaims(TooMany):
    """Too many claims for now, from this chat or in all; `wait_seconds` says how long."""

    code = "too_many_claims"


class WeakPin(Invalid):
    """These four digits are among the first that a stranger tries."""

    code = "weak_pin"


class NoPin(NotAllowed):
    """The person has chosen no PIN yet."""

    code = "no_pin"


class WrongPin(Invalid):
    """The PIN is another one; `left` tries are left today."""

    code = "wrong_pin"
    kept = True


class PinLocked(TooMany):
    """Too many wrong PINs today; `wait_seconds` until tomorrow."""

    code = "pin_locked"
    kept = True
