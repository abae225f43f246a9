"""The bank answers merchants as ZarinPal does, takes money as its payer decides, and keeps its own book."""

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.bank.vault import Deed
from sandbox.bank.words import WORDS
from tests.sandbox.conftest import Desk, Opener

MERCHANT = "00000000-1111-2222-3333-444444444444"
ANOTHER = MERCHANT[::-1]
AMOUNT = 4_250_000


async def knock(desk: Desk, method: str, **given: Any) -> tuple[int, Any]:
    url = f"{desk.url}/pg/v4/payment/{method}.json"
    async with desk.http.post(url, json={"merchant_id": MERCHANT, **given}) as answer:
        return answer.status, await answer.json()


async def ask(desk: Desk, **given: Any) -> str:
    asked = {
        "amount": AMOUNT,
        "description": "قبض آبان",
        "callback_url": "http://127.0.0.1:9/pay/return/secret?kept=1",
        "metadata": {"order_id": "o-1"},
    }
    _, body = await knock(desk, "request", **(asked | given))
    assert body["errors"] == []
    assert (body["data"]["code"], body["data"]["message"]) == (100, "Success")
    authority = str(body["data"]["authority"])
    assert re.fullmatch(r"A\d{35}", authority)
    return authority


async def verify(desk: Desk, authority: str, amount: int = AMOUNT, **given: Any) -> int:
    """The code of an answer, success or failure."""
    _, body = await knock(desk, "verify", amount=amount, authority=authority, **given)
    return int((body["data"] or body["errors"])["code"])


async def decide(
    desk: Desk, authority: str, deed: str, *, expect: int = 303, **form: str
) -> tuple[str, str]:
    """Press a button of the page; gives where it leads and what it says."""
    async with desk.http.post(
        f"{desk.url}/pg/StartPay/{authority}", data={"deed": deed, **form}, allow_redirects=False
    ) as answer:
        assert answer.status == expect
        return answer.headers.get("Location", ""), await answer.text()


async def book(desk: Desk) -> Any:
    return await desk.get("/desk/money")


async def test_money_paid_is_verified_once_and_again_as_before(desk: Desk):
    authority = await ask(desk)
    assert await verify(desk, authority) == -51
    back, _ = await decide(desk, authority, "pay")
    assert back == (f"http://127.0.0.1:9/pay/return/secret?kept=1&Authority={authority}&Status=OK")
    assert (await book(desk))["held"] == AMOUNT
    _, first = await knock(desk, "verify", amount=AMOUNT, authority=authority)
    assert first["errors"] == []
    assert first["data"]["code"] == 100
    assert re.fullmatch(r"\d{6}\*{6}\d{4}", first["data"]["card_pan"])
    _, again = await knock(desk, "verify", amount=AMOUNT, authority=authority)
    assert again["data"] == first["data"] | {"code": 101, "message": "Verified"}
    said = await book(desk)
    assert (said["kept"], said["held"]) == (AMOUNT, 0)
    (row,) = said["money"]
    assert (row["authority"], row["state"], row["paid"], row["order_id"]) == (
        authority,
        "verified",
        AMOUNT,
        "o-1",
    )
    assert row["reference"] == first["data"]["ref_id"]


@pytest.mark.parametrize("deed", ["decline", "cancel"])
async def test_whoever_does_not_pay_comes_back_without_money(desk: Desk, deed):
    authority = await ask(desk)
    back, _ = await decide(desk, authority, deed)
    assert back.endswith("Status=NOK")
    assert await verify(desk, authority) == -51
    assert (await book(desk))["kept"] == (await book(desk))["held"] == 0


async def test_another_amount_is_kept_as_it_was_paid(desk: Desk):
    authority = await ask(desk)
    await decide(desk, authority, "other", paid="1000000")
    assert await verify(desk, authority) == -50
    assert (await book(desk))["held"] == 1_000_000
    assert await verify(desk, authority, 1_000_000) == 100


async def test_whoever_never_comes_back_has_paid(desk: Desk):
    authority = await ask(desk)
    back, page = await decide(desk, authority, "vanish", expect=200)
    assert back == ""
    assert WORDS["fa"]["vanished"] in page
    assert await verify(desk, authority) == 100


