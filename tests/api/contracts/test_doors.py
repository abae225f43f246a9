"""The doors of contracts, knocked at for real."""

import uuid
from typing import Any

import httpx
import pytest

from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.bills import service as bill_service
from api.contracts import service
from api.contracts.models import Contract
from api.contracts.rules import State
from api.people.models import Person
from tests.api.contracts.runs import at, bills, day, run
from tests.support import core, make


@pytest.fixture
def person(store) -> Person:
    with store.writing("arrange") as session:
        make.rules(session)
        return make.person(session)


@pytest.fixture
def chat(store, person) -> dict[str, str]:
    """The headers of a chat of this person with the people's bot."""
    address = ChatAddress("telegram", "people", "2001")
    with store.writing("arrange") as session:
        access.link(
            session,
            chat=address,
            person_id=person.id,
            masked_name="م*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )
    return {"X_Chat": str(address)}


def contract(store, person: Person | None = None, **facts: Any) -> Contract:
    with store.writing("arrange") as session:
        return make.contract(session, person=person, **facts)


async def knock(store, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    if method != "GET":
        headers = {"Idempotency_Key": uuid.uuid4().hex, **headers}
    async with core.doors(core.app(store), **headers) as doors:
        return await doors.request(method, path, json=body)


async def test_person_sees_their_contracts_and_no_other(store, person, chat):
    mine = contract(store, person, monthly_base=150_000_000, remind_day=5)
    old = contract(store, person, state=State.LAPSED)
    contract(store)
    answer = await knock(store, "GET", "/v1/contracts", **chat)
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [item["id"] for item in items] == [str(mine.id), str(old.id)]
    assert items[0] == {
        "id": str(mine.id),
        "number_tail": mine.number[-4:],
        "kind": "self_employed",
        "cover": "C",
        "monthly_base": 150_000_000,
        "state": "active",
        "paid_until": None,
        "lapses_on": None,
        "remind_day": 5,
    }


async def test_contract_says_until_when_it_is_paid_and_when_it_lapses(store, person, chat):
    contract(store, person)
    with store.writing("arrange") as session:
        for slot in ("1405-07-01", "1405-08-01", "1405-09-01"):
            run(session, service.bill, day(slot))
        bill_service.settle(session, bills(session)[:1], attempt="attempt:1", at=at(make.TODAY))
    (item,) = (await knock(store, "GET", "/v1/contracts", **chat)).json()["items"]
    assert item["paid_until"] == "1405-06"
    # Mehr was due at the end of Aban; three months on the last of Bahman is a Friday.
    assert item["lapses_on"] == day("1405-12-01").isoformat()


async def test_person_without_a_contract_has_an_empty_list(store, chat):
    assert (await knock(store, "GET", "/v1/contracts", **chat)).json() == {"items": []}


async def test_person_chooses_a_day_of_the_month_and_none(store, person, chat):
    mine = contract(store, person)
    path = f"/v1/contracts/{mine.id}/reminder"
    for said, kept in (({"day": 29}, 29), ({"day": None}, None), ({"day": 1}, 1), ({}, None)):
        assert (await knock(store, "POST", path, said, **chat)).status_code == 204
        with store.reading() as session:
            assert session.get_one(Contract, mine.id).remind_day == kept


@pytest.mark.parametrize("said", [{"day": 0}, {"day": 30}, {"day": "soon"}, {"hour": 3}])
async def test_day_that_not_every_month_has_is_refused(store, person, chat, said):
    mine = contract(store, person)
    answer = await knock(store, "POST", f"/v1/contracts/{mine.id}/reminder", said, **chat)
    assert answer.status_code == 422


async def test_contract_of_somebody_else_is_answered_as_one_that_is_not_there(store, chat):
    theirs = contract(store)
    answers = [
        await knock(store, "POST", f"/v1/contracts/{one}/reminder", {"day": 3}, **chat)
        for one in (theirs.id, uuid.uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["code"] == "contract_not_found"


async def test_closed_contract_reminds_of_nothing(store, person, chat):
    old = contract(store, person, state=State.LAPSED)
    answer = await knock(store, "POST", f"/v1/contracts/{old.id}/reminder", {"day": 3}, **chat)
    assert (answer.status_code, answer.json()["code"]) == (409, "contract_closed")


@pytest.fixture
def machine(store) -> dict[str, str]:
    with store.writing("arrange") as session:
        key = access.new_key(session, name="registry", scopes=["contracts"], now=make.NOW)
        return {"X_Key": key}


async def test_machine_puts_contracts_in_and_hears_what_was_refused(store, person, machine):
    with store.writing("arrange") as session:
        branch = make.branch(session).code
    sound = {
        "number": "40000017",
        "national_code": person.national_code,
        "kind": "voluntary",
        "monthly_base": 150_000_000,
        "branch_code": branch,
        "starts_on": "1404/01",
    }
    rows = [sound, {**sound, "number": "40000025", "monthly_base": 1}]
    answer = await knock(store, "PUT", "/v1/contracts", {"rows": rows}, **machine)
    assert answer.status_code == 200
    assert answer.json() == {
        "loaded": 1,
        "unchanged": 0,
        "refused": [{"place": 1, "field": "monthly_base", "reason": "below_floor"}],
    }


async def test_machine_without_the_scope_puts_nothing_in(store, person):
    with store.writing("arrange") as session:
        key = access.new_key(session, name="other", scopes=["debts"], now=make.NOW)
    row = {
        "number": "40000017",
        "national_code": person.national_code,
        "kind": "voluntary",
        "monthly_base": 150_000_000,
        "branch_code": "001",
        "starts_on": "1404-01",
    }
    answer = await knock(store, "PUT", "/v1/contracts", {"rows": [row]}, X_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
