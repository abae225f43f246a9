"""Chats that speak or act for somebody, ended at a branch."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import reactions
from api.access import persons, service
from api.access.rules import ChatAddress, Level
from api.audit.models import Entry
from api.commands import chats
from api.commands.troubles import CannotDo
from api.db import Store
from api.notices.models import Notice
from api.people.models import Person
from tests.support import make

CODE = make.new_national_code(91_001)


def link(session: Session, person: Person, chat: str):
    return service.link(
        session,
        chat=ChatAddress("telegram", "people", chat),
        person_id=person.id,
        masked_name="د*** آ***",
        language="fa",
        level=Level.CODE,
        now=make.NOW,
    )


@pytest.fixture
def mother(store: Store) -> Person:
    """A mother with a chat of her own, for whom her daughter's acts."""
    reactions.connect()
    with store.writing("test") as session:
        person = make.person(session, national_code=CODE)
        link(session, person, "1")
        theirs = link(session, make.person(session), "2")
        persons.add(
            session,
            link_id=theirs.id,
            person_id=person.id,
            number_index=person.phone_index or b"",
            now=make.NOW,
        )
        return person


@pytest.mark.parametrize(
    ("everywhere", "said", "told"),
    [
        (False, "1 chats of others that acted for the person, 0 of", {"person_ended"}),
        (True, "1 chats of others that acted for the person, 1 of", {"links_ended"}),
    ],
)
def test_branch_ends_what_others_may_do(
    store: Store, mother: Person, *, everywhere: bool, said: str, told: set[str]
):
    assert said in chats.end(store, CODE, everywhere=everywhere, now=make.NOW)
    with store.reading() as session:
        assert persons.trusted_by(session, mother.id, now=make.NOW) == []
        ended = ("person_ended", "person_left", "links_ended")
        heard = session.scalars(select(Notice.template).where(Notice.template.in_(ended)))
        assert set(heard) == told | {"person_left"}
        [entry] = session.scalars(select(Entry).where(Entry.verb == "chats.end"))
        assert entry.actor == "command:chats"
        assert CODE not in str(entry.detail)


@pytest.mark.parametrize(
    ("code", "why"),
    [("0012345678", "no national code"), (make.new_national_code(91_002), "Nobody")],
)
def test_branch_is_told_who_cannot_be_found(store: Store, code: str, why: str):
    with pytest.raises(CannotDo, match=why):
        chats.end(store, code, everywhere=False, now=make.NOW)
