"""The doors of debts, knocked at for real."""

import uuid
from datetime import date
from typing import Any

import httpx
import pytest

from api.access import service as access
from api.debts.models import Debt
from api.debts.rules import Kind, State, Step
from tests.support import core, make
from tests.support.acting import Acting, acting, let_contacts_act


@pytest.fixture(autouse=True)
def _contacts_act(monkeypatch: pytest.MonkeyPatch) -> None:
    let_contacts_act(monkeypatch)


@pytest.fixture
def who(store) -> Acting:
    """A contact of a workshop, linked; the rules of fines are loaded."""
    with store.writing("arrange") as session:
        make.rules(session)
        return acting(session)


def owe(store, who: Acting | None = None, **facts: Any) -> Debt:
    with store.writing("arrange") as session:
        return make.debt(session, workshop=who.workshop if who else None, **facts)


@pytest.fixture
def machine(store) -> dict[str, str]:
    with store.writing("arrange") as session:
        return {
            "X_Key": access.new_key(session, name="registry", scopes=["debts"], now=make.NOW),
            "Idempotency_Key": uuid.uuid4().hex,
        }


async def get(store, path: str, **headers: str) -> httpx.Response:
    async with core.doors(core.app(store), **headers) as doors:
        return await doors.get(path)


async def test_contact_sees_what_the_workplace_owes(store, who):
    late = owe(store, who, objection_until=date(2027, 1, 5), kind=Kind.ESTIMATED)
    first = owe(store, who)
    owe(store, who, state=State.CLOSED)
    owe(store)
    answer = await get(store, "/v1/debts", **who.headers)
    assert answer.status_code == 200
    page = answer.json()
    assert [item["id"] for item in page["items"]] == [str(first.id), str(late.id)]
    assert page["items"][0] == {
        "id": str(first.id),
        "number_tail": first.number[-4:],
        "period_from": "1405-04",
        "period_to": "1405-05",
        "total": 83_200_000,
        "objection_until": "2026-12-22",
        "state": "open",
        "step": "notice",
        "kind": "definite",
    }
    assert (page["count"], page["total"], page["as_of"]) == (2, 163_200_000, "2026-12-02")


async def test_workplace_that_owes_nothing_has_an_empty_list(store, who):
    page = (await get(store, "/v1/debts", **who.headers)).json()
    assert page == {"items": [], "count": 0, "total": 0, "as_of": "2026-12-02"}


async def test_debt_is_explained_line_by_line(store, who):
    debt = owe(store, who, step=Step.ENFORCEMENT, list_fine=8_000_000, paid=10_000_000)
    shown = (await get(store, f"/v1/debts/{debt.id}", **who.headers)).json()
    assert [(line["code"], line["amount"]) for line in shown["lines"]] == [
        ("principal", 80_000_000),
        ("list_fine", 8_000_000),
        ("late_fine", 2_800_000),
        ("enforcement_fee", 3_500_000),
        ("paid", -10_000_000),
    ]
    assert shown["lines"][2]["facts"] == {
        "percent": "2",
        "months": 2,
        "base": 70_000_000,
        "first_day": "2026-10-23",
    }
    assert shown["total"] == sum(line["amount"] for line in shown["lines"])
    assert shown["workshop"] == f"*{who.workshop.code[-4:]} {who.workshop.name}"
    assert shown["number"] == debt.number


async def test_closed_debt_comes_to_nothing(store, who):
    debt = owe(store, who, state=State.CLOSED)
    shown = (await get(store, f"/v1/debts/{debt.id}", **who.headers)).json()
    assert (shown["state"], shown["total"], shown["lines"]) == ("closed", 0, [])


async def test_debt_of_somebody_else_is_answered_as_one_that_is_not_there(store, who):
    foreign = owe(store)
    answers = [
        await get(store, f"/v1/debts/{debt_id}", **who.headers)
        for debt_id in (foreign.id, uuid.uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert answers[0].json() == {"code": "debt_not_found", "params": {}}


async def test_id_that_is_none_is_refused_by_field(store, who):
    answer = await get(store, "/v1/debts/1234", **who.headers)
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, "debt")


async def put(store, headers: dict[str, str], *rows: dict[str, Any]) -> httpx.Response:
    async with core.doors(core.app(store), **headers) as doors:
        return await doors.put("/v1/debts", json={"rows": list(rows)})


async def test_machine_puts_debts_in_and_their_workplace_sees_them(store, who, machine):
    stray = make.debt_row("9999999999", number="0000000000025")
    answer = await put(store, machine, make.debt_row(who.workshop.code), stray)
    assert answer.json() == {
        "loaded": 1,
        "unchanged": 0,
        "refused": [{"place": 1, "field": "workshop_code", "reason": "unknown_workshop"}],
    }
    page = (await get(store, "/v1/debts", **who.headers)).json()
    assert [item["number_tail"] for item in page["items"]] == ["0017"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"number": "17"}, "rows.0.number"),
        ({"principal": -1}, "rows.0.principal"),
        ({"principal": 2**63}, "rows.0.principal"),
        ({"period_to": "1405-13"}, "rows.0.period_to"),
        ({"kind": "guess"}, "rows.0.kind"),
        ({"due_on": "1405/07/30"}, "rows.0.due_on"),
        ({"reason": "\0"}, "rows.0.reason"),
        ({"version": 9}, "rows.0.version"),
    ],
)
async def test_row_of_another_form_is_refused_by_field(store, machine, changed, field):
    answer = await put(store, machine, make.debt_row("0183630045", **changed))
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, field)


async def test_reason_in_words_is_taken_as_from_a_file(store, who, machine):
    answer = await put(store, machine, make.debt_row(who.workshop.code, reason="late_list"))
    assert answer.json()["loaded"] == 1


async def test_two_rows_of_one_number_are_refused(store, machine):
    answer = await put(store, machine, make.debt_row("0183630045"), make.debt_row("0183630045"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_machine_closes_a_debt_once_and_again(store, who, machine):
    debt = owe(store, who)
    async with core.doors(core.app(store), **machine) as doors:
        for key in ("first", "second"):
            answer = await doors.post(
                f"/v1/debts/{debt.number}/close", headers={"Idempotency-Key": key}
            )
            assert answer.status_code == 204
        absent = await doors.post(
            "/v1/debts/9999999999999/close", headers={"Idempotency-Key": "third"}
        )
    assert absent.json()["code"] == "debt_not_found"
    assert (await get(store, "/v1/debts", **who.headers)).json()["count"] == 0


async def test_bots_may_not_put_debts_in(store):
    answer = await put(store, {"Idempotency_Key": "one"}, make.debt_row("0183630045"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_machine_without_the_scope_may_not_either(store):
    with store.writing("arrange") as session:
        key = access.new_key(session, name="other", scopes=["people"], now=make.NOW)
    answer = await put(store, {"X_Key": key, "Idempotency_Key": "one"}, make.debt_row("0183630045"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
