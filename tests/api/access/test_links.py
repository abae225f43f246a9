"""Links, grants and machines' keys."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from api.access import queries, service
from api.access.events import ChatLinked, ChatUnlinked, LinkBroken
from api.access.models import ChatLink, FirstAnswer
from api.access.rules import ChatAddress, LinkState
from api.errors import Conflict, NotFound
from tests.api.access.conftest import CHAT, OTHER_CHAT, Link
from tests.support import make


@pytest.mark.parametrize(
    "text",
    [
        "",
        "telegram",
        "telegram:employers",
        "telegram:employers:",
        "Tele:x:1",
        "a:b:c d",
        "a:b:" + "1" * 65,
    ],
)
def test_text_that_is_no_address_of_a_chat_is_refused(text: str):
    with pytest.raises(ValueError, match="no address"):
        ChatAddress.parse(text)


def test_address_of_a_chat_is_read_as_it_is_written():
    assert str(ChatAddress.parse("telegram:employers:-100:7")) == "telegram:employers:-100:7"


def test_link_gives_a_grant_for_each_workplace(session: Session, link: Link):
    person = make.person(session)
    first = make.workshop(session, contacts=[person], name="نان سحر", code="0010000451")
    second = make.workshop(session, contacts=[person], code="0010000017")
    make.workshop(session, contacts=[make.person(session)])
    make.workshop(session, contacts=[person], active=False)

    made = link(session, person)

    given = queries.lasting_grants(session, made.id)
    assert {grant.workshop_id for grant in given} == {first.id, second.id}
    shown = queries.shown_grants(
        session, made, queries.given_to_link(session, made.id), today=make.TODAY
    )
    assert (shown[1].kind, shown[1].label, shown[1].role) == ("workshop", "*0451 نان سحر", "owner")
    assert [one.label[:5] for one in shown] == ["*0017", "*0451"]


def test_linking_somebody_else_ends_the_earlier_link(
    session: Session, link: Link, told: list[object]
):
    mother, son = make.person(session), make.person(session)
    make.workshop(session, contacts=[mother])
    earlier = link(session, mother)

    later = link(session, son)

    session.refresh(earlier)
    assert earlier.state == LinkState.ENDED
    assert queries.lasting_grants(session, earlier.id) == []
    assert queries.current_link(session, CHAT) is later
    assert [type(one) for one in told] == [ChatLinked, ChatUnlinked, ChatLinked]


def test_one_person_may_have_several_chats(session: Session, link: Link):
    person = make.person(session)
    first, second = link(session, person), link(session, person, OTHER_CHAT)
    assert {one.id for one in service.links_of(session, [person.id])} == {first.id, second.id}
    assert service.links_of(session, [person.id], "inspectors") == []


def test_a_talk_on_the_web_is_no_place_for_a_notice(session: Session, link: Link):
    person = make.person(session)
    link(session, person, ChatAddress("web", "employers", "a1b2c3"))
    assert service.links_of(session, [person.id]) == []


def test_ending_a_link_twice_tells_of_it_once(session: Session, link: Link, told: list[object]):
    made = link(session, make.person(session))
    service.end_link(session, link_id=made.id, now=make.NOW)
    service.end_link(session, link_id=made.id, now=make.NOW)
    assert [type(one) for one in told] == [ChatLinked, ChatUnlinked]


def test_broken_link_gets_no_notices_until_the_chat_is_heard_of(
    session: Session, link: Link, told: list[object]
):
    person = make.person(session)
    made = link(session, person)

    service.break_link(session, link_id=made.id, now=make.NOW)
    service.break_link(session, link_id=made.id, now=make.NOW)
    assert service.links_of(session, [person.id]) == []
    assert [type(one) for one in told] == [ChatLinked, LinkBroken]

    service.heard_of(session, link_id=made.id, now=make.NOW)
    assert [one.id for one in service.links_of(session, [person.id])] == [made.id]


def test_chat_heard_of_gets_grants_for_new_workplaces_once(session: Session, link: Link):
    person = make.person(session)
    made = link(session, person)
    workshop = make.workshop(session, contacts=[person])
    for _ in range(2):
        service.heard_of(session, link_id=made.id, now=make.NOW)
    given = queries.lasting_grants(session, made.id)
    assert [grant.workshop_id for grant in given] == [workshop.id]


def test_chat_is_not_readable_in_the_store(session: Session, link: Link):
    from sqlalchemy import LargeBinary, select, type_coerce

    link(session, make.person(session), ChatAddress("telegram", "employers", "77001122"))
    raw = session.execute(
        select(type_coerce(ChatLink.chat, LargeBinary), ChatLink.chat_index)
    ).all()
    assert raw
    assert not any(b"77001122" in bytes(value) for row in raw for value in row)


def test_key_of_a_machine_is_found_until_it_ends(session: Session):
    key = service.new_key(session, name="ledger", scopes=["debts"], now=make.NOW)
    found = queries.machine_key(session, key)
    assert found is not None
    assert found.scopes == ["debts"]
    assert queries.machine_key(session, key + "x") is None
    with pytest.raises(Conflict):
        service.new_key(session, name="ledger", scopes=[], now=make.NOW)

    service.end_key(session, name="ledger", now=make.NOW)
    assert queries.machine_key(session, key) is None
    with pytest.raises(NotFound):
        service.end_key(session, name="ledger", now=make.NOW)

    another = service.new_key(session, name="ledger", scopes=[], now=make.NOW)
    assert queries.machine_key(session, key) is None
    found = queries.machine_key(session, another)
    assert found is not None
    assert found.scopes == []


def test_sweep_forgets_old_first_answers_alone(session: Session):
    for number, age in enumerate([timedelta(days=8), timedelta(days=6)]):
        session.add(
            FirstAnswer(
                index=bytes([number]) * 16,
                request=b"r" * 32,
                status=200,
                body="{}",
                created_at=make.NOW - age,
            )
        )
    session.flush()
    assert service.sweep(session, now=make.NOW) == 1
    assert service.sweep(session, now=make.NOW) == 0
