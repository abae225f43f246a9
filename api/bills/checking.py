"""Is money for these bills on its way? Asked of a higher floor, answered by `reactions.py`.

Bills know nothing of payments; until an answer is connected nothing is on its way.
"""

import uuid
from collections.abc import Callable, Collection

from sqlalchemy.orm import Session

Answer = Callable[[Session, Collection[uuid.UUID]], Collection[uuid.UUID]]
"""Of these bills, those that somebody has paid for and that are being confirmed."""

_answers: list[Answer] = []


def connect(answer: Answer | None) -> None:
    """Put the answer in force, or none."""
    _answers[:] = [] if answer is None else [answer]


def being_checked(session: Session, bill_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Say for which of these bills money is on its way."""
    if not bill_ids or not _answers:
        return frozenset()
    return frozenset(_answers[0](session, bill_ids))
