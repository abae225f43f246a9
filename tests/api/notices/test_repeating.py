"""What failed is sent again once its cause is mended, and never what may have arrived."""

import pytest
from sqlalchemy import update

from api.kit.outcome import Accepted, Outcome, Rejected, State, Unknown
from api.notices import service as notices
from api.notices.models import Notice
from api.notices.repeating import Failures, Repeated
from api.people.models import Person
from tests.api.notices.office import Office
from tests.support import make

REFUSED = Rejected("kavenegar_412")


@pytest.fixture
def person(office: Office) -> Person:
    """Somebody without a chat and without mail: the SMS is all there is."""
    return make.person(office.session, language="en")


def failed(office: Office, person: Person) -> Notice:
    """Post a notice that no channel takes."""
    notice = office.post(person)
    office.look("chat")
    office.send("sms", REFUSED)
    office.look("email")
    assert office.status(notice) == "failed"
    return notice


def test_failures_are_counted_by_channel_and_reason(office: Office, person: Person) -> None:
    for _ in range(2):
        failed(office, person)
    assert notices.failures(office.session) == [
        Failures("debt_notice", "email", "no_address", 2, 2),
        Failures("debt_notice", "sms", "kavenegar_412", 2, 2),
    ]


def test_what_was_refused_is_sent_again_from_the_first_channel_on(
    office: Office, person: Person
) -> None:
    notice = failed(office, person)
    (found,) = notices.sendable(office.session, reason="kavenegar_412")
    assert found is notice
    assert notices.send_again(office.session, [found], office.now) == Repeated(1, 0)
    assert (office.status(notice), notice.reason) == ("cancelled", "sent_again")
    office.look("chat")
    (letter,) = office.send("sms")
    assert letter.facts == notice.facts
    (line,) = notices.mine(office.session, person_id=person.id, language="en").items
    assert (line.code, line.status) == (letter.code, "sent")


def test_what_was_sent_again_is_not_sent_a_third_time(office: Office, person: Person) -> None:
    notice = failed(office, person)
    notices.send_again(office.session, [notice], office.now)
    assert notices.sendable(office.session, notice_id=notice.id) == []
    # Even by one who found it before: its follower is there.
    assert notices.send_again(office.session, [notice], office.now) == Repeated(0, 0)


@pytest.mark.parametrize(
    "outcome", [Unknown("timeout"), Accepted("7", State.PERMANENT_FAILURE), Accepted("7")]
)
def test_what_a_provider_took_or_may_have_taken_is_not_sent_again(
    office: Office, person: Person, outcome: Outcome
) -> None:
    notice = office.post(person)
    office.look("chat")
    office.send("sms", outcome)
    office.session.execute(update(Notice).values(status="failed"))
    office.session.expire_all()
    assert notices.sendable(office.session, notice_id=notice.id) == []


def test_a_one_time_code_is_not_sent_again(office: Office, person: Person) -> None:
    notice = office.post(person, template="link_code", facts={}, secret={"code": "482913"})
    office.send("sms", REFUSED)
    assert office.status(notice) == "failed"
    assert notices.sendable(office.session, notice_id=notice.id) == []
    (line,) = notices.failures(office.session)
    assert line.sendable == 0


def test_what_fits_its_template_no_longer_stays_failed(office: Office, person: Person) -> None:
    notice = failed(office, person)
    office.session.execute(update(Notice).values(facts={}))
    office.session.expire_all()
    assert notices.send_again(office.session, [notice], office.now) == Repeated(0, 1)
    assert office.status(notice) == "failed"


def test_what_is_no_longer_true_is_not_said_again(office: Office, person: Person) -> None:
    notice = failed(office, person)
    notices.send_again(office.session, [notice], office.now)
    notices.cancel_about(office.session, abouts=[notice.about], now=office.now)
    assert office.look("chat").letters == ()
    assert office.send("sms") == []
