"""What a lost store may have sent is asked about, and never sent twice."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from api.holds import service as holds
from api.kit.outcome import Accepted, Rejected, State
from api.notices import service as notices
from api.notices.models import Delivery, Notice
from api.notices.posting import reference_of
from api.notices.service import Window
from tests.api.notices.office import FACTS, Office, all_true, chat
from tests.support import make

THERE, ABSENT = Accepted("77", State.SENT), Rejected("not_there", again=True)


@pytest.fixture
def office(session) -> Office:
    all_true()
    return Office(session)


@pytest.fixture
def person(session):
    return make.person(session, phone="+989121234567", email="p@example.org")


def lose(office: Office) -> None:
    """Let a store be lost a minute from now, brought back, and released an hour later."""
    holds.begin(office.session, taken_at=office.now, now=office.now + timedelta(hours=1))
    lost_at, held_at = office.now + timedelta(minutes=1), office.now + timedelta(hours=1)
    office.later(hours=1)
    window = Window(lost_at, held_at)
    notices.doubt(office.session, window=window, after=None, now=office.now)
    holds.lift(office.session, lost_at=lost_at, now=office.now)


def test_an_sms_that_the_provider_has_is_not_sent(office: Office, person):
    notice = office.post(person, via="sms")
    lose(office)
    work = office.look("sms")
    assert work.letters == ()
    office.tell(work.questions[0], THERE)
    assert office.deliveries(notice) == [("sms", "sent")]
    (attempt,) = office.attempts(notice)
    assert (attempt.state, attempt.provider_id) == ("accepted", "77"), "reports will name it"


def test_an_sms_that_never_left_leaves_once(office: Office, person):
    notice = office.post(person, via="sms")
    lose(office)
    office.tell(office.look("sms").questions[0], ABSENT)
    assert len(office.send("sms")) == 1
    assert office.look("sms").looked_at == 0
    assert office.status(notice) == "sent"


def test_a_chat_message_stays_uncertain_and_no_other_channel_follows(office: Office, person):
    chat(office.session, person)
    notice = office.post(person)
    lose(office)
    for _ in range(4):
        assert office.send("chat") == office.send("sms") == office.send("email") == []
        office.later(hours=12)
    assert office.deliveries(notice) == [("chat", "uncertain")]
    office.later(hours=48)
    office.look("chat")
    assert office.status(notice) == "failed"


def test_who_has_neither_chat_nor_phone_is_not_mailed_twice(office: Office, session):
    notice = office.post(make.person(session, phone=None, email="q@example.org"))
    lose(office)
    office.look("chat")
    office.tell(office.look("sms").questions[0], ABSENT)
    office.look("sms")
    assert office.send("email") == []
    assert office.deliveries(notice)[-1] == ("email", "uncertain")


def test_what_was_due_after_the_loss_goes_its_way(office: Office, person):
    notice = office.post(person, via="sms")
    due = update(Delivery).values(due_at=office.now + timedelta(minutes=30))
    office.session.execute(due)
    lose(office)
    assert len(office.send("sms")) == 1
    assert office.status(notice) == "sent"


def test_next_channel_of_what_was_sent_before_is_in_doubt_too(office: Office, person):
    notice = office.post(person)
    office.look("chat")
    office.send("sms")
    office.session.execute(update(Delivery).values(due_at=office.now))
    lose(office)
    office.tell(office.look("sms").questions[0], THERE)
    assert office.send("email") == []
    assert office.deliveries(notice) == [("sms", "sent"), ("email", "uncertain")]


def test_what_is_posted_for_a_time_before_the_loss_is_in_doubt(office: Office, person):
    before = office.now
    lose(office)
    holds.recall(office.session, since=office.now)
    known = office.post(person, via="sms")
    assert office.status(known) == "waiting"
    holds.recall(office.session, since=before)
    doubted = office.post(person, via="sms")
    assert office.status(doubted) == "uncertain"
    assert office.session.get_one(Notice, doubted.id).doubted
    assert {type(one).__name__ for one in office.look("sms").questions} == {"Question"}


def test_while_the_store_is_held_nothing_is_claimed(office: Office, person):
    office.post(person, via="sms")
    holds.begin(office.session, taken_at=office.now, now=office.now)
    assert notices.with_due(office.session, now=office.now) == ()
    assert office.look("sms").looked_at == 0


def test_same_words_have_the_same_name_and_others_another():
    name = reference_of("debt_notice:1:1:2", FACTS, "sms")
    assert name == reference_of("debt_notice:1:1:2", dict(reversed(FACTS.items())), "sms")
    others = {
        reference_of("debt_notice:1:2:2", FACTS, "sms"),
        reference_of("debt_notice:1:1:2", {**FACTS, "amount": 1}, "sms"),
        reference_of("debt_notice:1:1:2", FACTS, "email"),
    }
    assert len({name, *others}) == 4
    assert 0 < name < 1 << 62
