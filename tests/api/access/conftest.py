"""Linked people for the tests of access."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from api import events
from api.access import grants, service
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.identity import queries as identity_queries
from api.people import queries as people
from api.people.models import Person
from tests.support import make

CHAT = ChatAddress("telegram", "employers", "1001")
OTHER_CHAT = ChatAddress("telegram", "employers", "2002")
FAMILY_CHAT = ChatAddress("telegram", "people", "3003")
OTHER_FAMILY_CHAT = ChatAddress("telegram", "people", "4004")


@pytest.fixture(autouse=True)
def _who_speaks_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "_answers", {})
    grants.connect(
        {grants.WORKSHOP: identity_queries.workplaces_held, grants.CHILD: people.children_held}
    )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was told of links, in order."""
    heard: list[object] = []
    from api.access.events import ChatLinked, ChatUnlinked, LinkBroken

    def hear(_session: Session, happened: object) -> None:
        heard.append(happened)

    monkeypatch.setattr(
        events, "_who_hears", {kind: [hear] for kind in (ChatLinked, ChatUnlinked, LinkBroken)}
    )
    return heard


Link = Callable[..., ChatLink]


@pytest.fixture
def link() -> Link:
    """Link a person to a chat, as identity does."""

    def linked(session: Session, person: Person, chat: ChatAddress = CHAT) -> ChatLink:
        return service.link(
            session,
            chat=chat,
            person_id=person.id,
            masked_name="م*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )

    return linked
