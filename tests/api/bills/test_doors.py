"""The doors of bills, knocked at for real."""

import uuid
from typing import Any

import pytest

from api.bills import checking, service
from api.bills.models import Bill
from tests.support import core, make, paying


@pytest.fixture
def who(store) -> paying.Payer:
    with store.writing("arrange") as session:
        return paying.payer(session)


def owe(store, who: paying.Payer, **changed: Any) -> Bill:
    with store.writing("arrange") as session:
        return paying.bill(session, who.person, **changed)


async def get(store, path: str, who: paying.Payer):
    async with core.doors(core.app(store), **who.headers) as doors:
        return await doors.get(path)


async def test_person_sees_what_is_to_be_paid_oldest_first(store, who):
    late = owe(store, who)
    early = owe(store, who, period="1405-07", assessed=4_000_000)
    with store.writing("arrange") as session:
        service.cancel(session, [paying.bill(session, who.person).id], make.NOW)
        paying.bill(session, make.person(session))
    page = (await get(store, "/v1/bills", who)).json()
    assert [item["id"] for item in page["items"]] == [str(early.id), str(late.id)]
    assert (page["count"], page["total"], page["as_of"]) == (2, 8_250_000, "2026-12-02")
    shown = page["items"][0]
    assert len(shown.pop("payment_ids")) == 1
    assert shown == {
        "id": str(early.id),
        "payer_of": str(early.payer_of),
        "title_code": "contribution",
        "period": "1405-07",
        "amount": 4_000_000,
        "due_on": "2026-12-21",
        "state": "open",
        "bill_id": early.bill_id,
        "pending": False,
    }


async def test_bill_is_explained_line_by_line(store, who):
    bill = owe(store, who, assessed=4_250_321)
    shown = (await get(store, f"/v1/bills/{bill.id}", who)).json()
    assert sum(line["amount"] for line in shown["lines"]) == shown["amount"] + shown["carried"]
    assert (shown["carried"], shown["issued_on"]) == (321, "2026-11-22")


async def test_very_large_bill_has_several_payment_ids(store, who):
    bill = owe(store, who, assessed=150_000_000_000)
    shown = (await get(store, f"/v1/bills/{bill.id}", who)).json()
    assert len(set(shown["payment_ids"])) == 2


async def test_bill_of_somebody_else_is_answered_as_one_that_is_not_there(store, who):
    with store.writing("arrange") as session:
        foreign = paying.bill(session, make.person(session))
    answers = [await get(store, f"/v1/bills/{one}", who) for one in (foreign.id, uuid.uuid4())]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert answers[0].json() == {"code": "bill_not_found", "params": {}}


async def test_bill_that_is_being_confirmed_says_so(store, who):
    bill = owe(store, who)
    application = core.app(store)
    checking.connect(lambda _session, ids: set(ids) & {bill.id})
    async with core.doors(application, **who.headers) as doors:
        page = (await doors.get("/v1/bills")).json()
        shown = (await doors.get(f"/v1/bills/{bill.id}")).json()
    checking.connect(None)
    assert page["items"][0]["pending"] is shown["pending"] is True
