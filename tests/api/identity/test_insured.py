"""Linking an insured person's chat: by the month in which the record begins."""

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from api.access import grants
from api.access.rules import ChatAddress
from api.people import queries as people
from tests.api.identity.conftest import Meeting
from tests.support import make

CHAT = ChatAddress("telegram", "people", "1001")
CODE = make.new_national_code(77_100)
FIRST = "1389-12"


@pytest.fixture
def insured(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """A mother whose record begins in Esfand 1389, who also speaks for a workplace of Tir 1398."""
    monkeypatch.setattr(grants, "_answers", {grants.CHILD: people.children_held})
    with meeting.store.writing("test") as session:
        person = make.person(session, national_code=CODE, phone="+989990077100")
        make.workshop(session, contacts=[person])
        make.record(session, person, {"1389-11": 0, FIRST: 12, "1390-01": 31})
        make.record(session, person, {"1389-10": 0, "1390-01": 5}, source="workshop:0180000002")
        make.dependant(session, of=person)
    return replace(meeting, chat=CHAT)


async def test_month_in_which_the_record_begins_links_the_chat(insured: Meeting):
    status, claim = await insured.open(CODE)
    assert (status, claim["question"]) == (200, "first_month")
    assert (await insured.fact(FIRST))[0] == 200
    status, welcome = await insured.code(insured.codes()[-1])
    assert (status, welcome["name"]) == (200, "م*** آ***")
    (child,) = welcome["grants"]
    assert (child["kind"], child["label"], child["role"]) == ("child", "ن*** آ***", "child")


@pytest.mark.parametrize("month", ["1389-11", "1390-01", "1398-04"])
async def test_no_other_month_does(insured: Meeting, month: str):
    await insured.open(CODE)
    assert (await insured.fact(month))[1] == {"code": "wrong_fact", "params": {"left": 4}}


async def test_employers_bot_does_not_take_the_month_of_the_record(insured: Meeting):
    employers = replace(insured, chat=ChatAddress("telegram", "employers", "3003"))
    _, claim = await employers.open(CODE)
    assert claim["question"] == "registration_month"
    assert (await employers.fact(FIRST))[1]["code"] == "wrong_fact"
    assert (await employers.fact("1398-04"))[0] == 200


async def unknown_person(meeting: Meeting) -> str:
    return make.new_national_code()


async def contact_without_a_record(meeting: Meeting) -> str:
    code = make.new_national_code()
    with meeting.store.writing("test") as session:
        person = make.person(session, national_code=code)
        make.workshop(session, contacts=[person])
    return code


async def person_of_empty_months(meeting: Meeting) -> str:
    code = make.new_national_code()
    with meeting.store.writing("test") as session:
        make.record(session, make.person(session, national_code=code), {"1400-05": 0})
    return code


@pytest.mark.parametrize("who", [unknown_person, contact_without_a_record, person_of_empty_months])
async def test_nobody_can_tell_who_is_insured(insured: Meeting, who: Any):
    code = await who(insured)
    statements: list[str] = []

    def count(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        statements.append(re.sub(r"sa_savepoint_\d+", "a savepoint", statement))

    async def walk(chat: str, national_code: str) -> tuple[list[Any], list[str]]:
        one = replace(insured, chat=ChatAddress("telegram", "people", chat), answers=[])
        statements.clear()
        await one.open(national_code)
        for _ in range(5):
            await one.fact("1400-05")
        await one.code("000000")
        shapes = [
            (answer.status_code, {**answer.json(), "id": ""}, sorted(answer.headers))
            for answer in one.answers
        ]
        return shapes, list(statements)

    event.listen(insured.store.bind, "before_cursor_execute", count)
    try:
        known, asked_of_known = await walk("1", CODE)
        stranger, asked_of_stranger = await walk("2", code)
    finally:
        event.remove(insured.store.bind, "before_cursor_execute", count)
    assert stranger == known
    assert asked_of_stranger == asked_of_known
