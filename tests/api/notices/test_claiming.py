"""Claims: fair, quick, and never the same delivery twice."""

import threading
from collections import Counter
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from api.db import Store
from api.notices import service as notices
from api.notices.models import Delivery
from api.notices.plans import Lane
from api.templates.catalogue import TEMPLATES
from tests.api.notices.office import FACTS, Office
from tests.support import make


def _crowd(session: Session, size: int) -> None:
    person = make.person(session)
    rows = [
        notices.NewNotice(
            template="debt_notice", to=person.id, about="debt:1", facts=FACTS, key=f"crowd{n}"
        )
        for n in range(size)
    ]
    assert notices.post_many(session, rows, make.NOW) == size


def test_four_postmen_claim_each_delivery_once(fresh_store: Store) -> None:
    with fresh_store.writing("test") as session:
        _crowd(session, 400)
    taken: list[object] = []
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        while True:
            with fresh_store.writing("test") as session:
                claim = notices.claim(session, channel="chat", places=7, now=make.NOW)
            if claim is None:
                return
            taken.extend(claim.ids)

    postmen = [threading.Thread(target=work) for _ in range(4)]
    for one in postmen:
        one.start()
    for one in postmen:
        one.join()
    assert len(taken) == 400
    assert max(Counter(taken).values()) == 1


def test_a_claim_ends_with_its_lease(office: Office) -> None:
    _crowd(office.session, 3)
    assert notices.claim(office.session, channel="chat", places=9, now=office.now)
    office.later(seconds=44)
    assert notices.claim(office.session, channel="chat", places=9, now=office.now) is None
    office.later(seconds=2)
    again = notices.claim(office.session, channel="chat", places=9, now=office.now)
    assert again is not None
    assert len(again.ids) == 3


def test_codes_go_before_a_crowd_and_the_crowd_is_not_starved_by_codes(office: Office) -> None:
    _crowd(office.session, 200)
    for name in ("sms",):
        office.session.execute(text(f"UPDATE deliveries SET channel = '{name}'"))
    person = make.person(office.session)
    for n in range(50):
        office.post(person, template="link_code", facts={}, secret={"code": "1"}, key=f"code{n}")
    claim = notices.claim(office.session, channel="sms", places=40, now=office.now)
    assert claim is not None
    lanes = Counter(office.session.get_one(Delivery, delivery_id).lane for delivery_id in claim.ids)
    assert lanes == {Lane.CODE: 32, Lane.LEGAL: 8}


def test_places_a_lane_does_not_need_go_to_the_others(office: Office) -> None:
    _crowd(office.session, 50)
    person = make.person(office.session)
    office.post(person, template="link_added", facts=TEMPLATES["link_added"].example.model_dump())
    claim = notices.claim(office.session, channel="chat", places=40, now=office.now)
    assert claim is not None
    assert len(claim.ids) == 40


def test_the_cost_of_a_claim_does_not_grow_with_the_backlog(fresh_store: Store) -> None:
    """The index alone is read, from its beginning: no sort and no scan of what waits."""
    with fresh_store.writing("test") as session:
        _crowd(session, 2_000)
    due = (
        "SELECT id FROM deliveries WHERE channel = 'chat' AND lane = 2 AND due_at <= "
        "'2030-01-01 00:00:00' ORDER BY due_at LIMIT 10"
    )
    with fresh_store.writing("test") as session:
        if fresh_store.dialect == "sqlite":
            plan = " ".join(str(row) for row in session.execute(text(f"EXPLAIN QUERY PLAN {due}")))
        else:
            session.execute(text("ANALYZE deliveries"))
            session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = " ".join(str(row) for row in session.execute(text(f"EXPLAIN {due}")))
    assert "ix_deliveries_due" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_look_names_the_channels_that_have_something_due(office: Office) -> None:
    assert not notices.with_due(office.session, now=office.now)
    _crowd(office.session, 2)
    office.post(make.person(office.session), template="link_code", facts={}, secret={"code": "1"})
    assert notices.with_due(office.session, now=office.now) == {"chat", "sms"}
    assert not notices.with_due(office.session, now=office.now - timedelta(seconds=1))


def test_held_deliveries_are_not_claimed_early(office: Office) -> None:
    _crowd(office.session, 2)
    soon = office.now - timedelta(seconds=1)
    assert notices.claim(office.session, channel="chat", places=9, now=soon) is None
