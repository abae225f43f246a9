"""The doors of payments, knocked at for real."""

import uuid

import httpx
import pytest
from fastapi import FastAPI

from api import events
from api.payments import service
from api.payments.gateway import Unknown
from tests.api.payments.pal import MERCHANT
from tests.api.payments.town import Town
from tests.support import core, make, paying


@pytest.fixture
def app(town: Town) -> FastAPI:
    made = core.app(
        town.store,
        town.clock,
        zarinpal_root="http://bank.invalid",
        zarinpal_merchant=MERCHANT,
        public_url="https://hub.example/",
    )
    # Money is looked at alone; that bills ask payments stays connected.
    events.connect({})
    return made


async def post(app: FastAPI, town: Town, path: str, said: object = None) -> httpx.Response:
    headers = {**town.who.headers, "Idempotency_Key": uuid.uuid4().hex}
    async with core.doors(app, **headers) as doors:
        return await doors.post(path, json=said)


async def get(app: FastAPI, town: Town, path: str) -> httpx.Response:
    async with core.doors(app, **town.who.headers) as doors:
        return await doors.get(path)


async def link(app: FastAPI, town: Town, *bills: uuid.UUID) -> httpx.Response:
    return await post(app, town, "/v1/payments/links", {"bills": [str(one) for one in bills]})


async def paid_twice(town: Town) -> None:
    bill = town.owe()
    first, second = [await town.go(town.link(bill)) for _ in range(2)]
    for authority in (first, second):
        town.pay(authority)
        await town.back(authority)


async def test_link_leads_to_a_page_that_nobody_can_guess(app, town):
    first, second = town.owe(), town.owe(period="1405-07")
    answer = (await link(app, town, first.id, second.id)).json()
    address, _, token = answer.pop("url").rpartition("/")
    assert (address, len(token)) == ("https://hub.example/pay", 32)
    assert answer == {"amount": 8_500_000, "count": 2, "expires_at": "2026-12-02T06:50:00Z"}
    assert town.page(token).amount == 8_500_000


async def test_bills_that_cannot_be_paid_have_no_link(app, town):
    bill = town.owe()
    with town.store.writing("arrange") as session:
        foreign = paying.bill(session, make.person(session))
    strange = [await link(app, town, one) for one in (foreign.id, uuid.uuid4())]
    assert [one.status_code for one in strange] == [404, 404]
    assert strange[0].content == strange[1].content
    authority = await town.go(town.link(bill))
    town.pay(authority)
    town.bank.says = Unknown("timeout")
    await town.back(authority)
    checking = await link(app, town, bill.id)
    assert (checking.status_code, checking.json()["code"]) == (409, "bill_being_checked")
    page = (await get(app, town, "/v1/bills")).json()
    assert [item["pending"] for item in page["items"]] == [True]


@pytest.mark.parametrize("said", [{}, {"bills": []}, {"bills": ["x"]}, {"bills": 1}, {"amount": 1}])
async def test_link_of_another_form_is_refused(app, town, said):
    answer = await post(app, town, "/v1/payments/links", said)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_bill_named_twice_and_too_many_bills_are_refused(app, town):
    bill = town.owe()
    for bills in ([bill.id] * 2, [uuid.uuid4() for _ in range(25)]):
        assert (await link(app, town, *bills)).status_code == 422


async def test_without_a_gateway_paying_is_not_offered(town):
    answer = await link(core.app(town.store, town.clock), town, town.owe().id)
    assert (answer.status_code, answer.json()["code"]) == (409, "paying_unavailable")


async def test_receipts_and_credits_are_ones_own(app, town):
    await paid_twice(town)
    page = (await get(app, town, "/v1/payments")).json()
    assert page["count"] == 2
    assert sorted((len(item["items"]), item["credit"]) for item in page["items"]) == [
        (0, 4_250_000), (1, 0),
    ]  # fmt: skip
    owed = (await get(app, town, "/v1/payments/credits")).json()
    assert (owed["count"], owed["total"]) == (1, 4_250_000)
    assert (owed["items"][0]["reason"], owed["items"][0]["state"]) == ("already_settled", "open")
    with town.store.writing("arrange") as session:
        _, headers = paying.chat(session, make.person(session))
    async with core.doors(app, **headers) as doors:
        assert (await doors.get("/v1/payments")).json()["count"] == 0
        assert (await doors.get("/v1/payments/credits")).json()["count"] == 0


async def test_credit_is_asked_back_once_and_given_back_once(app, town):
    await paid_twice(town)
    credit = (await get(app, town, "/v1/payments/credits")).json()["items"][0]["id"]
    path = f"/v1/payments/credits/{credit}/refund"
    for _ in range(2):
        asked = await post(app, town, path)
        assert (asked.status_code, asked.json()["state"]) == (200, "refund_asked")
    with town.store.writing("refund") as session:
        service.refunded(session, credit_id=uuid.UUID(credit), actor="command:x", now=make.NOW)
    again = await post(app, town, path)
    assert (again.status_code, again.json()["code"]) == (409, "credit_refunded")
    assert (await get(app, town, "/v1/payments/credits")).json()["total"] == 0
    receipts = (await get(app, town, "/v1/payments")).json()["items"]
    assert sorted((item["credit"], item["given_back"]) for item in receipts) == [
        (0, 0), (0, 4_250_000),
    ]  # fmt: skip


async def test_credit_of_somebody_else_is_answered_as_one_that_is_not_there(app, town):
    await paid_twice(town)
    credit = (await get(app, town, "/v1/payments/credits")).json()["items"][0]["id"]
    with town.store.writing("arrange") as session:
        _, headers = paying.chat(session, make.person(session))
    async with core.doors(app, **headers) as doors:
        answers = [
            await doors.post(
                f"/v1/payments/credits/{one}/refund", headers={"Idempotency-Key": str(one)}
            )
            for one in (credit, uuid.uuid4())
        ]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
