"""What notices say no to."""

from api.errors import Invalid, TooMany


class NotACode(Invalid):
    """What was sent is not the form of a check code."""

    code = "not_a_check_code"


class TooManyChecks(TooMany):
    """This chat has asked about too many codes for now; `wait_seconds` says how long."""

    code = "too_many_checks"
