"""What is asked of ZarinPal, and how its answers are read, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from api.payments import gateway
from api.payments.gateway import Asked, NotPaid, Refused, Unknown, Verified
from api.payments.zarinpal import ZarinPal
from tests.api.payments import pal as pals
from tests.api.payments.pal import MERCHANT, Pal
from tests.support import core

ASK: Any = {
    "amount": 4_250_000,
    "order": "11",
    "callback": "http://hub/pay/return/x",
    "description": "قبض",
}


@pytest.fixture
async def pal() -> AsyncIterator[Pal]:
    async with pals.opened() as opened:
        yield opened


@pytest.fixture
async def bank(pal: Pal) -> AsyncIterator[ZarinPal]:
    opened = ZarinPal(pal.url + "/", SecretStr(MERCHANT), seconds=30, at_once=3)
    yield opened
    await opened.close()


async def test_payment_is_announced_in_rials_and_without_the_payer(pal, bank):
    asked = await bank.ask(**ASK)
    (authority,) = pal.amounts
    assert asked == Asked(authority, f"{pal.url}/pg/StartPay/{authority}")
    assert pal.heard == [{
        "merchant_id": MERCHANT,
        "amount": 4_250_000,
        "currency": "IRR",
        "callback_url": "http://hub/pay/return/x",
        "description": "قبض",
        "metadata": {"order_id": "11"},
    }]  # fmt: skip


async def test_money_is_verified_now_and_again_by_the_same_number(pal, bank):
    asked = await bank.ask(**ASK)
    pal.paid[asked.authority] = 4_250_000
    first = await bank.verify(amount=4_250_000, authority=asked.authority)
    assert first == Verified("202", "999999******1234")
    assert await bank.verify(amount=4_250_000, authority=asked.authority) == first


async def test_what_nobody_paid_or_paid_otherwise_is_told_apart(pal, bank):
    asked = await bank.ask(**ASK)
    verify = {"amount": 4_250_000, "authority": asked.authority}
    assert await bank.verify(**verify) == NotPaid()
    pal.paid[asked.authority] = 4_250
    assert await bank.verify(**verify) == Refused("-50")
    assert await bank.verify(amount=4_250_000, authority="A0") == Refused("-54")


def _said(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="application/json")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (pals.failed(-11), "-11"),
        (pals.failed(-12, 429), "-12"),
        (pals.failed(-52), "-52"),
        (_said('{"data": {"code": 100}, "errors": []}', 502), "status_502"),
        (_said("<html>busy</html>"), "form"),
        (_said("[]"), "form"),
        (_said('{"data": [], "errors": []}'), "form"),
        (_said('{"data": {"code": true}, "errors": []}'), "form"),
        (_said('{"data": {"code": "100", "ref_id": 1}}'), "form"),
        (_said('{"data": {"code": 100}, "errors": []}'), "reference"),
        (_said('{"data": {"code": 100, "ref_id": "1; --"}, "errors": []}'), "reference"),
        (_said('{"data": {"code": 100, "ref_id": 1}, "errors": []}' + " " * 100_000), None),
    ],
)
async def test_answer_that_says_nothing_is_unknown(pal, bank, answer, reason):
    pal.answer = answer
    outcome = await bank.verify(amount=1000, authority="A1")
    assert outcome == (Verified("1", None) if reason is None else Unknown(reason))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (pals.failed(-9, 422), Refused("-9")),
        (pals.failed(-11), Refused("-11")),
        (_said('{"data": {"code": 100, "authority": "../x"}, "errors": []}'), Unknown("authority")),
        (_said("", 503), Unknown("status_503")),
    ],
)
async def test_payment_that_is_not_announced_has_no_address(pal, bank, answer, said):
    pal.answer = answer
    assert await bank.ask(**ASK) == said


async def test_card_is_kept_masked_whatever_the_gateway_shows(pal, bank):
    pal.answer = _said(
        '{"data": {"code": 100, "ref_id": 1, "card_pan": "9999991234561234"}, "errors": []}'
    )
    outcome = await bank.verify(amount=1000, authority="A1")
    assert outcome == Verified("1", "999999******1234")


async def test_gateway_that_hangs_is_left_in_time_and_asked_by_few_at_once(pal):
    pal.hangs = True
    bank = ZarinPal(pal.url, SecretStr(MERCHANT), seconds=2, at_once=3)
    questions = [bank.verify(amount=1000, authority=f"A{one}") for one in range(12)]
    async with asyncio.timeout(20):
        outcomes = await asyncio.gather(*questions)
    await bank.close()
    assert set(outcomes) == {Unknown("timeout")}
    assert pal.most_inside == 3


async def test_gateway_that_is_away_is_unknown():
    bank = ZarinPal("http://127.0.0.1:9", SecretStr(MERCHANT), seconds=30)
    assert await bank.ask(**ASK) == Unknown("ClientConnectorError")
    await bank.close()


async def test_gateway_is_the_one_of_the_settings():
    assert gateway.of(core.settings()) is None
    made = gateway.of(core.settings(zarinpal_root="http://bank", zarinpal_merchant=MERCHANT))
    assert isinstance(made, ZarinPal)
    await made.close()
