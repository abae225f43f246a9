"""Questions about preferences."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.preferences.models import Preference


def of_person(session: Session, person_id: uuid.UUID) -> Preference | None:
    """What a person chose, if anything."""
    return session.get(Preference, person_id)


def of_people(session: Session, person_ids: Collection[uuid.UUID]) -> Sequence[Preference]:
    """What these people chose; nothing of those who chose nothing."""
    return session.scalars(select(Preference).where(Preference.person_id.in_(person_ids))).all()
