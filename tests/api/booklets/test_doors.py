"""The doors of booklets and requests, knocked at for real."""

import uuid
from typing import Any

import httpx
import pytest

from api import reactions
from api.booklets import service
from api.booklets.rules import Stage
from api.kit.calendar import today
from api.payments.events import BillsSettled
from tests.api.booklets import office
from tests.support import core, make


@pytest.fixture
def mina(store):
    with store.writing("arrange") as session:
        return office.insured(session)


@pytest.fixture
def headers(store, mina) -> dict[str, str]:
    with store.writing("arrange") as session:
        return office.chat_of(session, mina)


async def get(store, path: str, headers: dict[str, str]) -> httpx.Response:
    async with core.doors(core.app(store), **headers) as doors:
        return await doors.get(path)


async def post(store, path: str, headers: dict[str, str], body: Any) -> httpx.Response:
    key = {"Idempotency_Key": uuid.uuid4().hex}
    async with core.doors(core.app(store), **headers, **key) as doors:
        return await doors.post(path, json=body)


LOST = {"kind": "duplicate", "loss": "lost", "how": "registered"}


async def test_booklet_is_offered_asked_for_and_followed(store, headers):
    terms = await get(store, "/v1/booklets/terms", headers)
    assert terms.json() == {"registered_address": "تهران، خیابان آ***"}
    offer = (await post(store, "/v1/booklets/offers", headers, LOST)).json()
    assert (offer["cost"], offer["day"]) == (1_731_000, "2026-12-12")
    assert offer["lines"] == [
        {
            "code": "duplicate_fee",
            "amount": 1_731_000,
            "facts": {"percent": "50", "base": 3_463_656, "again": False},
        }
    ]
    made = (await post(store, "/v1/booklets", headers, {"offer": offer["id"]})).json()
    assert (made["stage"], made["cost"], made["due"]) == ("fee_due", 1_731_000, "2026-12-12")
    again = (await post(store, "/v1/booklets", headers, {"offer": offer["id"]})).json()
    assert again == made
    shown = (await get(store, f"/v1/requests/{made['number']}", headers)).json()
    assert shown["stages"][-1] == {
        "stage": "fee_due",
        "on": "2026-12-02",
        "note": {"bill": made["bill"], "amount": 1_731_000},
    }
    listed = (await get(store, "/v1/requests", headers)).json()
    assert [(one["number"], one["stage"]) for one in listed["items"]] == [
        (made["number"], "fee_due")
    ]


async def test_payment_of_the_fee_issues_the_booklet(store, headers, mina):
    with store.writing("arrange") as session:
        made = office.requested(session, mina, **office.LOST)
    assert made.bill is not None
    with store.writing("pay") as session:
        settled = BillsSettled((made.bill,), mina.id, uuid.uuid4(), make.NOW)
        for hearer in reactions.WHO_HEARS[BillsSettled]:
            hearer(session, settled)
    shown = (await get(store, f"/v1/requests/{made.number}", headers)).json()
    assert (shown["stage"], shown["since"]) == (Stage.ISSUED, today(make.NOW).isoformat())


async def test_request_of_another_is_answered_as_one_that_is_not_there(store, headers):
    with store.writing("arrange") as session:
        theirs = office.requested(session, office.insured(session)).number
    answers = [await get(store, f"/v1/requests/{one}", headers) for one in (theirs, "4820193370")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert answers[0].json() == {"code": "request_not_found", "params": {}}


async def test_offer_of_another_is_answered_as_one_that_is_not_there(store, headers):
    with store.writing("arrange") as session:
        theirs = office.offered(session, office.insured(session)).id
    answers = [
        await post(store, "/v1/booklets", headers, {"offer": str(one)})
        for one in (theirs, uuid.uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


async def test_stranger_and_nobody_are_one_answer(store, headers):
    with store.writing("arrange") as session:
        stranger = make.person(session).id
    answers = [
        await post(
            store,
            "/v1/booklets/offers",
            headers,
            {"whom": str(one), "kind": "first", "how": "registered"},
        )
        for one in (stranger, uuid.uuid4())
    ]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json() == {"code": "unknown_member", "params": {}}


HOME = {"address": "یزد، کوچهٔ دوم، پلاک ۷", "postal_code": "۸۹۱۳۷-۱۵۳۵۱"}


async def test_another_address_needs_its_postal_code(store, headers):
    asked = {"kind": "first", "how": "another"}
    answer = await post(store, "/v1/booklets/offers", headers, {**asked, **HOME})
    assert answer.status_code == 200
    bare = {**asked, "address": HOME["address"]}
    refused = await post(store, "/v1/booklets/offers", headers, bare)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "seventh", "how": "registered"}, "kind"),
        ({"kind": "first", "how": "pigeon"}, "how"),
        ({"kind": "duplicate", "how": "registered"}, "body"),
        ({"kind": "first", "loss": "lost", "how": "registered"}, "body"),
        ({"kind": "first", "how": "branch"}, "body"),
        ({"kind": "first", "how": "another"}, "body"),
        ({"kind": "first", "how": "another", **HOME, "address": "کوچه"}, "address"),
        ({"kind": "first", "how": "another", **HOME, "address": "\0" * 20}, "address"),
        ({"kind": "first", "how": "another", **HOME, "postal_code": "123"}, "postal_code"),
        ({"kind": "first", "how": "another", **HOME, "postal_code": ""}, "postal_code"),
        ({"kind": "first", "how": "registered", "cost": 0}, "cost"),
        ({"kind": "first", "how": "registered", "whom": "me"}, "whom"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_by_field(store, headers, asked, field):
    answer = await post(store, "/v1/booklets/offers", headers, asked)
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, field)


@pytest.mark.parametrize("number", ["1234", "482019337x", "48201933700"])
async def test_number_of_another_form_is_refused(store, headers, number):
    answer = await get(store, f"/v1/requests/{number}", headers)
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, "number")


async def test_chat_that_is_linked_to_nobody_is_told_so(store):
    stranger = {"X_Chat": "telegram:people:9"}
    for path in ("/v1/requests", "/v1/requests/4820193370", "/v1/booklets/terms"):
        assert (await get(store, path, stranger)).json()["code"] == "not_linked"


async def test_satisfaction_is_said_of_what_was_delivered(store, headers, mina):
    with store.writing("arrange") as session:
        number = office.requested(session, mina).number
    path = f"/v1/requests/{number}/satisfaction"
    said = {"satisfaction": "very_satisfied"}
    early = await post(store, path, headers, said)
    assert (early.status_code, early.json()["code"]) == (409, "not_delivered")
    with store.writing("deliver") as session:
        for stage, given in (
            (Stage.PRINTED, {}),
            (Stage.HANDED_TO_POST, {"tracking": "12345"}),
            (Stage.DELIVERED, {}),
        ):
            service.advance(session, number=number, stage=stage, now=make.NOW, **given)
    assert (await post(store, path, headers, said)).status_code == 204
    shown = (await get(store, f"/v1/requests/{number}", headers)).json()
    assert shown["satisfaction"] == "very_satisfied"
    assert (await post(store, path, headers, {"satisfaction": "5"})).status_code == 422


async def test_nobody_judges_the_request_of_another(store, headers):
    with store.writing("arrange") as session:
        theirs = office.requested(session, office.insured(session)).number
    answers = [
        await post(store, f"/v1/requests/{one}/satisfaction", headers, {"satisfaction": "neither"})
        for one in (theirs, "4820193370")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
