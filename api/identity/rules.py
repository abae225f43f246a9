"""Limits of linking; pure. Source: guarantees.md, "Codes", "Enumeration", "Linking"."""

from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

CLAIM_LASTS = timedelta(minutes=15)
CLAIMS_A_DAY = 10
"""Opened from one chat."""

TRIES = 5
"""Wrong facts and codes of a chat, together, before it is locked; and tries of one code."""

LOCKED_FOR = timedelta(minutes=15)
LOCKS = 2
"""With the second lock only a branch can link the chat."""

MEMORY = timedelta(days=30)
"""After so long without a wrong answer a chat's wrong answers and locks are forgotten.

So are the workplaces that were shown for a national code, and the guess at them.
"""

WORKPLACES = 4
"""So many are shown to choose one's last workplace from."""

GUESSES = 1
"""Wrong ones at the workplaces of a national code, in all chats together."""

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=3)
CODE_APART = timedelta(seconds=60)
CODES_A_DAY = 5
"""To one number, on one day of Tehran."""

CODES_GO_TO = "+989"
"""Prefix of the numbers that codes are sent to: Iranian mobiles, so that nobody earns by them."""


PIN_DIGITS = 4
PIN_TRIES = 5
"""Wrong PINs of a person on a day; after them it opens nothing until the next day of Tehran."""


def is_guessed_first(pin: str) -> bool:
    """Whether a PIN is among those a stranger tries first: one digit, or digits in a row."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return steps in ({0}, {1}, {-1})


class Question(StrEnum):
    """The fact that stands on no paper: the month in which something of theirs began."""

    REGISTRATION_MONTH = "registration_month"
    """A workplace they speak for was registered; any of them."""
    FIRST_MONTH = "first_month"
    """Their insurance record begins."""


def question_for(audience: str) -> Question:
    """What a chat of an audience is asked: insured people for their record, others for a workplace."""
    return Question.FIRST_MONTH if audience == "people" else Question.REGISTRATION_MONTH


class ClaimState(StrEnum):
    """Asked: the fact is awaited. Sent: the code is. Linked: the end; a claim may also just age."""

    ASKED = "asked"
    SENT = "sent"
    LINKED = "linked"
