"""The sealer: every committed entry gets one number, without a gap, whoever else writes."""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from api.audit import chain, reading, sealing, service
from api.audit.chain import Anchor, Report
from api.audit.models import ChainHead, Entry
from api.db import Store, open_store
from api.kit.calendar import today
from tests.conftest import new_database
from tests.support import luck, make, models

Change = Callable[[Any], dict[str, Any]]


def note(session: Session, number: int = 1, **changed: Any) -> None:
    service.note(
        session,
        actor=f"person:{number}",
        verb="chat_linked",
        subject=f"link:{number}",
        detail={"messenger": "telegram", "count": number, "twice": False, "where": None},
        now=changed.pop("now", make.NOW + timedelta(microseconds=number)),
    )
    session.flush()


def seal(session: Session, limit: int = 1_000) -> int:
    done = sealing.seal(session, slot=today(make.NOW), after=None, now=make.NOW, limit=limit)
    session.flush()
    return done.done


def numbers(session: Session) -> list[int | None]:
    return list(session.scalars(select(Entry.number).order_by(Entry.number)))


def checked(session: Session, *anchors: Anchor) -> Report:
    return reading.check(session, list(anchors))


def test_entries_are_numbered_in_slices_from_one_on(session: Session):
    for number in range(5):
        note(session, number)
    first = sealing.seal(session, slot=today(make.NOW), after=None, now=make.NOW, limit=3)
    assert (first.done, first.after) == (3, "3")
    session.flush()
    assert checked(session).waiting == 2
    last = sealing.seal(session, slot=today(make.NOW), after="3", now=make.NOW, limit=3)
    assert (last.done, last.after) == (2, None)
    session.flush()
    assert numbers(session) == [1, 2, 3, 4, 5]
    report = checked(session)
    assert (report.is_whole, report.sealed, report.waiting) == (True, 5, 0)
    assert seal(session) == 0


def test_what_is_committed_late_gets_a_later_number(session: Session):
    """Its id and its time are older than those of entries that have a number."""
    note(session)
    seal(session)
    session.add(
        Entry(
            id=uuid.UUID(int=1),
            at=make.NOW - timedelta(days=1),
            actor="a",
            verb="v",
            subject="s",
            detail={},
        )
    )
    session.flush()
    assert seal(session) == 1
    assert session.scalar(select(Entry.number).where(Entry.id == uuid.UUID(int=1))) == 2
    assert checked(session).is_whole


def test_an_open_transaction_is_neither_waited_for_nor_skipped(request: Any, tmp_path: Any):
    store = open_store(new_database(request, "postgresql", tmp_path))
    models.create(store)
    try:
        with store.writing("test") as slow:
            note(slow, 1)
            with store.writing("test") as quick:
                note(quick, 2)
            with store.writing("test") as sealer:
                sealer.execute(text("SET LOCAL lock_timeout = '2s'"))
                assert seal(sealer) == 1
        with store.writing("test") as sealer:
            assert seal(sealer) == 1
        with store.reading() as reader:
            found = reader.execute(select(Entry.number, Entry.actor).order_by(Entry.number)).all()
            assert [tuple(one) for one in found] == [(1, "person:2"), (2, "person:1")]
            assert checked(reader).is_whole
    finally:
        store.bind.engine.dispose()


def test_sealers_at_once_wait_for_one_another(fresh_store: Store):
    many = 60
    with fresh_store.writing("test") as session:
        for number in range(many):
            note(session, number)
    done: list[int] = []
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        sealed = 1
        while sealed:
            with fresh_store.writing("test") as session:
                sealed = seal(session, limit=7)
            done.append(sealed)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sum(done) == many
    with fresh_store.reading() as session:
        assert numbers(session) == list(range(1, many + 1))
        assert checked(session).is_whole


def test_a_slice_that_was_not_committed_is_sealed_again(store: Store):
    with store.writing("test") as session:
        note(session, 1)
        note(session, 2)
    with store.session(writing=True) as session:
        assert seal(session) == 2
        session.rollback()
    with store.writing("test") as session:
        assert seal(session) == 2
        assert checked(session).is_whole


def test_emptied_rows_leave_the_chain_whole_and_nothing_to_read(session: Session):
    for number in range(1, 6):
        note(session, number)
    seal(session)
    head = reading.head(session)
    assert head is not None
    assert sealing.empty(session, [2, 4, 9], actor="command:x", rule="test", now=make.NOW) == 2
    session.flush()
    assert checked(session).is_whole
    seal(session)
    session.expire_all()
    report = checked(session, Anchor("2026-11-23", head.number, head.seal))
    assert (report.is_whole, report.emptied, report.anchors) == (True, 2, 1)
    left = session.scalars(select(Entry).where(Entry.number == 2)).one()
    assert (left.actor, left.subject, left.detail, left.salt) == ("", "", {}, None)
    said = session.scalars(select(Entry).where(Entry.verb == chain.EMPTIED)).one()
    assert (said.subject, said.detail) == ("rule:test", {"rows": "2,4"})
    assert sealing.empty(session, [2, 4, 6], actor="command:x", rule="test", now=make.NOW) == 0


