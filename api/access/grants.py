"""What a person may act for: asked of a higher floor, answered by `reactions.py`.

Access knows workshops and children by id alone; whether somebody still speaks for one, and how it
is shown, is known above. Until an answer is connected nobody speaks for anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

WORKSHOP = "workshop"
CHILD = "child"
PERSON = "person"
"""Another person who proved themself to the chat (`api.access.persons`); no audience has it by itself."""

_OF_AUDIENCE = MappingProxyType({"employers": WORKSHOP, "people": CHILD})


@dataclass(frozen=True, slots=True)
class Held:
    """How a workplace or a person is shown (masked code and name), and as what it is held."""

    label: str
    role: str


class WhatIsHeld(Protocol):
    """Answers with all of a kind that a person speaks for on a day, in the order they are shown."""

    def __call__(
        self, session: Session, *, person_id: UUID, today: date
    ) -> Mapping[UUID, Held]: ...


_answers: dict[str, WhatIsHeld] = {}


def connect(table: Mapping[str, WhatIsHeld]) -> None:
    """Put the answer for each kind of grant in force."""
    _answers.clear()
    _answers.update(table)


def kind_for(audience: str) -> str | None:
    """The kind of grant that chats of an audience are given; None where there is none."""
    return _OF_AUDIENCE.get(audience)


def held_by(
    session: Session, kind: str | None, *, person_id: UUID, today: date
) -> dict[UUID, Held]:
    """All of a kind that the person speaks for on that day."""
    answer = None if kind is None else _answers.get(kind)
    return {} if answer is None else dict(answer(session, person_id=person_id, today=today))
