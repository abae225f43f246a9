"""What a person chose is in force; else the registry's word."""

import uuid

from api.kit.language import Language
from api.preferences import service
from tests.support import make


def test_language_is_the_registrys_until_one_is_chosen(session):
    one, other = make.person(session), make.person(session, language="en")
    people = [one.id, other.id, uuid.uuid4()]
    assert service.language_of(session, people) == {one.id: Language.FA, other.id: Language.EN}
    service.set_language(session, person_id=one.id, language=Language.EN, now=make.NOW)
    session.flush()
    assert service.language_of(session, people)[one.id] is Language.EN


def test_stop_takes_the_consent_back_and_start_gives_it_again(session):
    person = make.person(session).id
    assert service.consents(session, [person]) == {person: True}
    for on in (False, True):
        service.set_consent(session, person_id=person, on=on, now=make.NOW)
        session.flush()
        assert service.consents(session, [person]) == {person: on}


def test_stop_keeps_the_language_to_the_registry(session):
    person = make.person(session, language="en").id
    service.set_consent(session, person_id=person, on=False, now=make.NOW)
    session.flush()
    assert service.language_of(session, [person]) == {person: Language.EN}


def test_wishes_are_the_same_answers_for_many_and_nobody_has_muted_a_channel_unasked(session):
    one, other, third = (make.person(session, language=code).id for code in ("fa", "en", "fa"))
    service.set_language(session, person_id=one, language=Language.CKB, now=make.NOW)
    service.set_consent(session, person_id=other, on=False, now=make.NOW)
    session.flush()
    assert service.wishes(session, [one, other, third, uuid.uuid4()]) == {
        one: service.Wishes(Language.CKB),
        other: service.Wishes(Language.EN, consent=False),
        third: service.Wishes(Language.FA),
    }
