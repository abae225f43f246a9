"""What happened, told upwards and sideways within the same transaction.

A feature tells; `api/reactions.py` is the one table of who hears. Events are frozen dataclasses in
the past tense, kept in the feature that tells them (`<feature>/events.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

Hearer = Callable[[Session, Any], None]

_who_hears: dict[type, Sequence[Hearer]] = {}


def connect(table: Mapping[type, Sequence[Hearer]]) -> None:
    """Put the table of who hears in force."""
    _who_hears.clear()
    _who_hears.update(table)


def tell(session: Session, happened: object) -> None:
    """Tell all who hear of this, in the table's order, in this session."""
    for hearer in _who_hears.get(type(happened), ()):
        hearer(session, happened)
