"""The trail grows and does not change."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.audit import service
from api.audit.models import Entry
from api.audit.service import TrailIsAppendOnly
from tests.support import make


def written(session: Session) -> Entry:
    service.note(
        session,
        actor="person:1",
        verb="chat_linked",
        subject="link:2",
        detail={"messenger": "telegram", "twice": False},
        now=make.NOW,
    )
    session.flush()
    return session.scalars(select(Entry)).one()


def test_act_is_written_down(session: Session):
    entry = written(session)
    assert (entry.at, entry.actor, entry.verb, entry.subject) == (
        make.NOW,
        "person:1",
        "chat_linked",
        "link:2",
    )
    assert entry.detail == {"messenger": "telegram", "twice": False}


def test_what_was_written_cannot_be_changed(session: Session):
    entry = written(session)
    entry.verb = "nothing"
    with pytest.raises(TrailIsAppendOnly):
        session.flush()


def test_what_was_written_cannot_be_deleted(session: Session):
    session.delete(written(session))
    with pytest.raises(TrailIsAppendOnly):
        session.flush()
