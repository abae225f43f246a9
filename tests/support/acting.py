"""A person who speaks for a workplace through a chat, ready to knock at the doors."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from api.access import grants, queries, service
from api.access.rules import ChatAddress, Level
from api.employers.models import Workshop
from api.identity import queries as identity
from api.people.models import Person
from tests.support import make


@dataclass(frozen=True)
class Acting:
    """Somebody who knocks, and the headers by which the core knows them."""

    person: Person
    workshop: Workshop
    headers: dict[str, str]


def let_contacts_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the core know who speaks for what, as the reactions do in a whole process."""
    monkeypatch.setattr(grants, "_answers", {})
    grants.connect({grants.WORKSHOP: identity.workplaces_held})


def acting(
    session: Session,
    *,
    chat_id: str = "1001",
    workshop: Workshop | None = None,
    now: datetime = make.NOW,
) -> Acting:
    """Link a chat to a fresh person, a contact of this workshop or of a fresh one."""
    person = make.person(session)
    if workshop is None:
        workshop = make.workshop(session)
    make.contact(session, workshop=workshop, person=person)
    chat = ChatAddress("telegram", "employers", chat_id)
    link = service.link(
        session,
        chat=chat,
        person_id=person.id,
        masked_name="م*** آ***",
        language="fa",
        level=Level.CODE,
        now=now,
    )
    session.flush()
    grant = queries.grant_for(session, link_id=link.id, workshop_id=workshop.id)
    if grant is None:
        raise AssertionError("the contact was given no grant: is let_contacts_act in force?")
    return Acting(person, workshop, {"X_Chat": str(chat), "X_For": str(grant.id)})
