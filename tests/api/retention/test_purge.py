"""What is past its time goes, of every class that has one; what is a legal record stays."""

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Enum, Integer, LargeBinary, Table, Uuid, select
from sqlalchemy.orm import Session

from api import db
from api.access.models import ChatLink, Grant
from api.audit import reading, sealing
from api.audit import service as audit
from api.db import Base, Moment, Sealed, Store
from api.kit.calendar import today
from api.notices import checking
from api.notices import service as notices
from api.notices.forgetting import TEXTS_LAST
from api.notices.models import Delivery, Notice, Report
from api.retention import service as retention
from api.retention.holdings import HOLDINGS
from api.templates.catalogue import TEMPLATES, NoticeClass
from notifier.timetable import sweep
from tests.support import luck, make

CANARY = "canary"
LONG = timedelta(days=3_700)

# What must be so for a row to be past its time at all.
SAID: dict[str, dict[str, Any]] = {
    "chat_links": {"state": "ended", "ended_at": make.NOW},
    "grants": {"ended_at": make.NOW, "workshop_id": None},
    "notices": {"status": "delivered", "notice_class": "legal", "emptied_at": None},
    "files": {"request_id": None},
    "reports": {"reference": None},
    "inbound_sms": {"heard": {}, "due_at": None},
}
# What each row may lead to; nothing else is planted.
PARENTS = ("people", "chat_links", "notices", "deliveries", "files")

BY_TYPE: list[tuple[type, Callable[[Any], Any]]] = [
    (Sealed, lambda _: CANARY),
    (Moment, lambda _: make.NOW),
    (Date, lambda _: make.TODAY),
    (Uuid, lambda _: db.new_id()),
    (LargeBinary, lambda column: CANARY.encode().ljust(column.type.length or 16, b".")),
    (Boolean, lambda _: False),
    (Integer, lambda _: 1),
    (JSON, lambda _: {"x": CANARY}),
    (Enum, lambda column: next(iter(column.type.enum_class))),
]


def limited() -> list[Table]:
    """The core's tables whose class has an end, and what their rows lead to, in order."""
    wanted = {name for name, one in HOLDINGS.items() if one.kept.at_most is not None} | {*PARENTS}
    return [table for table in Base.metadata.sorted_tables if table.name in wanted]


def planted(session: Session) -> dict[str, uuid.UUID]:
    """Write a row into each of them, with a canary in every column that can hold one."""
    ids: dict[str, uuid.UUID] = {}
    for table in limited():
        if table.name == "audit_entries":
            continue
        row = {one.name: _value(one, ids) for one in table.columns}
        session.execute(table.insert(), row | SAID.get(table.name, {}))
        if "id" in row:
            ids[table.name] = row["id"]
    audit.note(
        session, actor=CANARY, verb="did", subject=CANARY, detail={"x": CANARY}, now=make.NOW
    )
    session.flush()
    sealing.seal(session, slot=today(make.NOW), after=None, now=make.NOW)
    session.flush()
    return ids


def _value(column: Column[Any], ids: dict[str, uuid.UUID]) -> Any:
    for key in column.foreign_keys:
        return ids.get(key.column.table.name)
    made = (give(column) for kind, give in BY_TYPE if isinstance(column.type, kind))
    return next(made, CANARY[: getattr(column.type, "length", None)])


def canaries(session: Session) -> set[str]:
    """The columns in which a canary is still there."""
    session.expire_all()
    return {
        f"{table.name}.{name}"
        for table in limited()
        for row in session.execute(select(table)).mappings()
        for name in HOLDINGS[table.name].columns
        if CANARY in repr(row[name])
    }


def purge(session: Session, now: datetime, limit: int = 1_000) -> Iterator[int]:
    """Run the job slice by slice, to its end."""
    after: str | None = ""
    while after is not None:
        done = retention.purge(session, slot=today(now), after=after, now=now, limit=limit)
        session.flush()
        after = done.after
        yield done.done


def test_no_canary_outlives_its_time(session: Session):
    planted(session)
    before = canaries(session)
    told = {one.partition(".")[0] for one in before}
    # Every class with an end has its canary.
    assert {table.name for table in limited()} - told == {"deliveries"}
    late = make.NOW + LONG
    sweep(session, slot=today(late), after=None, now=late)
    assert sum(purge(session, late)) >= 4
    left = {one for one in canaries(session) if not one.startswith("people.")}
    assert left == set()
    report = reading.check(session, [])
    assert (report.is_whole, report.emptied) == (True, 1)
    # A second run finds nothing.
    assert sum(purge(session, late)) == 0