async def test_a_slow_bank_answers_in_its_own_time(desk: Desk):
    authority = await ask(desk)
    slow = asyncio.create_task(decide(desk, authority, "slow", seconds="3"))
    await asyncio.sleep(0.1)
    assert await verify(desk, authority) == -51
    assert (await slow)[0].endswith("Status=OK")
    assert await verify(desk, authority) == 100


async def test_some_come_back_twice(desk: Desk):
    seen: list[dict[str, str]] = []
    came = asyncio.Event()

    async def door(request: web.Request) -> web.Response:
        seen.append(dict(request.query))
        came.set()
        return web.Response()

    app = web.Application()
    app.router.add_get("/return", door)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    callback = f"http://127.0.0.1:{runner.addresses[0][1]}/return"
    authority = await ask(desk, callback_url=callback)
    back, _ = await decide(desk, authority, "twice")
    await asyncio.wait_for(came.wait(), 30)
    async with desk.http.get(back):
        pass
    assert seen == [{"Authority": authority, "Status": "OK"}] * 2
    await runner.cleanup()


async def test_a_payment_is_decided_once(desk: Desk):
    authority = await ask(desk)
    await decide(desk, authority, "cancel")
    _, page = await decide(desk, authority, "pay", expect=409)
    assert WORDS["fa"]["state_cancelled"] in page
    assert await verify(desk, authority) == -51


async def test_money_that_nobody_verifies_goes_back(open_desk: Opener):
    desk = await open_desk(money_goes_back_s=0)
    authority = await ask(desk)
    await decide(desk, authority, "pay")
    assert await verify(desk, authority) == -51
    said = await book(desk)
    assert (said["kept"], said["held"], said["money"][0]["state"]) == (0, 0, "went_back")
    assert "money_back" in [line["call"] for line in await desk.log("bank")]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"merchant_id": "short"}, -9, "merchant_id"),
        ({"amount": 999}, -9, "amount"),
        ({"amount": "4250000"}, -9, "amount"),
        ({"amount": True}, -9, "amount"),
        ({"amount": 10**15}, -9, "amount"),
        ({"currency": "USD"}, -9, "currency"),
        ({"description": ""}, -9, "description"),
        ({"description": "\ud800"}, -9, "merchant_id"),
        ({"callback_url": "javascript:alert(1)"}, -9, "callback_url"),
        ({"callback_url": "http://[broken"}, -9, "callback_url"),
        ({"metadata": {"order_id": 7}}, -9, "metadata"),
        ({"expire_in": 60}, -40, ""),
    ],
)
async def test_a_wrong_question_is_refused_with_the_other_shape(desk: Desk, given, code, field):
    good = {"amount": AMOUNT, "description": "قبض", "callback_url": "http://127.0.0.1:9/r"}
    _, body = await knock(desk, "request", **(good | given))
    assert body["data"] == []
    assert body["errors"]["code"] == code
    assert [list(one) for one in body["errors"]["validations"]] == ([[field]] if field else [])
    assert (await book(desk))["money"] == []


async def test_a_body_that_is_no_object_is_refused(desk: Desk):
    for body in (b"", b"[1]", b"{", b"[" * 100_000):
        async with desk.http.post(f"{desk.url}/pg/v4/payment/request.json", data=body) as answer:
            assert (await answer.json())["errors"]["code"] == -9


async def test_tomans_are_ten_rials(desk: Desk):
    authority = await ask(desk, amount=425_000, currency="IRT")
    await decide(desk, authority, "pay")
    assert await verify(desk, authority, AMOUNT) == 100


async def test_another_merchant_or_an_unknown_payment_is_not_verified(desk: Desk):
    authority = await ask(desk)
    await decide(desk, authority, "pay")
    assert await verify(desk, authority, merchant_id=ANOTHER) == -53
    assert await verify(desk, "A" + "0" * 35) == -54
    assert await verify(desk, "short") == -9


async def test_a_bank_may_know_one_merchant_only(open_desk: Opener):
    desk = await open_desk(merchant=ANOTHER)
    _, body = await knock(desk, "verify", amount=AMOUNT, authority="A" + "0" * 35)
    assert body["errors"]["code"] == -10


async def fault(desk: Desk, **given: Any) -> None:
    await desk.post("/desk/faults", service="bank", times=1, **given)


