"""What a debt comes to and when its contacts are reminded; pure.

Sources: domain page "Contributions", sections 3 and 4.
"""

from enum import StrEnum


class Kind(StrEnum):
    """Whether the sum may still change (برآوردی) or stands (قطعی)."""

    ESTIMATED = "estimated"
    DEFINITE = "definite"


class Step(StrEnum):
    """How far a debt has come on its way from the notice to the enforcement order."""

    NOTICE = "notice"
    OBJECTION = "objection"
    RULING = "ruling"
    ENFORCEMENT = "enforcement"


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
