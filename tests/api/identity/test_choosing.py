"""Linking by one's last workplace among four: who passes, who does not, and what nobody can tell."""

import re
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, text

from api.access import grants
from api.access.rules import ChatAddress
from api.identity import choosing, rules, service
from api.people import queries as people
from tests.api.identity.conftest import Meeting
from tests.support import make

CHAT = ChatAddress("telegram", "people", "1001")
CODE = make.new_national_code(77_200)
LAST = "نان سپیده"
OTHERS = {"خیاطی مهر", "نجاری آذر", "چاپ بهار", "قالی آبان", "کفش دی"}


@pytest.fixture
def insured(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Somebody who worked at two workplaces, and pays for themself since; six are registered round."""
    monkeypatch.setattr(grants, "_answers", {grants.CHILD: people.children_held})
    with meeting.store.writing("test") as session:
        person = make.person(session, national_code=CODE, phone="+989990077200")
        last = make.workshop(session, name=LAST)
        before, *_ = [make.workshop(session, name=name) for name in sorted(OTHERS)]
        make.record(session, person, {"1390-01": 31}, source=f"workshop:{before.code}")
        # The record spells it otherwise than the registry.
        make.record(
            session,
            person,
            {"1400-01": 31, "1400-02": 0},
            source=f"workshop:{last.code}",
            place_name="نانوایی سپیده",
        )
        make.record(session, person, {"1402-05": 31}, source="contract:1", place_name="")
        # As the registry lists months of contracts and places of long ago: it is no workshop.
        make.record(session, person, {"1402-06": 31}, source="workshop:9990000000")
    return replace(meeting, chat=CHAT)


async def shown(meeting: Meeting) -> list[str]:
    status, body = await meeting.knock(f"/{meeting.claim}/workplaces")
    assert status == 200, body
    return list(body["names"])


async def choose(meeting: Meeting, place: int) -> tuple[int, dict[str, Any]]:
    return await meeting.knock(f"/{meeting.claim}/fact", workplace=place)


def place_of(names: list[str], *, right: bool) -> int:
    return next(place for place, name in enumerate(names, 1) if (name == LAST) is right)


async def test_last_workplace_among_four_links_the_chat(insured: Meeting):
    await insured.open(CODE)
    names = await shown(insured)
    assert len(set(names)) == 4
    assert set(names) - {LAST} < OTHERS | {"کارگاه نان سحر", "نان سحر"}
    assert (await choose(insured, place_of(names, right=True)))[0] == 200
    assert (await insured.code(insured.codes()[-1]))[0] == 200


async def test_one_wrong_guess_is_all_whatever_the_chat_and_the_month_does_still(insured: Meeting):
    await insured.open(CODE)
    names = await shown(insured)
    wrong = place_of(names, right=False)
    assert await choose(insured, wrong) == (422, {"code": "wrong_fact", "params": {"left": 4}})
    other = replace(insured, chat=ChatAddress("telegram", "people", "2002"))
    await other.open(CODE)
    for one in (insured, other):
        refused = await one.knock(f"/{one.claim}/workplaces")
        assert refused == (409, {"code": "no_choice", "params": {}})
        assert (await choose(one, place_of(names, right=True)))[1]["code"] == "no_choice"
    # It is no wrong answer of the chat.
    assert (await insured.fact("1390-02"))[1]["params"] == {"left": 3}
    assert (await insured.fact("1390-01"))[0] == 200


async def test_same_four_are_shown_each_time_and_others_a_month_later(insured: Meeting):
    await insured.open(CODE)
    names = await shown(insured)
    for chat in ("2002", "3003"):
        other = replace(insured, chat=ChatAddress("telegram", "people", chat))
        await other.open(CODE)
        assert await shown(other) == names
    await choose(insured, place_of(names, right=False))
    insured.clock.now += rules.MEMORY
    with insured.store.writing("test") as session:
        assert service.sweep(session, now=insured.clock.now + timedelta(seconds=1)) > 0
    await insured.open(CODE)
    again = await shown(insured)
    assert (await choose(insured, place_of(again, right=True)))[0] == 200


async def test_right_guess_does_not_count(insured: Meeting):
    for chat in ("1", "2"):
        one = replace(insured, chat=ChatAddress("telegram", "people", chat))
        await one.open(CODE)
        assert (await choose(one, place_of(await shown(one), right=True)))[0] == 200
        insured.clock.now += timedelta(minutes=2)


async def test_guess_without_a_look_is_none(insured: Meeting):
    await insured.open(CODE)
    assert (await choose(insured, 1))[1] == {"code": "no_choice", "params": {}}


@pytest.mark.parametrize("said", [{}, {"workplace": 5}, {"workplace": 1, "month": "1390-01"}])
async def test_fact_is_one_of_the_two(insured: Meeting, said: dict[str, Any]):
    await insured.open(CODE)
    assert (await insured.knock(f"/{insured.claim}/fact", **said))[0] == 422


ELSEWHERE = "آسیاب سپید"


@pytest.fixture
def contact(insured: Meeting, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """The same person speaks for one of an employer's workplaces, of which there are three more."""
    monkeypatch.setattr(
        grants, "_answers", {one: lambda *_, **__: {} for one in (grants.CHILD, grants.WORKSHOP)}
    )
    with insured.store.writing("test") as session:
        person = people.by_id(session, people.ids_by_national_code(session, [CODE])[CODE])
        assert person is not None
        employer = make.employer(session)
        make.workshop(session, contacts=[person], employer=employer, name="شعبه سپهر ۱")
        # Its name is on the papers of the other, but for a figure.
        make.workshop(session, employer=employer, name="شعبه سپهر ۲")
        make.workshop(session, employer=employer, name="کوره سیلو", active=False)
        make.workshop(session, employer=employer, name=ELSEWHERE)
    return replace(insured, chat=ChatAddress("telegram", "employers", "3003"))


async def test_another_workplace_of_the_employer_links_who_speaks_for_one(
    contact: Meeting, monkeypatch: pytest.MonkeyPatch
):
    beside: list[str] = []

    class Dice(Random):
        def sample(self, population: Any, k: int, **_: Any) -> list[Any]:
            beside.extend(population)
            return super().sample(population, k)

    monkeypatch.setattr(choosing, "_random", Dice(1405))
    await contact.open(CODE)
    names = await shown(contact)
    assert len(set(names)) == 4
    assert ELSEWHERE in names
    # Whatever else would be right, or is on a paper, stands beside it by no chance.
    assert not {"شعبه سپهر ۱", "شعبه سپهر ۲", "کوره سیلو"} & set(beside)
    assert (await choose(contact, names.index(ELSEWHERE) + 1))[0] == 200


async def test_employers_guess_is_another_than_that_of_the_insured(contact: Meeting):
    await contact.open(CODE)
    names = await shown(contact)
    wrong = (names.index(ELSEWHERE) + 1) % 4 + 1
    assert (await choose(contact, wrong))[1]["code"] == "wrong_fact"
    assert (await contact.knock(f"/{contact.claim}/workplaces"))[1]["code"] == "no_choice"
    insured = replace(contact, chat=CHAT)
    await insured.open(CODE)
    assert LAST in await shown(insured)


async def test_who_speaks_for_all_of_an_employers_workplaces_has_no_right_one(meeting: Meeting):
    with meeting.store.writing("test") as session:
        for name in OTHERS:
            make.workshop(session, name=name)
    await meeting.open()
    names = await shown(meeting)
    assert len(names) == 4
    # As nobody's: the first is wrong for everybody.
    assert (await choose(meeting, 1))[1]["code"] == "wrong_fact"


async def test_too_few_workplaces_are_no_choice(meeting: Meeting):
    people_chat = replace(meeting, chat=CHAT)
    await people_chat.open(CODE)
    # The country of this test has two.
    assert (await people_chat.knock(f"/{people_chat.claim}/workplaces"))[1]["code"] == "no_choice"


async def test_names_are_kept_sealed(insured: Meeting):
    await insured.open(CODE)
    names = await shown(insured)
    with insured.store.reading() as session:
        kept = session.execute(text("SELECT shown FROM workplace_choices")).scalar_one()
    assert names[0].encode() not in bytes(kept)


async def at_an_unregistered_place(meeting: Meeting) -> str:
    code = make.new_national_code()
    with meeting.store.writing("test") as session:
        person = make.person(session, national_code=code)
        make.record(session, person, {"1402-05": 31}, source="workshop:9990000000")
    return code


async def unknown_person(_meeting: Meeting) -> str:
    return make.new_national_code()


async def who_only_pays_for_themself(meeting: Meeting) -> str:
    code = make.new_national_code()
    with meeting.store.writing("test") as session:
        person = make.person(session, national_code=code)
        make.record(session, person, {"1402-05": 31}, source="contract:1", place_name="")
    return code


@pytest.mark.parametrize(
    "who", [unknown_person, who_only_pays_for_themself, at_an_unregistered_place]
)
async def test_nobody_can_tell_who_had_a_workplace(insured: Meeting, who: Any):
    await alike(insured, "people", LAST, await who(insured))


async def test_nobody_can_tell_whose_employer_has_another_workplace(contact: Meeting):
    await alike(contact, "employers", ELSEWHERE, await unknown_person(contact))


async def alike(insured: Meeting, audience: str, right: str, code: str) -> None:
    """Hold what is answered, and asked of the store, about somebody against the same about another."""
    statements: list[str] = []

    def count(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        statements.append(re.sub(r"sa_savepoint_\d+", "a savepoint", statement))

    async def walk(chat: str, national_code: str) -> tuple[list[Any], list[str]]:
        one = replace(insured, chat=ChatAddress("telegram", audience, chat), answers=[])
        statements.clear()
        await one.open(national_code)
        names = await shown(one)
        assert await shown(one) == names
        await choose(one, next(place for place, name in enumerate(names, 1) if name != right))
        await choose(one, 1)
        shapes = [
            (answer.status_code, sorted(answer.json()), answer.json().get("params"))
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