async def test_a_cut_line_after_verifying_leaves_the_money_kept(desk: Desk):
    authority = await ask(desk)
    await decide(desk, authority, "pay")
    await fault(desk, kind="drop_after", call="verify", address=authority)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await verify(desk, authority)
    assert (await book(desk))["kept"] == AMOUNT
    assert await verify(desk, authority) == 101


async def test_a_cut_line_or_an_error_before_changes_nothing(desk: Desk):
    authority = await ask(desk)
    await decide(desk, authority, "pay")
    await fault(desk, kind="drop_before", call="verify")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await verify(desk, authority)
    await fault(desk, kind="error", status=503, call="verify")
    url = f"{desk.url}/pg/v4/payment/verify.json"
    async with desk.http.post(url, json={"merchant_id": MERCHANT}) as answer:
        assert (answer.status, answer.content_type) == (503, "text/plain")
    await fault(desk, kind="flood", retry_after=7)
    status, body = await knock(desk, "verify", amount=AMOUNT, authority=authority)
    assert (status, body["errors"]["code"]) == (429, -12)
    assert (await book(desk))["held"] == AMOUNT
    assert await verify(desk, authority) == 100


async def test_a_bank_that_hangs_is_given_up_by_its_caller(desk: Desk):
    await fault(desk, kind="slow", ms=60_000, call="request", address="o-1")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ask(desk), 0.2)


async def test_the_desk_decides_for_a_payer_and_says_where_to_go_back(desk: Desk):
    authority = await ask(desk)
    said = await desk.post("/desk/money", authority=authority, deed="other", paid=5_000)
    assert (said["payment"]["paid"], said["payment"]["state"]) == (5_000, "paid")
    assert said["way_back"].endswith(f"Authority={authority}&Status=OK")
    for status, body in (
        (409, {"authority": authority}),
        (404, {"authority": "A"}),
        (422, {"authority": authority, "deed": "steal"}),
        (422, {"authority": authority, "paid": -1}),
    ):
        await desk.post("/desk/money", expect=status, **body)


async def test_every_call_and_every_deed_stands_in_the_log(desk: Desk):
    authority = await ask(desk)
    await decide(desk, authority, "pay")
    await verify(desk, authority, 1)
    await verify(desk, authority)
    lines = await desk.log("bank")
    assert [(line["call"], line["accepted"]) for line in lines] == [
        ("request", True),
        ("pay", True),
        ("verify", False),
        ("verify", True),
    ]
    assert {line["address"] for line in lines} == {authority}
    assert lines[0]["reference"] == "o-1"
    assert (lines[2]["result"], lines[3]["result"]["code"]) == (-50, 100)


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("en", "ltr")])
async def test_the_page_says_what_is_paid_and_changes_nothing(desk: Desk, language, direction):
    authority = await ask(desk, description="<b>قبض</b>")
    url = f"{desk.url}/pg/StartPay/{authority}"
    for method in ("HEAD", "GET"):
        async with desk.http.request(method, url, params={"lang": language}) as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert ("۴٬۲۵۰٬۰۰۰" if language == "fa" else "4,250,000") in page
    assert "&lt;b&gt;" in page
    assert "form-action 'self' http://127.0.0.1:9" in policy
    assert "<script" not in page
    for deed in Deed:
        assert f'value="{deed}"' in page
    assert (await book(desk))["money"][0]["state"] == "waiting"


async def test_what_the_page_cannot_do_is_said_in_words(desk: Desk):
    authority = await ask(desk)
    for form in ({"deed": "steal"}, {"deed": "other", "paid": "-5"}, {"deed": "other"}):
        async with desk.http.post(f"{desk.url}/pg/StartPay/{authority}", data=form) as answer:
            assert answer.status == 422
            assert WORDS["fa"]["wrong"] in await answer.text()
    async with desk.http.get(f"{desk.url}/pg/StartPay/A0") as answer:
        assert answer.status == 404
        assert WORDS["fa"]["unknown"] in await answer.text()


def test_every_word_is_there_in_both_languages_with_the_same_holes():
    assert WORDS["fa"].keys() == WORDS["en"].keys()
    for key, text in WORDS["fa"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", WORDS["en"][key])), key
