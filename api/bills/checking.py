"""Is money for these bills on its way? Asked of a higher floor, answered by `reactions.py`.

Bills know nothing of payments; until an answer is connected nothing is on its way.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from api.kit.calendar import today

Answer = Callable[[Session, Collection[uuid.UUID]], Collection[uuid.UUID]]
"""Of these bills, those that somebody has paid for and that are being confirmed."""

UnderWay = Callable[[Session, Collection[uuid.UUID]], Mapping[uuid.UUID, datetime]]
"""Of these bills, those with a payment of which the end is not known, and since when."""

_answers: list[tuple[Answer, UnderWay | None]] = []


def connect(answer: Answer | None, under_way: UnderWay | None = None) -> None:
    """Put the answers in force, or none."""
    _answers[:] = [] if answer is None else [(answer, under_way)]


def being_checked(session: Session, bill_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Say for which of these bills money is on its way."""
    if not bill_ids or not _answers:
        return frozenset()
    return frozenset(_answers[0][0](session, bill_ids))


def may_be_in_time(session: Session, last_days: Mapping[uuid.UUID, date]) -> frozenset[uuid.UUID]:
    """Say which of these bills may prove paid by their last days, once that is known.

    Those being confirmed, and those with a payment that was begun by the last day and has no end
    yet. One that is begun later keeps nothing open: else whoever begins one every day never owes.
    """
    found = set(being_checked(session, last_days))
    under_way = _answers[0][1] if _answers else None
    if last_days and under_way is not None:
        begun = under_way(session, last_days)
        found |= {one for one, since in begun.items() if today(since) <= last_days[one]}
    return frozenset(found)
