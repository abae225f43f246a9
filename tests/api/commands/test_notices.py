"""Listing what failed, and sending it again by hand."""

import uuid

import pytest
from sqlalchemy import select, update

from api.audit.models import Entry
from api.commands import notices as failing
from api.commands.troubles import CannotDo
from api.db import Store
from api.notices import service as notices
from api.notices.models import Delivery, Notice
from api.notices.rules import NoticeStatus, Status
from tests.api.notices.office import FACTS
from tests.support import make


@pytest.fixture
def failed(store: Store) -> str:
    """The id of a notice that no channel took."""
    with store.writing("arrange") as session:
        posted = notices.post(
            session,
            template="debt_notice",
            to=make.person(session).id,
            about="debt:1",
            facts=FACTS,
            key="k",
            now=make.NOW,
        )
        session.execute(update(Notice).values(status=NoticeStatus.FAILED))
        session.execute(
            update(Delivery).values(
                status=Status.TECHNICAL_FAILURE, reason="bot_refused", due_at=None
            )
        )
    return str(posted)


def test_what_failed_is_listed_with_its_reason(store: Store, failed: str):
    assert failing.failed(store) == ["debt_notice  chat  bot_refused: 1 can be sent again"]
    assert failing.failed_for(store, "bot_refused") == [f"{failed}  2026-12-02  debt_notice"]
    assert failing.failed_for(store, "blocked") == []


@pytest.mark.parametrize("reason", ["", "bot_refused"])
def test_what_failed_is_sent_again_once(store: Store, failed: str, reason: str):
    wanted = reason or failed
    assert failing.again(store, wanted, now=make.NOW) == "1 sent again"
    assert failing.failed(store) == []
    with pytest.raises(CannotDo, match="can be sent again"):
        failing.again(store, wanted, now=make.NOW)
    with store.reading() as session:
        assert sorted(session.scalars(select(Notice.status))) == ["cancelled", "waiting"]
        (entry,) = session.scalars(select(Entry).where(Entry.verb == "notices.again"))
    assert (entry.actor, entry.detail) == ("command:notices", {"sent": 1, "unfit": 0})


@pytest.mark.parametrize("wanted", ["nothing", str(uuid.UUID(int=7))])
def test_what_is_not_there_is_said_in_a_sentence(store: Store, failed: str, wanted: str):
    with pytest.raises(CannotDo, match=f"Nothing that failed for {wanted}"):
        failing.again(store, wanted, now=make.NOW)
