"""What booklets say no to."""

from api.errors import Conflict, NotAllowed, NotFound


class NotEntitled(NotAllowed):
    """Cover is not in force: nothing is recorded for the months that count.

    `month` is the first of them, which should be there by now; `last` the last month recorded.
    """

    code = "not_entitled"


class RequestOpen(Conflict):
    """A booklet was asked for already and is on its way; `number` names that request."""

    code = "request_open"


class UnknownMember(NotFound):
    """There is no such person among one's registered dependants."""

    code = "unknown_member"


class UnknownBranch(NotFound):
    """There is no such branch, or it does not hand out booklets today."""

    code = "unknown_branch"


class NoRegisteredAddress(Conflict):
    """No address of theirs is registered: another one can be given."""

    code = "no_registered_address"


class OfferNotFound(NotFound):
    """There is no such offer, or it was made to somebody else."""

    code = "offer_not_found"


class OfferExpired(Conflict):
    """Too much time has passed, or something has changed since: ask for a new offer."""

    code = "offer_expired"


class StageNotReached(Conflict):
    """A request cannot go from one stage to the other; `stage` is its own, `next` what may come."""

    code = "stage_not_reached"
