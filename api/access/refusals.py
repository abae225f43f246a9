"""What the doors themselves say no to."""

from api.errors import Conflict, Invalid, NotAllowed


class NotLinked(NotAllowed):
    """The chat is linked to nobody."""

    code = "not_linked"


class GrantEnded(NotAllowed):
    """The chat's right to act for this one has ended.

    It was unlinked, or its person is no longer the workplace's contact, or the child is 18, or no
    longer registered as theirs.
    """

    code = "grant_ended"


class ScopeMissing(NotAllowed):
    """The machine's key was not made for this; `scope` names what it lacks."""

    code = "scope_missing"


class IdempotencyKeyMissing(Invalid):
    """Whatever changes something needs an Idempotency-Key of 1 to 200 characters."""

    code = "idempotency_key_missing"


class OtherBodySameKey(Invalid):
    """This Idempotency-Key was used for another request."""

    code = "other_body_same_key"


class BodyTooLarge(Invalid):
    """The request has more bytes than the door takes; `bytes` is the most."""

    code = "body_too_large"
    status = 413


class AlreadyHere(Conflict):
    """The chat acts for this person already: they are its own, a child of theirs, or were added."""

    code = "already_here"


class TooManyPersons(Conflict):
    """The chat acts for as many other people as a chat may; `most` says how many."""

    code = "too_many_persons"


class NotHere(NotAllowed):
    """Nobody can be added here: by SMS a number speaks for its own people, for employers workplaces."""

    code = "not_here"


class LinkedElsewhere(Conflict):
    """The number speaks with the link of a chat on a messenger, which alone can end it."""

    code = "linked_elsewhere"