def test_that_and_how_it_was_told_stays_without_its_text(session: Session):
    ids = planted(session)
    late = make.NOW + LONG
    assert sum(purge(session, late)) >= 4
    session.expire_all()
    notice = session.get_one(Notice, ids["notices"])
    assert (notice.facts, notice.secret, notice.emptied_at) == ({}, None, late)
    assert (notice.status, notice.person_id, notice.created_at) == (
        "delivered",
        ids["people"],
        make.NOW,
    )
    assert session.get_one(Delivery, ids["deliveries"]).changed_at == make.NOW
    report = session.get_one(Report, ids["reports"])
    assert (report.told, report.received_at) == (None, make.NOW)
    link = session.get_one(ChatLink, ids["chat_links"])
    assert (link.chat, link.masked_name, link.person_id) == ("", "", ids["people"])


@pytest.mark.parametrize("name", NoticeClass)
def test_a_text_lasts_as_long_as_its_class_says(session: Session, name: NoticeClass):
    notice_id = planted(session)["notices"]
    notice = session.get_one(Notice, notice_id)
    notice.notice_class = name
    session.flush()
    for late, gone in ((timedelta(0), False), (timedelta(seconds=1), True)):
        assert sum(purge(session, make.NOW + TEXTS_LAST[name] + late)) >= gone
        session.expire_all()
        assert (session.get_one(Notice, notice_id).emptied_at is not None) is gone


@pytest.mark.parametrize("status", ["waiting", "uncertain"])
def test_a_notice_that_has_no_end_yet_keeps_its_text(session: Session, status: str):
    notice = session.get_one(Notice, planted(session)["notices"])
    notice.status = status
    session.flush()
    assert sum(purge(session, make.NOW + LONG)) >= 1
    session.refresh(notice)
    assert notice.emptied_at is None


def test_a_chat_that_is_linked_is_kept_however_old(session: Session):
    ids = planted(session)
    link = session.get_one(ChatLink, ids["chat_links"])
    link.state, link.ended_at = "active", None
    session.get_one(Grant, ids["grants"]).ended_at = None
    session.flush()
    assert sum(purge(session, make.NOW + LONG)) >= 1
    session.refresh(link)
    assert link.chat == CANARY
    assert session.get(Grant, ids["grants"]) is not None


def test_an_emptied_notice_is_in_no_inbox_and_its_code_is_genuine_still(session: Session):
    person = make.person(session)
    notices.post(
        session,
        template="debt_notice",
        to=person.id,
        about="debt:1",
        facts=TEMPLATES["debt_notice"].example.model_dump(mode="json"),
        key="one",
        now=make.NOW,
    )
    notice = session.scalars(select(Notice)).one()
    code = checking.code_of(notice.id)
    notice.status, notice.code = "delivered", code
    session.flush()
    assert len(notices.mine(session, person_id=person.id, language="en").items) == 1
    assert sum(purge(session, make.NOW + LONG)) == 1
    session.expire_all()
    assert notices.mine(session, person_id=person.id, language="en").items == []
    assert checking.by_code(session, code, person_id=person.id) is None
    assert notices.check(session, code, language="en").genuine


def test_a_run_that_dies_midway_goes_on_where_it_stood(store: Store):
    chance, many = random.Random(luck.seed()), 9
    with store.writing("test") as session:
        ids = planted(session)
        link = session.get_one(ChatLink, ids["chat_links"])
        for number in range(many - 1):
            row = {c.key: getattr(link, c.key) for c in ChatLink.__table__.columns}
            session.add(ChatLink(**row | {"id": uuid.UUID(int=number + 1)}))
    late, died = make.NOW + LONG, 0
    after: str | None = ""
    while after is not None:
        with store.session(writing=True) as session:
            part = retention.purge(session, slot=date.min, after=after, now=late, limit=2)
            if died < 4 and chance.random() < 0.5:
                # Killed before its commit: the slice is undone, and the run begins where it was.
                died += 1
                session.rollback()
                continue
            session.commit()
            after = part.after
    assert died
    with store.reading() as session:
        left = canaries(session)
        assert not {one for one in left if one.startswith(("chat_links", "notices", "audit"))}
