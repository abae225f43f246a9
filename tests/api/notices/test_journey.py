"""The journey of a notice: channel after channel, until somebody has it or somebody must act."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from api.access.models import ChatLink
from api.kit.outcome import Accepted, Rejected, State, Unknown
from api.notices import questions
from api.notices import service as notices
from api.preferences import service as preferences
from tests.api.notices.office import Office, chat
from tests.support import make

BUSY = Rejected("busy", again=True)


@pytest.fixture
def person(office: Office):
    return make.person(office.session, email="mina@example.org", language="en")


def test_a_linked_person_is_told_in_chat_alone(office: Office, person) -> None:
    link = chat(office.session, person)
    notice = office.post(person)
    (letter,) = office.send("chat")
    assert (letter.sender, letter.address) == ("telegram:employers", link.chat)
    assert (letter.language, letter.code) == ("en", notices.code_of(notice.id))
    assert office.deliveries(notice) == [("chat", "sent")]
    assert office.status(notice) == "sent"
    office.later(days=4)
    assert office.send("sms") == []


def test_without_a_chat_the_sms_goes_at_once(office: Office, person) -> None:
    notice = office.post(person)
    work = office.look("chat")
    assert work.letters == ()
    assert work.handed_over
    (letter,) = office.send("sms")
    assert letter.address == person.phone
    assert office.deliveries(notice) == [("sms", "sent")]


def test_a_chat_is_written_to_in_its_own_language(office: Office) -> None:
    reads_persian = make.person(office.session, language="fa")
    office.post(reads_persian)
    chat(office.session, reads_persian)
    (letter,) = office.send("chat", Rejected("blocked", address_dead=True))
    assert letter.language == "en"
    (letter,) = office.send("sms")
    assert letter.language == "fa"


def test_what_concerns_a_workplace_is_told_in_the_employers_bot(office: Office, person) -> None:
    chat(office.session, person, audience="employers")
    chat(office.session, person, audience="people")
    workshop = make.workshop(office.session, contacts=[person])
    office.post(person, workshop_id=workshop.id)
    assert [letter.sender for letter in office.send("chat")] == ["telegram:employers"]


@pytest.mark.parametrize(("first", "then"), [("telegram", "bale"), ("bale", "telegram")])
def test_who_is_linked_on_two_messengers_is_told_in_the_chat_linked_last(
    office: Office, person, first: str, then: str
) -> None:
    chat(office.session, person, messenger=first)
    later = chat(office.session, person, messenger=then, now=make.NOW + timedelta(minutes=1))
    office.later(minutes=2)
    office.post(person)
    (letter,) = office.send("chat", Rejected("blocked", address_dead=True))
    assert (letter.sender, letter.address) == (f"{then}:employers", later.chat)
    office.later(minutes=2)
    office.post(person)
    assert [letter.sender for letter in office.send("chat")] == [f"{first}:employers"]


def test_a_blocked_bot_breaks_the_link_and_the_next_channel_begins_at_once(
    office: Office, person
) -> None:
    link = chat(office.session, person)
    notice = office.post(person)
    office.send("chat", Rejected("blocked", address_dead=True))
    assert office.session.get_one(ChatLink, link.id).state == "broken"
    assert office.deliveries(notice) == [("chat", "permanent-failure"), ("sms", "created")]
    assert len(office.send("sms")) == 1


def test_a_dead_number_loses_what_was_linked_by_it(office: Office, person) -> None:
    by_phone = chat(office.session, person, messenger="sms")
    office.post(person)
    office.look("chat")
    office.send("sms", Rejected("no_such_number", address_dead=True))
    assert office.session.get_one(ChatLink, by_phone.id).state == "ended"


def test_a_failing_channel_is_tried_again_until_its_patience_ends(office: Office, person) -> None:
    chat(office.session, person)
    notice = office.post(person)
    tries = 0
    for _ in range(91):
        tries += len(office.send("chat", BUSY))
        if office.send("sms"):
            break
        office.later(seconds=10)
    assert 4 <= tries <= 8
    assert office.now - make.NOW == timedelta(minutes=15)
    assert office.deliveries(notice) == [("chat", "technical-failure"), ("sms", "sent")]
    assert office.status(notice) == "sent"


def test_an_sms_that_is_not_delivered_in_its_time_is_followed_by_mail(
    office: Office, person
) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms")
    office.later(hours=2)
    (question,) = office.look("sms").questions
    office.tell(question, Accepted(state=State.SENT))
    (letter,) = office.send("email")
    assert letter.address == "mina@example.org"
    assert office.deliveries(notice) == [("sms", "sent"), ("email", "sent")]


def test_an_sms_that_was_delivered_ends_the_plan(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms", Accepted("1", State.DELIVERED))
    office.later(days=3)
    assert office.look("sms").looked_at == 0
    assert office.send("email") == []
    assert office.status(notice) == "delivered"


def test_without_any_address_the_notice_has_failed_and_says_so(office: Office) -> None:
    person = make.person(office.session, phone=None, language="en")
    notice = office.post(person)
    for channel in ("chat", "sms", "email"):
        assert office.send(channel) == []
    assert office.status(notice) == "failed"
    assert notice.reason == "no_address"
    assert office.deliveries(notice) == [("email", "technical-failure")]


def test_when_every_channel_refuses_the_notice_has_failed(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms", Rejected("no_such_number", address_dead=True))
    office.send("email", Rejected("refused"))
    assert office.deliveries(notice) == [
        ("sms", "permanent-failure"),
        ("email", "technical-failure"),
    ]
    assert office.status(notice) == "failed"


@pytest.mark.parametrize("outage", [BUSY, Unknown("timeout")])
def test_an_sms_outage_beyond_its_patience_fails_no_notice_without_a_mail_address(
    office: Office, outage
) -> None:
    notice = office.post(make.person(office.session, language="en"))
    office.look("chat")
    for hour in range(36):
        is_away = hour < 30
        work = office.look("sms")
        for letter in work.letters:
            office.tell(letter, outage if is_away else Accepted("1"))
        for question in work.questions:
            office.tell(question, None if is_away else Rejected("not_there", again=True))
        assert office.send("email") == []
        assert not is_away or office.status(notice) in {"waiting", "uncertain"}
        office.later(hours=1)
    assert (office.status(notice), notice.reason) == ("sent", None)
    assert office.deliveries(notice) == [("sms", "sent"), ("email", "technical-failure")]


def test_what_goes_on_without_a_next_address_ends_with_its_class(office: Office) -> None:
    notice = office.post(make.person(office.session, language="en"))
    office.look("chat")
    for _ in range(72):
        office.send("sms", BUSY)
        office.send("email")
        assert office.status(notice) == "waiting"
        office.later(hours=1)
    office.send("sms", BUSY)
    assert (office.status(notice), notice.reason) == ("failed", "too_late")


def test_a_refused_account_is_our_trouble_and_fails_no_notice(office: Office) -> None:
    notice = office.post(make.person(office.session, language="en"))
    office.look("chat")
    tries = 0
    for _ in range(48):
        tries += len(office.send("sms", Rejected("kavenegar_418", account=True)))
        assert office.send("email") == []
        assert office.status(notice) == "waiting"
        office.later(hours=1)
    assert 20 <= tries <= 48
    office.later(hours=1)
    assert len(office.send("sms")) == 1
    assert office.status(notice) == "sent"


def test_a_refused_account_holds_a_code_until_it_expires(office: Office, person) -> None:
    notice = office.post(
        person,
        template="link_code",
        facts={"minutes": 3},
        secret={"code": "482913"},
        expires_at=office.now + timedelta(minutes=3),
    )
    tries = 0
    for _ in range(44):
        tries += len(office.send("sms", Rejected("kavenegar_401", account=True)))
        assert office.status(notice) == "waiting"
        office.later(seconds=4)
    office.later(seconds=4)
    assert office.send("sms") == []
    assert 3 <= tries <= 7
    assert office.status(notice) == "failed"


def test_only_a_technical_failure_that_nothing_follows_is_logged(office: Office, person) -> None:
    chat(office.session, person)
    notice = office.post(person)
    with capture_logs() as lines:
        office.send("chat", Rejected("bad_request"))
        office.send("sms", Rejected("kavenegar_422"))
        assert lines == []
        office.send("email", Rejected("data_554"))
    assert lines == [
        {
            "event": "delivery.gave_up",
            "log_level": "warning",
            "channel": "email",
            "notice": str(notice.id),
        }
    ]


def test_nothing_is_tried_after_the_class_has_ended(office: Office) -> None:
    notice = office.post(make.person(office.session, language="en"))
    office.look("chat")
    office.later(hours=71)
    office.send("sms", BUSY)
    office.later(hours=1, seconds=1)
    assert office.send("sms") == []
    assert office.status(notice) == "failed"
    assert office.delivery(notice, "sms").due_at is None


def test_a_code_is_tried_until_it_expires_and_never_after(office: Office, person) -> None:
    chat(office.session, person)
    notice = office.post(
        person,
        template="link_code",
        facts={"minutes": 3},
        secret={"code": "482913"},
        expires_at=office.now + timedelta(minutes=3),
    )
    tries = 0
    for _ in range(50):
        letters = office.send("sms", BUSY)
        assert all(letter.secret == {"code": "482913"} for letter in letters)
        tries += len(letters)
        office.later(seconds=4)
    assert 4 <= tries <= 7
    assert office.status(notice) == "failed"
    assert notice.secret is None
    assert office.send("email") == []


def test_a_code_that_was_sent_is_forgotten(office: Office, person) -> None:
    notice = office.post(person, template="link_code", facts={}, secret={"code": "482913"})
    office.send("sms")
    assert office.status(notice) == "sent"
    assert notice.secret is None


def test_an_uncertain_sms_is_asked_about_before_anything_else(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    (letter,) = office.send("sms", Unknown("timeout"))
    assert office.status(notice) == "uncertain"
    assert office.look("sms").looked_at == 0
    office.later(seconds=6)
    (question,) = office.look("sms").questions
    assert question.reference == letter.reference
    office.tell(question, Accepted("77", State.SENT))
    assert office.deliveries(notice) == [("sms", "sent")]
    (attempt,) = office.attempts(notice)
    assert (attempt.state, attempt.provider_id) == ("accepted", "77")


def test_an_sms_the_provider_surely_has_not_is_sent_again_with_the_same_reference(
    office: Office, person
) -> None:
    office.post(person)
    office.look("chat")
    (first,) = office.send("sms", Unknown("timeout"))
    office.later(seconds=6)
    (question,) = office.look("sms").questions
    office.tell(question, Rejected("not_there", again=True))
    office.later(seconds=10)
    (second,) = office.send("sms")
    assert second.reference == first.reference
    assert second.attempt_id != first.attempt_id


def test_while_the_provider_does_not_answer_the_question_is_asked_ever_more_rarely(
    office: Office, person
) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms", Unknown("timeout"))
    asked = 0
    while not office.send("email"):
        office.later(seconds=60)
        for question in office.look("sms").questions:
            office.tell(question, None)
            asked += 1
    assert 8 <= asked <= 20
    assert office.now - make.NOW == timedelta(hours=2)
    assert office.deliveries(notice) == [("sms", "uncertain"), ("email", "sent")]


def test_an_uncertain_chat_message_is_never_repeated_and_the_sms_follows(
    office: Office, person
) -> None:
    chat(office.session, person)
    notice = office.post(person)
    office.send("chat", Unknown("broken_off"))
    sent = []
    for _ in range(16):
        office.later(minutes=1)
        assert office.send("chat") == []
        sent += office.send("sms")
    assert len(sent) == 1
    assert office.deliveries(notice) == [("chat", "uncertain"), ("sms", "sent")]


def test_an_uncertain_last_channel_fails_when_the_notice_ends(office: Office, person) -> None:
    notice = office.post(person, via="email")
    office.send("email", Unknown("broken_off"))
    assert office.status(notice) == "uncertain"
    for _ in range(73):
        office.later(hours=1)
        assert office.send("email") == []
    assert office.status(notice) == "failed"


def test_a_postman_who_never_came_back_leaves_an_uncertain_delivery(office: Office, person) -> None:
    chat(office.session, person)
    notice = office.post(person)
    (letter,) = office.look("chat").letters
    office.later(seconds=44)
    assert office.look("chat").looked_at == 0
    office.later(seconds=2)
    assert office.look("chat").letters == ()
    assert office.deliveries(notice) == [("chat", "uncertain")]
    assert [(one.state, one.reason) for one in office.attempts(notice)] == [("unknown", "lapsed")]
    assert office.tell(letter, Accepted("1")) == 0
    assert office.deliveries(notice) == [("chat", "uncertain")]


def test_a_claim_that_was_not_followed_up_is_only_late(office: Office, person) -> None:
    chat(office.session, person)
    office.post(person)
    assert notices.claim(office.session, channel="chat", places=9, now=office.now) is not None
    office.later(seconds=46)
    assert len(office.send("chat")) == 1


def test_a_stale_finish_changes_nothing(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    (first,) = office.look("sms").letters
    office.later(seconds=46)
    (question,) = office.look("sms").questions
    office.tell(question, Rejected("not_there", again=True))
    office.later(seconds=10)
    (second,) = office.look("sms").letters
    assert office.tell(first, Accepted("1")) == 0
    assert office.tell(question, Accepted("1")) == 0
    assert office.deliveries(notice) == [("sms", "sending")]
    assert office.tell(second, Accepted("2")) == 1
    assert office.tell(second, Accepted("2")) == 0


def test_a_paid_debt_is_not_sent(office: Office, person) -> None:
    chat(office.session, person)
    kept, paid = office.post(person, about="debt:1"), office.post(person, about="debt:2")
    questions.connect({"debt_open": lambda _s, abouts: {one for one in abouts if one == "debt:1"}})
    assert len(office.send("chat")) == 1
    assert office.status(kept) == "sent"
    assert office.status(paid) == "cancelled"


def test_a_debt_paid_after_the_chat_is_not_followed_up(office: Office, person) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms", Rejected("no_such_number", address_dead=True))
    questions.connect({"debt_open": lambda _s, _abouts: set()})
    assert office.send("email") == []
    assert office.deliveries(notice) == [("sms", "permanent-failure"), ("email", "cancelled")]


def test_after_stop_only_what_the_law_demands_is_sent_and_not_in_chat(
    office: Office, person
) -> None:
    chat(office.session, person)
    preferences.set_consent(office.session, person_id=person.id, on=False, now=office.now)
    legal, service = office.post(person), office.post(person, template="debt_reminder")
    assert office.send("chat") == []
    assert len(office.send("sms")) == 1
    assert office.status(legal) == "sent"
    assert (office.status(service), service.reason) == ("cancelled", "no_consent")


def test_at_night_and_on_rest_days_reminders_are_held_and_legal_notices_are_not(
    office: Office, person
) -> None:
    chat(office.session, person)
    office.now = datetime(2026, 12, 3, 18, 0, tzinfo=UTC)  # Thursday, 21:30 in Tehran.
    make.holiday(office.session, datetime(2026, 12, 5, tzinfo=UTC).date())
    legal, service = office.post(person), office.post(person, template="debt_reminder")
    (letter,) = office.send("chat")
    assert letter.template == "debt_notice"
    assert office.status(legal) == "sent"
    # Friday rests, Saturday is a holiday: it is held until Sunday at eight.
    held = office.delivery(service, "chat").due_at
    assert held == datetime(2026, 12, 6, 4, 30, tzinfo=UTC)
    office.now = held
    assert len(office.send("chat")) == 1


def test_a_wait_told_by_the_messenger_uses_up_no_try_and_silences_the_bot(
    office: Office, person
) -> None:
    chat(office.session, person)
    notice = office.post(person)
    other = make.person(office.session, language="en")
    chat(office.session, other)
    office.send("chat", Rejected("too_many", again=True, wait_seconds=30))
    assert office.delivery(notice, "chat").tries == 0
    office.post(other)
    office.later(seconds=29)
    assert office.send("chat") == []
    office.later(seconds=2)
    assert len(office.send("chat")) == 2
    until = notices.waits_until(office.session, sender="telegram:employers", now=make.NOW)
    assert until == make.NOW + timedelta(seconds=30)


def test_a_chat_hears_one_notice_a_second(office: Office, person) -> None:
    chat(office.session, person)
    for _ in range(3):
        office.post(person)
    heard = []
    for _ in range(4):
        heard.append(len(office.send("chat")))
        office.later(seconds=1)
    assert heard == [1, 1, 1, 0]


def test_a_bot_says_no_more_than_its_rate(office: Office) -> None:
    for _ in range(40):
        one = make.person(office.session, language="en")
        chat(office.session, one)
        office.post(one)
    sent = []
    for _ in range(12):
        sent.append(len(office.send("chat")))
        office.later(seconds=0.25)
    assert sum(sent) == 40
    assert max(sent) <= 6
    assert all(sum(sent[at : at + 4]) <= 25 for at in range(9))


def test_a_chosen_chat_is_told_and_no_other(office: Office, person) -> None:
    older = chat(office.session, person)
    chat(office.session, person, audience="people", now=make.NOW + timedelta(hours=1))
    notice = office.post(
        person,
        template="link_added",
        facts={"messenger": "telegram", "audience": "people", "day": "2026-12-02"},
        via="chat",
        link_id=older.id,
    )
    (letter,) = office.send("chat")
    assert letter.address == older.chat
    office.later(days=4)
    assert office.deliveries(notice) == [("chat", "sent")]


def test_a_notice_whose_template_is_no_more_has_failed_and_says_so(office: Office, person) -> None:
    notice = office.post(person)
    notice.template = "of_an_older_release"
    office.session.flush()
    assert office.send("chat") == []
    assert (office.status(notice), notice.reason) == ("failed", "no_template")
