"""A notice is posted once, with its first delivery, in the transaction of what happened."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from api.db import Store
from api.notices import service as notices
from api.notices.models import Delivery, Notice
from api.notices.plans import Lane
from api.templates.catalogue import TEMPLATES
from tests.support import make

FACTS = TEMPLATES["debt_notice"].example.model_dump(mode="json")


def _new(person, key, **more: Any) -> notices.NewNotice:
    values = {"template": "debt_notice", "about": "debt:1", "facts": FACTS, **more}
    return notices.NewNotice(to=person.id, key=key, **values)


def _post(session: Session, person, key="k", **more: Any):
    values = {"template": "debt_notice", "about": "debt:1", "facts": FACTS, **more}
    return notices.post(session, to=person.id, key=key, now=make.NOW, **values)


def test_a_notice_begins_with_the_first_channel_of_its_plan(session: Session) -> None:
    posted = _post(session, make.person(session))

    delivery = session.scalars(select(Delivery)).one()
    assert delivery.notice_id == posted
    assert (delivery.step, delivery.channel, delivery.lane) == (0, "chat", Lane.LEGAL)
    assert delivery.due_at == make.NOW
    assert 0 < delivery.reference < 2**62


def test_a_second_notice_with_the_same_key_is_not_posted(session: Session) -> None:
    person = make.person(session)
    assert _post(session, person, "same")
    assert _post(session, person, "same") is None
    assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_facts_that_the_template_does_not_know_are_refused(session: Session) -> None:
    with pytest.raises(ValidationError):
        _post(session, make.person(session), facts={"amount": "a lot"})


def test_a_code_goes_by_sms_alone_and_is_sealed(session: Session) -> None:
    expires = make.NOW + timedelta(minutes=3)
    posted = _post(
        session,
        make.person(session),
        template="link_code",
        facts={"minutes": 3},
        secret={"code": "482913"},
        expires_at=expires,
    )
    notice = session.get_one(Notice, posted)
    assert notice.ends_at == expires
    assert session.scalars(select(Delivery.channel)).all() == ["sms"]
    stored = session.connection().exec_driver_sql("SELECT secret FROM notices").scalar()
    assert stored is not None
    assert b"482913" not in bytes(stored)


def test_five_thousand_are_posted_in_a_few_statements_and_once(fresh_store: Store) -> None:
    with fresh_store.writing("test") as session:
        person = make.person(session)
    rows = [_new(person, f"k{n}") for n in range(5_000)]
    statements: list[str] = []
    event.listen(
        fresh_store.bind.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_: statements.append(statement),
    )
    with fresh_store.writing("test") as session:
        assert notices.post_many(session, [*rows, rows[0]], make.NOW) == 5_000
    assert sum(one.startswith("INSERT") for one in statements) <= 20
    with fresh_store.writing("test") as session:
        assert notices.post_many(session, rows, make.NOW) == 0
    with fresh_store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 5_000


def test_what_waits_about_a_subject_is_cancelled_and_nothing_else(session: Session) -> None:
    person = make.person(session)
    _post(session, person, "a")
    _post(session, person, "b", about="debt:2")
    _post(session, person, "c", template="debt_reminder", facts={**FACTS, "days_left": 3})
    sending = _post(session, person, "d")
    row = session.scalars(select(Delivery).where(Delivery.notice_id == sending)).one()
    row.status = "sending"

    stopped = notices.cancel_about(
        session, abouts=["debt:1"], templates=["debt_notice"], now=make.NOW
    )

    assert stopped == 1
    session.expire_all()
    statuses = {n.key: n.status for n in session.scalars(select(Notice))}
    assert statuses == {"a": "cancelled", "b": "waiting", "c": "waiting", "d": "waiting"}
    assert notices.cancel_about(session, abouts=["debt:1"], now=make.NOW) == 1