CHANGES: dict[str, Change] = {
    "id": lambda _: {"id": uuid.UUID(int=77)},
    "at": lambda row: {"at": row.at + timedelta(microseconds=1)},
    "actor": lambda _: {"actor": "person:0"},
    "verb": lambda _: {"verb": "chat_ended"},
    "subject": lambda _: {"subject": "link:0"},
    "detail": lambda row: {"detail": {**row.detail, "more": 1}},
    "detail of another type": lambda _: {"detail": []},
    "number": lambda row: {"number": row.number + 100},
    "no number": lambda _: {"number": None},
    "salt": lambda _: {"salt": bytes(16)},
    "no salt": lambda _: {"salt": None},
    "commitment": lambda _: {"commitment": bytes(32)},
    "seal": lambda _: {"seal": bytes(32)},
    "no seal": lambda _: {"seal": None},
}
ROWS = 8
EMPTY = 5


@pytest.fixture
def trail(session: Session) -> Session:
    """A sealed trail with a row that a rule has emptied."""
    for number in range(1, ROWS):
        note(session, number)
    seal(session)
    sealing.empty(session, [EMPTY], actor="command:x", rule="test", now=make.NOW)
    session.flush()
    seal(session)
    assert checked(session).is_whole
    return session


def bent(session: Session, statement: Any, *anchors: Anchor) -> list[int]:
    """What is found after somebody did this behind our back; undone again."""
    with session.begin_nested() as changed:
        session.execute(statement.execution_options(synchronize_session=False))
        session.expire_all()
        found = [one.number for one in checked(session, *anchors).findings]
        changed.rollback()
    session.expire_all()
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_any_column_of_any_row_is_found_there(trail: Session, change: str):
    rows = trail.execute(
        select(*Entry.__table__.columns).where(Entry.number.is_not(None)).order_by(Entry.number)
    ).all()
    assert len(rows) == ROWS
    for row in rows:
        if change == "no salt" and row.salt is None:
            continue
        values = CHANGES[change](row)
        found = bent(trail, update(Entry).where(Entry.id == row.id).values(values))
        # The last row says which one was emptied: without it that one is in question too.
        assert min({*found} - {EMPTY if row.number == ROWS else 0}) == row.number, found


def test_whatever_is_deleted_swapped_or_cut_is_found(trail: Session):
    chance = random.Random(luck.seed())
    head = reading.head(trail)
    assert head is not None
    anchor = Anchor("2026-11-23", head.number, head.seal)
    for _ in range(6):
        first, last = sorted(chance.sample(range(1, ROWS + 1), 2))
        gone = delete(Entry).where(Entry.number >= first, Entry.number < last)
        assert bent(trail, gone)[0] == first
        cut = delete(Entry).where(Entry.number >= first)
        assert first in bent(trail, cut)
        with trail.begin_nested() as mended:
            trail.execute(cut)
            trail.execute(
                update(ChainHead).values(number=first - 1, seal=_seal_of(trail, first - 1))
            )
            assert first in [one.number for one in checked(trail, anchor).findings]
            mended.rollback()
        trail.expire_all()
        changed = update(Entry).where(Entry.number.in_([first, last])).values(verb="x")
        assert {first, last} <= {*bent(trail, changed)}
        with trail.begin_nested() as swap:
            for old, new in ((first, -1), (last, first), (-1, last)):
                trail.execute(update(Entry).where(Entry.number == old).values(number=new))
            assert {first, last} <= {one.number for one in checked(trail).findings}
            swap.rollback()
        trail.expire_all()


def test_a_chain_whose_head_is_gone_is_found(trail: Session):
    assert bent(trail, delete(ChainHead)) == [1]
    assert bent(trail, delete(Entry)) == [1]


def test_what_no_column_should_hold_is_found_and_breaks_nothing(trail: Session):
    if trail.get_bind().dialect.name != "sqlite":
        return
    for column in ("id", "at", "detail", "number", "salt", "commitment", "seal"):
        odd = text(f"UPDATE audit_entries SET {column} = 'odd' WHERE number = 3")
        assert bent(trail, odd)[0] == 3, column


def _seal_of(session: Session, number: int) -> bytes:
    found = session.scalar(select(Entry.seal).where(Entry.number == number))
    return found or chain.FIRST
