"""Requests moved on from the command line: an answer in a line, a refusal in a sentence."""

from typing import Any

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from api.audit.models import Entry
from api.booklets.rules import Way
from api.commands import line, requests
from api.commands.troubles import CannotDo
from api.requests import service
from api.requests.rules import Satisfaction
from tests.api.booklets import office
from tests.support import make, papers

POST = "016790405700038450001000"


def advance(store, number: str, stage: str, **given: Any) -> str:
    usual: dict[str, Any] = {"tracking": None, "reason": None, "now": lambda: make.NOW}
    return requests.advance(store, number, stage, **{**usual, **given})


@pytest.fixture
def mina(store):
    with store.writing("arrange") as session:
        return office.insured(session)


@pytest.fixture
def number(store, mina) -> str:
    with store.writing("arrange") as session:
        return office.requested(session, mina).number


def test_request_is_moved_on_and_it_is_written_down(store, mina, number):
    typed = f"{number[:4]} {number[4:]}"
    assert advance(store, typed, "printed") == number
    advance(store, number, "handed_to_post", tracking=POST)
    with store.reading() as session:
        assert service.show(session, person_id=mina.id, number=number).stage == "handed_to_post"
        entries = session.scalars(select(Entry).where(Entry.verb == "booklets.advance")).all()
    assert {(one.actor, one.subject) for one in entries} == {
        ("command:request", f"request:{number}")
    }
    assert sorted(one.detail["stage"] for one in entries) == ["handed_to_post", "printed"]


@pytest.mark.parametrize(
    ("stage", "given", "told"),
    [
        ("lost", {}, "There is no stage 'lost': say one of requested, "),
        ("delivered", {}, "is issued: from there it can go to printed."),
        ("rejected", {"reason": "بی‌پوشش"}, "is issued: from there it can go to printed."),
    ],
)
def test_move_that_cannot_be_is_refused_in_a_sentence(store, number, stage, given, told):
    with pytest.raises(CannotDo) as no:
        advance(store, number, stage, **given)
    assert told in str(no.value)


def test_post_without_its_number_is_refused_in_a_sentence(store, number):
    advance(store, number, "printed")
    for given in ({}, {"tracking": "?"}):
        with pytest.raises(CannotDo, match="add --tracking"):
            advance(store, number, "handed_to_post", **given)


def test_rejection_without_a_reason_is_refused_in_a_sentence(store, mina):
    with store.writing("arrange") as session:
        number = office.requested(session, mina, **office.LOST).number
    with pytest.raises(CannotDo, match="add --reason"):
        advance(store, number, "rejected")
    advance(store, number, "rejected", reason="عکس خوانا نیست")
    with pytest.raises(CannotDo, match=f"Request {number} is rejected: that is its end"):
        advance(store, number, "printed")


def test_paper_is_not_found_good_where_what_is_owed_has_no_rule(store, mina, tmp_path):
    with store.writing("arrange") as session:
        office.charged(session, tmp_path, way=Way.REGISTERED, cost=350_000)
        paper = office.a_paper(session, mina)
        number = office.requested(session, mina, **office.STOLEN, paper_id=paper).number
        session.execute(text("DELETE FROM rule_tables WHERE name = 'booklets'"))
    with pytest.raises(CannotDo, match="No rule table 'booklets' is in force"):
        advance(store, number, "fee_due")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("4820193370", "There is no request 4820193370."),
        ("4820193371", "'4820193371' is no number of a request (check_digit): it has ten digits."),
        ("B-20417", "'B-20417' is no number of a request (not_digits): it has ten digits."),
    ],
)
def test_number_that_is_none_is_refused_in_a_sentence(store, number, told):
    with pytest.raises(CannotDo) as no:
        advance(store, number, "printed")
    assert str(no.value) == told


def test_command_is_there_to_be_typed():
    shown = CliRunner().invoke(line.app, ["request", "advance", "--help"])
    assert shown.exit_code == 0
    for word in ("number", "stage", "--tracking", "--reason"):
        assert word in shown.output.lower()


def test_share_of_the_satisfied_is_of_those_who_answered(store):
    said = [Satisfaction.VERY_SATISFIED, Satisfaction.SATISFIED, Satisfaction.NEITHER, None]
    with store.writing("arrange") as session:
        for one in said:
            person = make.person(session)
            made = service.begin(
                session,
                kind="booklet",
                person_id=person.id,
                subject_id=person.id,
                only=None,
                stage="delivered",
                due_on=None,
                now=make.NOW,
            )
            made.satisfaction = one
    assert requests.satisfaction(store) == [
        "booklet: 66.7%; 2 of 3 answers, 4 delivered",
        "  very_satisfied: 1",
        "  satisfied: 1",
        "  neither: 1",
        "  unsatisfied: 0",
        "  very_unsatisfied: 0",
    ]


def test_before_anything_is_delivered_there_is_no_share(store, number):
    assert requests.satisfaction(store) == []
    for stage, given in (
        ("printed", {}),
        ("handed_to_post", {"tracking": POST}),
        ("delivered", {}),
    ):
        advance(store, number, stage, **given)
    told = requests.satisfaction(store)
    assert told[0] == "booklet: nobody answered; 0 of 0 answers, 1 delivered"


def test_papers_of_a_request_are_written_out_and_the_look_is_written_down(store, mina, tmp_path):
    with store.writing("arrange") as session:
        paper = office.a_paper(session, mina)
        number = office.requested(session, mina, **office.STOLEN, paper_id=paper).number
    [path] = requests.papers(store, number, tmp_path / "papers", now=lambda: make.NOW)
    assert path.name == f"{number}-1.pdf"
    assert path.read_bytes() == papers.pdf()
    assert path.stat().st_mode & 0o777 == 0o600
    with store.reading() as session:
        [entry] = session.scalars(select(Entry).where(Entry.verb == "files.read"))
    assert (entry.subject, entry.detail) == (f"request:{number}", {"files": 1})
    with pytest.raises(CannotDo, match="is there already, and stays"):
        requests.papers(store, number, tmp_path / "papers", now=lambda: make.NOW)


def test_request_without_papers_writes_none_and_one_that_is_not_there_is_told(
    store, number, tmp_path
):
    assert requests.papers(store, number, tmp_path, now=lambda: make.NOW) == []
    with pytest.raises(CannotDo, match="is no number of a request"):
        requests.papers(store, "0000000000", tmp_path, now=lambda: make.NOW)
