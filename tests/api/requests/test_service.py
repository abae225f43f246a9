"""Requests: begun once, moved on, and shown to the one who asked alone."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from api.kit.identifiers import mask_name
from api.people.models import Person
from api.requests import queries, service
from api.requests.models import Request
from api.requests.refusals import NotDelivered, RequestNotFound
from api.requests.rules import Satisfaction
from api.requests.service import OpenAlready
from tests.support import make


def begin(session, person: Person, *, subject: Person | None = None, **changed: Any) -> Request:
    usual = {
        "kind": "booklet",
        "only": None,
        "stage": "requested",
        "due_on": make.TODAY,
        "now": make.NOW,
    }
    return service.begin(
        session,
        person_id=person.id,
        subject_id=(subject or person).id,
        **{**usual, **changed},
    )


def test_stages_are_kept_in_their_order_with_what_was_noted(session):
    mina = make.person(session)
    request = begin(session, mina)
    later = make.NOW + timedelta(days=2)
    service.move(session, request, stage="printed", now=later)
    service.move(session, request, stage="posted", now=later, note={"tracking": "12345"})
    shown = service.show(session, person_id=mina.id, number=request.number)
    assert [(one.stage, one.note) for one in shown.stages] == [
        ("requested", {}),
        ("printed", {}),
        ("posted", {"tracking": "12345"}),
    ]
    assert (shown.stage, shown.since, shown.asked_on) == ("posted", later.date(), make.TODAY)
    assert (shown.due_on, shown.closed, shown.for_whom) == (make.TODAY, False, None)


def test_request_of_another_is_answered_as_one_that_is_not_there(session):
    request = begin(session, make.person(session))
    other = make.person(session)
    for number in (request.number, "4820193370"):
        with pytest.raises(RequestNotFound) as no:
            service.show(session, person_id=other.id, number=number)
        assert no.value.params == {}


def test_one_for_whom_it_was_asked_is_named_masked_and_does_not_see_it(session):
    mina = make.person(session)
    child = make.dependant(session, of=mina)
    request = begin(session, mina, subject=child)
    (line,) = service.mine(session, person_id=mina.id).items
    assert line.for_whom == mask_name(child.first_name, child.last_name)
    with pytest.raises(RequestNotFound):
        service.show(session, person_id=child.id, number=request.number)


def test_newest_comes_first_and_the_closed_one_is_expected_no_more(session):
    mina = make.person(session)
    old = begin(session, mina)
    new = begin(session, mina, now=make.NOW + timedelta(days=1))
    service.move(session, old, stage="done", now=make.NOW + timedelta(days=2), closed=True)
    items = service.mine(session, person_id=mina.id).items
    assert [(one.number, one.closed, one.due_on) for one in items] == [
        (new.number, False, make.TODAY),
        (old.number, True, None),
    ]


def test_what_may_be_asked_once_at_a_time_is_open_once_and_again_after_its_end(session):
    mina = make.person(session)
    first = begin(session, mina, only="booklet:1")
    with pytest.raises(OpenAlready) as there:
        begin(session, mina, only="booklet:1")
    assert there.value.request is first
    service.move(session, first, stage="done", now=make.NOW, closed=True)
    assert begin(session, mina, only="booklet:1").number != first.number


def test_number_that_is_taken_is_passed_over(session, monkeypatch: pytest.MonkeyPatch):
    mina = make.person(session)
    taken = begin(session, mina).number
    given = iter([taken, taken, "4820193370"])
    monkeypatch.setattr(service, "_new_number", lambda: next(given))
    assert begin(session, mina, only="booklet:1").number == "4820193370"


def test_of_two_at_the_same_moment_one_is_begun(fresh_store):
    with fresh_store.writing("arrange") as session:
        mina = make.person(session)
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def ask() -> None:
        together.wait()
        try:
            with fresh_store.writing("ask") as session:
                begin(session, mina, only="booklet:1")
        except OpenAlready:
            outcomes.append("open already")
        else:
            outcomes.append("begun")

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert sorted(outcomes) == ["begun", "open already"]
    with fresh_store.reading() as session:
        assert len(queries.of_person(session, mina.id, limit=9)) == 1


def delivered(session, person: Person, **changed: Any) -> Request:
    made = begin(session, person, **changed)
    service.move(session, made, stage="delivered", now=make.NOW, closed=True)
    return made


def satisfied(session, person: Person, request: Request, said: Satisfaction) -> None:
    service.satisfied(session, person_id=person.id, number=request.number, satisfaction=said)


def test_last_answer_to_how_it_went_counts(session):
    mina = make.person(session)
    request = delivered(session, mina)
    for said in (Satisfaction.UNSATISFIED, Satisfaction.SATISFIED):
        satisfied(session, mina, request, said)
    shown = service.show(session, person_id=mina.id, number=request.number)
    assert shown.satisfaction is Satisfaction.SATISFIED
    assert queries.satisfaction(session) == [("booklet", Satisfaction.SATISFIED, 1)]


@pytest.mark.parametrize("stage", ["requested", "handed_to_post", "returned", "rejected"])
def test_nobody_judges_what_was_not_delivered(session, stage):
    mina = make.person(session)
    request = begin(session, mina, stage=stage)
    with pytest.raises(NotDelivered):
        satisfied(session, mina, request, Satisfaction.SATISFIED)


def test_nobody_judges_the_request_of_another(session):
    request = delivered(session, make.person(session))
    with pytest.raises(RequestNotFound):
        satisfied(session, make.person(session), request, Satisfaction.VERY_UNSATISFIED)
    assert request.satisfaction is None
