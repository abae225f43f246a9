"""The verbs of preferences."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from api.kit.language import Language
from api.people import queries as people
from api.preferences import queries
from api.preferences.models import Preference


def language_of(
    session: Session, person_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Language]:
    """Give each person's language: the one chosen, else the registry's. Unknown people are left out."""
    spoken = {one: Language(code) for one, code in people.languages(session, person_ids).items()}
    chosen = {
        one.person_id: Language(one.language)
        for one in queries.of_people(session, person_ids)
        if one.language is not None
    }
    return {**spoken, **chosen}


def consents(session: Session, person_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, bool]:
    """Tell of each person whether they let us write of our own accord; who chose nothing does."""
    refused = {one.person_id for one in queries.of_people(session, person_ids) if not one.consent}
    return {person_id: person_id not in refused for person_id in person_ids}


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a person wants to be written to; `consent` is whether of our own accord."""

    language: Language
    consent: bool = True
    muted: frozenset[str] = frozenset()


def wishes(session: Session, person_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Wishes]:
    """Give what each person wishes, in two questions for all. Unknown people are left out."""
    chosen = {one.person_id: one for one in queries.of_people(session, person_ids)}
    spoken = people.languages(session, person_ids)
    found = {}
    for person_id, code in spoken.items():
        one = chosen.get(person_id)
        found[person_id] = (
            Wishes(Language(code))
            if one is None
            else Wishes(Language(one.language or code), one.consent, frozenset(one.muted_channels))
        )
    return found


def set_language(
    session: Session, *, person_id: uuid.UUID, language: Language, now: datetime
) -> None:
    """Write to this person in this language from now on."""
    _chosen(session, person_id, now).language = language.value


def keep_language(
    session: Session, *, person_id: uuid.UUID, language: Language, now: datetime
) -> None:
    """Take the language of a chat just linked for the person's own, unless they chose one before."""
    found = queries.of_person(session, person_id)
    if found is None or found.language is None:
        set_language(session, person_id=person_id, language=language, now=now)


def set_consent(session: Session, *, person_id: uuid.UUID, on: bool, now: datetime) -> None:
    """Take back, or give again, the leave to write of our own accord (STOP and START)."""
    _chosen(session, person_id, now).consent = on


def _chosen(session: Session, person_id: uuid.UUID, now: datetime) -> Preference:
    found = queries.of_person(session, person_id)
    if found is None:
        found = Preference(person_id=person_id, muted_channels=[], consent=True)
        session.add(found)
    found.changed_at = now
    return found
