"""Which link answers an SMS: of whom the number is, and of nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from api.access import numbers, service
from api.access.callers import Anyone, Keyholder, Linked
from api.access.refusals import NotLinked
from api.access.rules import IDLE, SMS, SPEAKS, ChatAddress
from api.people import queries as people
from api.people.models import Person
from tests.api.access.conftest import CHAT, FAMILY_CHAT, Link
from tests.support import make

NUMBER = "+989990000001"
EMPLOYER = ChatAddress(SMS, "employers", NUMBER)
INSURED = ChatAddress(SMS, "people", NUMBER)


@pytest.fixture(autouse=True)
def _whose_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "_answers", [people.registered_with])


def _knocks(chat: ChatAddress) -> Keyholder:
    return Keyholder(None, "bots", frozenset(), chat, "", None)


def _whose(session: Session, chat: ChatAddress) -> object:
    return Anyone.resolve(session, _knocks(chat), now=make.NOW, writing=True).person_id


def _speaking(session: Session, chat: ChatAddress) -> object:
    link = numbers.speaking_link(session, chat, now=make.NOW)
    return None if link is None else link.id


def test_a_registered_number_speaks_with_the_link_of_its_person(session: Session, link: Link):
    person = make.person(session, phone=NUMBER)
    made = link(session, person, CHAT)
    assert _speaking(session, EMPLOYER) == made.id
    assert _whose(session, EMPLOYER) == person.id
    assert _whose(session, INSURED) is None, "in the people's bot nobody is linked"


def test_the_numbers_own_link_goes_before_another(session: Session, link: Link):
    person = make.person(session, phone=NUMBER)
    own = link(session, person, EMPLOYER)
    link(session, person, CHAT)
    assert _speaking(session, EMPLOYER) == own.id


def test_a_number_that_is_nobodys_or_of_somebody_unlinked_is_answered_alike(
    session: Session, link: Link
):
    make.person(session, phone=NUMBER)
    link(session, make.person(session, phone="+989990000002"), CHAT)
    for chat in (EMPLOYER, ChatAddress(SMS, "employers", "+989990000003")):
        with pytest.raises(NotLinked):
            Linked.resolve(session, _knocks(chat), now=make.NOW, writing=True)


def test_a_number_of_two_linked_people_speaks_for_neither(session: Session, link: Link):
    mother, son = make.person(session, phone=NUMBER), make.person(session, phone=NUMBER)
    link(session, mother, CHAT)
    assert _whose(session, EMPLOYER) == mother.id
    link(session, son, FAMILY_CHAT)
    assert _whose(session, EMPLOYER) is None
    assert _whose(session, INSURED) is None
    assert numbers.may_link(session, EMPLOYER, today=make.TODAY) == set()


def test_of_several_people_on_a_phone_the_one_that_was_chosen_speaks_for_a_while(
    session: Session, link: Link
):
    mother, son = make.person(session, phone=NUMBER), make.person(session, phone=NUMBER)
    link(session, mother, CHAT)
    own = link(session, son, INSURED)
    assert numbers.sharing(session, EMPLOYER, now=make.NOW) == {mother.id, son.id}
    numbers.choose(session, EMPLOYER, person_id=mother.id, now=make.NOW - timedelta(minutes=9))
    assert (_whose(session, EMPLOYER), _whose(session, INSURED)) == (mother.id, None)
    numbers.choose(session, INSURED, person_id=son.id, now=make.NOW)
    assert (_whose(session, EMPLOYER), _whose(session, INSURED)) == (None, son.id)
    own.chosen_at = make.NOW - SPEAKS
    assert _whose(session, INSURED) is None


def test_a_number_that_is_registered_no_more_speaks_for_nobody(session: Session, link: Link):
    person = make.person(session, phone=NUMBER)
    link(session, person, EMPLOYER)
    _register(session, person, "+989990000009")
    assert _whose(session, EMPLOYER) is None
    moved = ChatAddress(SMS, "employers", "+989990000009")
    assert _whose(session, moved) is None, "SMS alone never links a chat anew"


def test_a_chat_that_fell_silent_is_no_proof_for_a_number(session: Session, link: Link):
    made = link(session, make.person(session, phone=NUMBER), CHAT)
    made.seen_on = make.TODAY - IDLE - timedelta(days=1)
    session.flush()
    assert _whose(session, EMPLOYER) is None


def test_an_sms_keeps_no_chat_of_a_messenger_awake(session: Session, link: Link):
    made = link(session, make.person(session, phone=NUMBER), CHAT)
    made.seen_on = make.TODAY - timedelta(days=30)
    session.flush()
    assert _whose(session, EMPLOYER) == made.person_id
    assert made.seen_on == make.TODAY - timedelta(days=30)


def test_a_link_by_sms_is_no_place_for_notices(session: Session, link: Link):
    person = make.person(session, phone=NUMBER)
    link(session, person, EMPLOYER)
    assert service.links_of(session, [person.id]) == []


def test_a_phone_that_takes_no_sms_speaks_for_nobody_until_it_is_linked_again(
    session: Session, link: Link
):
    person = make.person(session, phone=NUMBER)
    link(session, person, EMPLOYER)
    chat = link(session, person, FAMILY_CHAT)
    service.end_number(session, person_id=person.id, now=make.NOW)
    assert _speaking(session, EMPLOYER) is None
    assert service.links_of(session, [person.id]) == [chat], "the chats stay"
    assert _whose(session, EMPLOYER) is None


def _register(session: Session, person: Person, number: str) -> None:
    other = make.person(session, phone=number)
    person.phone, person.phone_index = other.phone, other.phone_index
    session.delete(other)
    session.flush()
