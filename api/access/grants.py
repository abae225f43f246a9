"""Which workplaces a person speaks for: asked of a higher floor, answered by `reactions.py`.

Access knows workshops by id alone; whether somebody is still a contact of one, and how it is shown,
is known above. Until an answer is connected nobody speaks for anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

WORKSHOP = "workshop"


@dataclass(frozen=True, slots=True)
class Held:
    """How a workplace is shown to its contact (masked code and name), and the contact's role."""

    label: str
    role: str


class WhatIsHeld(Protocol):
    """Answers with all workplaces a person speaks for on a day, in the order they are shown."""

    def __call__(
        self, session: Session, *, person_id: UUID, today: date
    ) -> Mapping[UUID, Held]: ...


_answers: dict[str, WhatIsHeld] = {}


def connect(table: Mapping[str, WhatIsHeld]) -> None:
    """Put the answer for each kind of grant in force."""
    _answers.clear()
    _answers.update(table)


def held_by(session: Session, *, person_id: UUID, today: date) -> dict[UUID, Held]:
    """All workplaces the person speaks for on that day."""
    answer = _answers.get(WORKSHOP)
    return {} if answer is None else dict(answer(session, person_id=person_id, today=today))
