"""SMS that come in: put together in any order, kept once, handed on until somebody has them."""

import itertools
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.db import Store
from api.inbound import service as inbound
from api.inbound.models import InboundSms
from api.inbound.service import NewPart
from tests.support import make

BIND, OTHER = uuid.uuid4(), uuid.uuid4()
SENDER = "989990000001"


def part(octets: bytes = b"1", **more: Any) -> NewPart:
    values = {"sender": SENDER, "line": "10001420", "coding": 8, "octets": octets}
    return NewPart(**{**values, **more})


def parts(*said: bytes, reference: str = "8:42") -> list[NewPart]:
    return [
        part(octets, reference=reference, number=number, total=len(said))
        for number, octets in enumerate(said, 1)
    ]


class Table:
    """The verbs at one instant that the test moves."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now: datetime = make.NOW

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def keep(self, one: NewPart, bind: uuid.UUID = BIND, **broken: datetime) -> bool:
        ends = {BIND: broken["ended"]} if broken else {}
        return inbound.keep(self.session, one, bind=bind, broken=ends, now=self.now)

    def claimed(self) -> list[bytes]:
        return [one.octets for one in inbound.claim(self.session, now=self.now, limit=50)]


@pytest.fixture
def table(session: Session) -> Table:
    return Table(session)


def test_a_whole_message_is_handed_on_as_it_came(table: Table) -> None:
    assert table.keep(part(b"1"))
    (whole,) = inbound.claim(table.session, now=table.now, limit=50)
    assert (whole.sender, whole.line, whole.coding, whole.octets) == (SENDER, "10001420", 8, b"1")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_parts_are_put_together_in_whatever_order_they_come(table: Table, order) -> None:
    said = parts(b"a", b"b", b"c")
    for place in order:
        assert table.claimed() == []
        assert table.keep(said[place])
        assert not table.keep(said[place]), "the same part again"
        table.later(seconds=30)
    assert table.claimed() == [b"abc"]


def test_more_than_nine_parts_stand_in_their_order(table: Table) -> None:
    for one in reversed(parts(*(bytes([65 + number]) for number in range(11)))):
        table.keep(one)
    assert table.claimed() == [b"ABCDEFGHIJK"]


def test_a_whole_set_of_parts_that_comes_again_is_one_message(table: Table) -> None:
    for bind in (BIND, OTHER):
        for one in parts(b"a", b"b"):
            table.keep(one, bind)
        table.later(minutes=1)
    assert table.claimed() == [b"ab"]


def test_parts_of_two_people_with_one_reference_stay_apart(table: Table) -> None:
    mine, theirs = parts(b"a", b"b"), parts(b"c", b"d")
    theirs = [part(one.octets, sender="989990000002", reference="8:42", number=one.number, total=2)
              for one in theirs]  # fmt: skip
    for one in (mine[0], theirs[1], theirs[0], mine[1]):
        assert table.keep(one)
    assert sorted(table.claimed()) == [b"ab", b"cd"]


def test_another_message_under_the_same_reference_begins_anew(table: Table) -> None:
    table.keep(parts(b"a", b"b")[0])
    for one in parts(b"c", b"d"):
        assert table.keep(one)
    assert table.claimed() == [b"cd"]


def test_who_says_the_same_twice_over_one_bind_has_said_it_twice(table: Table) -> None:
    assert table.keep(part(b"1"))
    assert table.keep(part(b"1"))
    assert table.claimed() == [b"1", b"1"]


@pytest.mark.parametrize(("seconds", "is_new"), [(9, False), (11, True)])
def test_the_same_at_once_over_another_bind_is_a_repeat(table: Table, seconds, is_new) -> None:
    table.keep(part(b"1"))
    table.later(seconds=seconds)
    assert table.keep(part(b"1"), OTHER) is is_new


@pytest.mark.parametrize(
    ("before_the_end", "after_it", "is_new"),
    [(29, 300, False), (31, 300, True), (29, 700, True)],
)
def test_what_a_bind_brought_last_may_come_again_over_the_next(
    table: Table, before_the_end, after_it, is_new
) -> None:
    table.keep(part(b"1"))
    table.later(seconds=before_the_end)
    ended = table.now
    table.later(seconds=after_it)
    assert table.keep(part(b"1"), OTHER, ended=ended) is is_new


def test_what_nobody_took_is_brought_again_later_and_later(table: Table) -> None:
    table.keep(part(b"1"))
    waits = []
    for _ in range(8):
        assert table.claimed() == [b"1"]
        (due,) = table.session.scalars(select(InboundSms.due_at))
        assert due is not None
        waits.append((due - table.now).total_seconds())
        assert table.claimed() == []
        table.now = due
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]


def test_what_was_handed_on_is_forgotten_but_known(table: Table) -> None:
    for one in parts(b"a", b"b"):
        table.keep(one)
    (whole,) = inbound.claim(table.session, now=table.now, limit=50)
    inbound.handed_on(table.session, [whole.number])
    table.later(minutes=9)
    assert not inbound.has_due(table.session, now=table.now)
    assert not table.keep(parts(b"a", b"b")[0], OTHER)
    table.session.expire_all()
    assert table.session.scalars(select(InboundSms.said)).all() == [None]


def test_what_lacks_a_part_is_given_up_after_half_an_hour(table: Table) -> None:
    table.keep(parts(b"a", b"b")[0])
    table.later(minutes=30)
    assert inbound.sweep(table.session, now=table.now) == inbound.Swept(0, 0, 0)
    table.later(seconds=1)
    assert inbound.sweep(table.session, now=table.now) == inbound.Swept(1, 0, 0)
    assert inbound.sweep(table.session, now=table.now) == inbound.Swept(0, 0, 0)
    for one in parts(b"c", b"d"):
        assert table.keep(one)
    assert table.claimed() == [b"cd"]


def test_what_the_bots_do_not_take_is_given_up_after_a_day(table: Table) -> None:
    table.keep(part())
    table.later(hours=24, seconds=1)
    assert inbound.sweep(table.session, now=table.now) == inbound.Swept(0, 1, 0)
    assert table.claimed() == []
    table.later(hours=24)
    assert inbound.sweep(table.session, now=table.now) == inbound.Swept(0, 0, 1)


def test_nothing_of_a_person_stands_in_clear(table: Table) -> None:
    table.keep(part("رمز ۱۲۳۴".encode("utf-16-be")))
    row = table.session.execute(text("SELECT * FROM inbound_sms")).one()
    kept = " ".join(
        bytes(one).hex() if isinstance(one, bytes | memoryview) else str(one) for one in row
    )
    for secret in (SENDER, SENDER.encode().hex(), "رمز".encode("utf-16-be").hex()):
        assert secret not in kept
    assert SENDER not in repr(part())


def test_one_person_is_handed_on_in_order_however_late(table: Table) -> None:
    table.keep(part(b"1"))
    table.keep(part(b"9", sender="989990000002"))
    assert table.claimed() == [b"1", b"9"]
    table.later(seconds=5)
    table.keep(part(b"2"))
    assert table.claimed() == []
    table.later(seconds=10)
    assert table.claimed() == [b"1", b"9", b"2"]


def test_two_processes_take_each_message_once(fresh_store: Store) -> None:
    senders = [f"98999000000{number}" for number in range(10)]
    with fresh_store.writing("test") as session:
        for sender in senders:
            inbound.keep(session, part(sender=sender), bind=BIND, now=make.NOW)
    taken: list[inbound.Whole] = []
    for _ in range(2):
        with fresh_store.writing("test") as session:
            taken += inbound.claim(session, now=make.NOW, limit=6)
    assert sorted(one.sender for one in taken) == senders
