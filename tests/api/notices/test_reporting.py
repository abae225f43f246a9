"""Reports, in whatever order and shape they come."""

import random
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from api.access.models import ChatLink
from api.kit.outcome import Accepted, Rejected, State
from api.notices import recording
from api.notices import service as notices
from api.notices.models import Report
from tests.api.notices.office import Office, chat
from tests.support import make

RANK = {
    "sent": 1,
    "temporary-failure": 2,
    "permanent-failure": 3,
    "delivered": 4,
}
_numbers = count(1)


def report(
    delivery, state: State | None, *, by: str = "reference", at: str = ""
) -> notices.NewReport:
    return notices.NewReport(
        provider="sms",
        reference=delivery.reference if by == "reference" else None,
        provider_id=f"sms-{delivery.reference}" if by == "name" else None,
        status=str(state),
        state=state,
        at=at or str(next(_numbers)),
        told="messageid=1&status=10",
    )


def part_report(name: str, state: State) -> notices.NewReport:
    return notices.NewReport(
        provider="sms",
        reference=None,
        provider_id=name,
        status=str(state),
        state=state,
        at="",
        told="id:p0 stat:DELIVRD",
    )


@pytest.fixture
def person(office: Office):
    return make.person(office.session, email="mina@example.org", language="en")


def test_a_delivered_report_ends_the_plan(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms")
    delivery = office.delivery(notice, "sms")
    told = [report(delivery, State.DELIVERED, by="name")]
    assert notices.take_reports(office.session, told, now=office.now) == 1
    assert office.status(notice) == "delivered"
    office.later(hours=3)
    assert office.look("sms").looked_at == 0


def test_a_report_that_crosses_its_outcome_is_matched_by_the_sweep(
    office: Office, person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = office.post(person)
    office.look("chat")
    (letter,) = office.look("sms").letters
    told = [report(office.delivery(notice, "sms"), State.DELIVERED, by="name")]
    notices.take_reports(office.session, told, now=office.now)
    # On PostgreSQL, neither of two transactions at one moment sees the other.
    monkeypatch.setattr(recording, "_early_reports", lambda *_: {})
    office.tell(letter, Accepted(f"sms-{letter.reference}"))
    assert office.deliveries(notice) == [("sms", "sent")]
    assert notices.match_late(office.session, now=office.now) == 1
    assert office.deliveries(notice) == [("sms", "delivered")]
    assert notices.match_late(office.session, now=office.now) == 0


def test_the_sweep_holds_deliveries_before_it_writes_a_report(
    office: Office, person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whoever records an outcome does: else each waits for what the other holds."""
    office.post(person)
    office.look("chat")
    (letter,) = office.look("sms").letters
    told = [part_report(f"sms-{letter.reference}", State.DELIVERED)]
    notices.take_reports(office.session, told, now=office.now)
    monkeypatch.setattr(recording, "_early_reports", lambda *_: {})
    office.tell(letter, Accepted(f"sms-{letter.reference}"))
    said: list[str] = []
    engine = office.session.get_bind().engine
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert notices.match_late(office.session, now=office.now) == 1
    office.session.flush()
    of_reports = [n for n, one in enumerate(said) if one.startswith("UPDATE reports")]
    of_deliveries = [n for n, one in enumerate(said) if "FROM deliveries JOIN notices" in one]
    assert of_deliveries[0] < of_reports[0]


def test_a_permanent_failure_begins_the_next_channel_at_once_and_once(
    office: Office, person
) -> None:
    by_phone = chat(office.session, person, messenger="sms")
    notice = office.post(person)
    office.look("chat")
    office.send("sms")
    delivery = office.delivery(notice, "sms")
    for _ in range(2):
        told = [report(delivery, State.PERMANENT_FAILURE)]
        notices.take_reports(office.session, told, now=office.now)
    assert office.deliveries(notice) == [("sms", "permanent-failure"), ("email", "created")]
    assert office.session.get_one(ChatLink, by_phone.id).state == "ended"


def test_a_temporary_failure_keeps_its_status_and_its_patience(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms")
    told = [report(office.delivery(notice, "sms"), State.TEMPORARY_FAILURE)]
    notices.take_reports(office.session, told, now=office.now)
    office.later(hours=1, minutes=59)
    assert office.send("sms") == []
    office.later(minutes=1)
    assert office.send("sms") == []
    assert len(office.send("email")) == 1
    assert office.deliveries(notice) == [("sms", "temporary-failure"), ("email", "sent")]


def test_a_report_that_comes_before_the_answer_is_not_lost(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    (letter,) = office.look("sms").letters
    early = [report(office.delivery(notice, "sms"), State.DELIVERED, by="name")]
    notices.take_reports(office.session, early, now=office.now)
    assert office.deliveries(notice) == [("sms", "sending")]
    office.tell(letter, Accepted(f"sms-{letter.reference}"))
    assert office.deliveries(notice) == [("sms", "delivered")]


@pytest.mark.parametrize("early", [0, 1, 2, 3])
def test_a_text_in_parts_is_what_all_of_them_are(office: Office, person, early: int) -> None:
    notice = office.post(person)
    office.look("chat")
    (letter,) = office.look("sms").letters
    told = [part_report(f"p{number}", State.DELIVERED) for number in range(3)]
    notices.take_reports(office.session, told[:early], now=office.now)
    office.tell(letter, Accepted("p0", parts=("p0", "p1", "p2")))
    for number in range(early, 3):
        assert office.deliveries(notice) == [("sms", "sent")]
        notices.take_reports(office.session, told[number : number + 1], now=office.now)
    assert office.deliveries(notice) == [("sms", "delivered")]
    reports = office.session.scalars(select(Report)).all()
    assert {one.delivery_id for one in reports} == {letter.delivery_id}


def test_a_part_that_fails_fails_the_text_until_it_arrives_after_all(
    office: Office, person
) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms", Accepted("p0", parts=("p0", "p1")))
    for name, state, status in (
        ("p0", State.DELIVERED, "sent"),
        ("p1", State.PERMANENT_FAILURE, "permanent-failure"),
        ("p1", State.DELIVERED, "delivered"),
    ):
        notices.take_reports(office.session, [part_report(name, state)], now=office.now)
        assert office.deliveries(notice)[0] == ("sms", status)


def test_the_sweep_knows_the_names_of_parts(
    office: Office, person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = office.post(person)
    office.look("chat")
    (letter,) = office.look("sms").letters
    told = [part_report(name, State.DELIVERED) for name in ("p0", "p1")]
    notices.take_reports(office.session, told, now=office.now)
    monkeypatch.setattr(recording, "_early_reports", lambda *_: {})
    office.tell(letter, Accepted("p0", parts=("p0", "p1")))
    assert notices.match_late(office.session, now=office.now) == 2
    assert office.deliveries(notice) == [("sms", "delivered")]


def test_a_report_by_our_reference_settles_what_is_still_at_the_wire(
    office: Office, person
) -> None:
    notice = office.post(person)
    office.look("chat")
    (letter,) = office.look("sms").letters
    told = [report(office.delivery(notice, "sms"), State.DELIVERED)]
    notices.take_reports(office.session, told, now=office.now)
    assert office.deliveries(notice) == [("sms", "delivered")]
    assert [one.state for one in office.attempts(notice)] == ["accepted"]
    assert office.tell(letter, Rejected("late", again=True)) == 0
    assert office.deliveries(notice) == [("sms", "delivered")]


def test_the_same_report_told_twice_is_kept_once_and_unknown_ones_are_kept(
    office: Office, person
) -> None:
    notice = office.post(person)
    delivery = office.delivery(notice, "chat")
    same = report(delivery, State.SENT, at="1")
    word = report(delivery, None, at="2")
    nobody = notices.NewReport(
        provider="sms",
        reference=7,
        provider_id="x",
        status="10",
        state=State.DELIVERED,
        at="",
        told="?",
    )
    assert notices.take_reports(office.session, [same, same, word, nobody], now=office.now) == 3
    assert notices.take_reports(office.session, [same], now=office.now) == 0
    assert office.session.scalar(select(func.count()).select_from(Report)) == 3


def test_a_mail_that_waits_is_not_sent_once_the_sms_was_delivered_after_all(
    office: Office, person
) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms")
    delivery = office.delivery(notice, "sms")
    notices.take_reports(
        office.session, [report(delivery, State.PERMANENT_FAILURE)], now=office.now
    )
    notices.take_reports(office.session, [report(delivery, State.DELIVERED)], now=office.now)
    assert office.send("email") == []
    assert office.status(notice) == "delivered"


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 2**32))
def test_shuffled_doubled_and_contradictory_reports_give_the_status_of_the_oracle(
    office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    person = make.person(office.session, email="mina@example.org", language="en")
    told: list[notices.NewReport] = []
    expected = {}
    for _ in range(5):
        notice = office.post(person, via="sms")
        delivery = office.delivery(notice, "sms")
        states = [chance.choice(list(State)) for _ in range(chance.randint(0, 6))]
        for state in states:
            one = report(delivery, state, by=chance.choice(["reference", "name"]))
            told += [one] * chance.randint(1, 2)
        expected[notice] = max([*states, "sent"], key=RANK.__getitem__)
    chance.shuffle(told)
    early, late = told[: len(told) // 3], told[len(told) // 3 :]
    letters = office.look("sms").letters
    assert len(letters) == 5
    notices.take_reports(office.session, early, now=office.now)
    for letter in letters:
        office.tell(letter, Accepted(f"sms-{letter.reference}"))
    while late:
        slice_ = [late.pop() for _ in range(min(len(late), chance.randint(1, 5)))]
        notices.take_reports(office.session, slice_, now=office.now)
    for notice, status in expected.items():
        assert office.delivery(notice, "sms").status == status
    kept = office.session.scalar(select(func.count()).select_from(Report))
    assert kept is not None
    assert kept >= len({(one.reference, one.provider_id, one.at) for one in told})
