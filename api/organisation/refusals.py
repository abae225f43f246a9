"""What the organisation says no to."""

from api.errors import Conflict


class NoRule(Conflict):
    """No rule table of this name is in force on the day; facts: `name`, `day`."""

    code = "no_rule"


class NoBranch(Conflict):
    """The workshop's branch is not in the registry."""

    code = "no_branch"
