"""The doors of the pay page: looking changes nothing, pressing pays once, strangers get nothing."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from api.db import Base, Store
from api.kit.language import Language
from api.payments.gateway import NotPaid, Unknown
from api.portal import answering, forms
from tests.api.portal.bank import (
    AMOUNT,
    PAID,
    ROOT,
    Bank,
    Payer,
    close_bill,
    is_settled,
    link,
)
from tests.support import core


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with store.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table))))
            for table in Base.metadata.sorted_tables
        }


def form_of(page: httpx.Response) -> dict[str, str]:
    """What the form of a page carries."""
    (token,) = re.findall(r'<input type="hidden" name="form" value="([^"]+)">', page.text)
    return {"form": token}


async def press(browser: httpx.AsyncClient, token: str) -> httpx.Response:
    """Look at a pay page and press its button."""
    page = await browser.get(f"/pay/{token}")
    return await browser.post(f"/pay/{token}", data=form_of(page))


async def come_back(
    browser: httpx.AsyncClient, bank: Bank, status: str = "OK", authority: str | None = None
) -> httpx.Response:
    """Come back from the bank, and land on the page that says what became of it."""
    brought = {"Authority": authority or bank.authority, "Status": status}
    return await browser.get(bank.way_back, params=brought, follow_redirects=True)


async def test_a_bill_is_paid_from_the_link_to_the_thanks(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer
):
    pressed = await press(browser, mina.token)
    assert pressed.status_code == 303
    assert pressed.headers["location"] == f"{ROOT}/pg/StartPay/{bank.authority}"
    bank.outcome = PAID
    page = await come_back(browser, bank)
    assert page.status_code == 200
    assert "<h1>Paid</h1>" in page.text
    assert "201456789" in page.text
    assert bank.asked[0][0] == AMOUNT
    assert bank.verified == [(AMOUNT, bank.authority)]
    with store.reading() as session:
        assert is_settled(session, mina.bill_id)


async def test_looking_changes_nothing(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer
):
    before = everything(store)
    preview = {"user-agent": "TelegramBot (like TwitterBot)", "sec-fetch-site": "none"}
    for method in ("GET", "HEAD"):
        for path in (f"/pay/{mina.token}", "/pay/nothing", "/pay/done/nothing", "/pay/return/x"):
            await browser.request(method, path, headers=preview)
    assert (await browser.head(f"/pay/{mina.token}")).status_code == 200
    assert (await browser.head("/pay/return/x")).status_code == 405
    assert everything(store) == before
    assert bank.asked == bank.verified == []


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"form": ""},
        {"form": "x" * 24},
        {"amount": "1000"},
    ],
)
async def test_a_press_that_no_page_of_ours_carried_pays_nothing(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer, said: dict[str, str]
):
    before = everything(store)
    answer = await browser.post(f"/pay/{mina.token}", data=said)
    assert answer.status_code == 403
    # The person is where they were: the page is there again, with its button.
    assert form_of(answer) == {"form": forms.token(f"/pay/{mina.token}")}
    assert (everything(store), bank.asked) == (before, [])


async def test_the_token_of_another_page_is_no_token(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer
):
    other = {"form": forms.token("/pay/another")}
    assert (await browser.post(f"/pay/{mina.token}", data=other)).status_code == 403
    assert bank.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://elsewhere.example"},
    ],
)
async def test_a_strangers_page_cannot_press(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer, headers: dict[str, str]
):
    form = form_of(await browser.get(f"/pay/{mina.token}"))
    answer = await browser.post(f"/pay/{mina.token}", data=form, headers=headers)
    assert (answer.status_code, bank.asked) == (403, [])


@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:8000"])
async def test_our_own_page_may_say_where_it_stands(
    browser: httpx.AsyncClient, mina: Payer, origin: str
):
    form = form_of(await browser.get(f"/pay/{mina.token}"))
    answer = await browser.post(f"/pay/{mina.token}", data=form, headers={"origin": origin})
    assert answer.status_code == 303


async def test_an_amount_from_the_browser_is_not_read(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer
):
    form = form_of(await browser.get(f"/pay/{mina.token}"))
    changed = {"amount": "1000", "bill": "x", "token": "y", **form}
    pressed = await browser.post(f"/pay/{mina.token}?amount=1000", data=changed)
    assert pressed.status_code == 303
    assert bank.asked[0][0] == AMOUNT


async def test_a_body_without_end_is_not_read(browser: httpx.AsyncClient, bank: Bank, mina: Payer):
    read = 0

    async def endless() -> Any:
        nonlocal read
        for _ in range(1000):
            read += 1024
            yield b"x" * 1024

    answer = await browser.post(
        f"/pay/{mina.token}",
        content=endless(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert (answer.status_code, bank.asked) == (403, [])


@pytest.mark.parametrize("wrong", ["x", "A" * 32, "a" * 3000, "%00", "%ff%fe", "سلام"])
async def test_a_wrong_token_is_the_same_page_at_the_same_cost(
    browser: httpx.AsyncClient, store: Store, mina: Payer, wrong: str
):
    def counted() -> list[str]:
        said: list[str] = []
        event.listen(store.bind, "before_cursor_execute", lambda *a: said.append(a[2]))
        return said

    never = await browser.get("/pay/" + "B" * 32)
    statements = counted()
    answer = await browser.get("/pay/" + wrong)
    assert answer.status_code == 404
    assert answer.text == never.text
    assert len([one for one in statements if one.startswith("SELECT")]) == 1


async def test_a_page_that_is_over_says_so(
    browser: httpx.AsyncClient, clock: core.Clock, bank: Bank, mina: Payer
):
    form = form_of(await browser.get(f"/pay/{mina.token}"))
    clock.now += timedelta(minutes=20)
    late = await browser.get(f"/pay/{mina.token}")
    assert late.status_code == 410
    pressed = await browser.post(f"/pay/{mina.token}", data=form)
    assert (pressed.status_code, bank.asked) == (410, [])


async def test_a_bill_that_was_paid_on_another_page_is_not_paid_again(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer
):
    with store.writing("test") as session:
        second = link(session, mina.person, mina.chat, mina.bill_id)
    form = form_of(await browser.get(f"/pay/{second}"))
    bank.outcome = PAID
    await press(browser, mina.token)
    await come_back(browser, bank)
    pressed = await browser.post(f"/pay/{second}?lang=en", data=form)
    assert "Paid already" in pressed.text
    assert len(bank.asked) == 1


async def test_two_payers_at_once_settle_once_and_the_second_keeps_the_money(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer
):
    with store.writing("test") as session:
        second = link(session, mina.person, mina.chat, mina.bill_id)
    await press(browser, mina.token)
    first_back, first = bank.way_back, bank.authority
    await press(browser, second)
    bank.outcome = PAID
    await come_back(browser, bank)
    bank.outcome = type(PAID)("201456790", None)
    page = await browser.get(
        first_back, params={"Authority": first, "Status": "OK"}, follow_redirects=True
    )
    assert "Your money has arrived" in page.text
    assert "4,250,000 rials of it settled nothing" in page.text


async def test_a_closed_bill_has_nothing_to_pay(
    browser: httpx.AsyncClient, store: Store, mina: Payer
):
    with store.writing("test") as session:
        close_bill(session, mina.bill_id)
    assert (await browser.get(f"/pay/{mina.token}")).status_code == 404


async def test_a_bank_that_does_not_answer_costs_nothing(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer
):
    bank.away = True
    answer = await press(browser, mina.token)
    assert answer.status_code == 503
    assert "Nothing was paid" in answer.text
    bank.away = False
    again = await browser.post(f"/pay/{mina.token}", data=form_of(answer))
    assert again.status_code == 303


async def test_without_a_gateway_the_page_says_that_nothing_was_paid(
    app: FastAPI, browser: httpx.AsyncClient, mina: Payer
):
    app.state.gateway = None
    answer = await press(browser, mina.token)
    assert (answer.status_code, "Nothing was paid" in answer.text) == (503, True)


async def test_who_turns_back_at_the_bank_can_try_again(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer
):
    await press(browser, mina.token)
    page = await come_back(browser, bank, status="NOK")
    assert "You turned back at the bank" in page.text
    assert f'action="/pay/{mina.token}"' in page.text
    again = await browser.post(f"/pay/{mina.token}", data=form_of(page))
    assert again.status_code == 303


async def test_a_payment_that_did_not_come_about_leaves_the_bill_open(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer
):
    await press(browser, mina.token)
    bank.outcome = NotPaid()
    page = await come_back(browser, bank)
    assert "The payment was not completed" in page.text
    assert "Your bill is still open" in page.text


async def test_a_payment_that_is_not_yet_confirmed_is_not_to_be_paid_again(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer
):
    await press(browser, mina.token)
    bank.outcome = Unknown("timeout")
    page = await come_back(browser, bank)
    assert "Please do not pay again" in page.text
    assert page.headers["refresh"] == "5"
    # The page looks again: at our own store, not at the bank.
    await browser.get(page.url.path)
    assert len(bank.verified) == 1
    # Its own link says the same, and pressing an older page of it pays nothing.
    pressed = await browser.post(
        f"/pay/{mina.token}", data={"form": forms.token(f"/pay/{mina.token}")}
    )
    assert "Please do not pay again" in pressed.text
    assert len(bank.asked) == 1


async def test_who_turned_back_before_a_bank_that_is_silent_is_told_no_payment_of_theirs(
    browser: httpx.AsyncClient, bank: Bank, mina: Payer
):
    await press(browser, mina.token)
    bank.outcome = Unknown("timeout")
    back = await come_back(browser, bank, status="NOK")
    own = await browser.get(f"/pay/{mina.token}")
    for page in (back, own):
        assert "We are asking it whether anything was paid" in page.text
        assert "being confirmed" not in page.text
        assert "<form" not in page.text
        assert page.headers["refresh"] == "5"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?Status=OK",
        "?Authority=A00000000000000000000000000000000009&Status=OK",
        "?Authority=&Status=OK&Amount=1",
    ],
)
async def test_a_forged_return_settles_nothing(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer, query: str
):
    await press(browser, mina.token)
    bank.outcome = PAID
    await browser.get(bank.way_back + query, follow_redirects=True)
    assert bank.verified == []
    with store.reading() as session:
        assert not is_settled(session, mina.bill_id)


async def test_a_return_of_nobody_asks_nobody(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer
):
    await press(browser, mina.token)
    before = everything(store)
    brought = {"Authority": bank.authority, "Status": "OK"}
    page = await browser.get("/pay/return/" + "x" * 32, params=brought, follow_redirects=True)
    assert page.status_code == 404
    assert (bank.verified, everything(store)) == ([], before)


async def test_coming_back_twice_pays_once(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer
):
    await press(browser, mina.token)
    bank.outcome = PAID
    first = await come_back(browser, bank)
    before = everything(store)
    second = await come_back(browser, bank)
    assert second.text == first.text
    assert (len(bank.verified), everything(store)) == (1, before)


async def test_no_answer_may_be_kept_framed_followed_or_indexed(
    browser: httpx.AsyncClient, mina: Payer
):
    pages = [
        await browser.get(f"/pay/{mina.token}"),
        await press(browser, mina.token),
        await browser.get("/pay/nothing"),
        await browser.get("/pay/no/such/page"),
        await browser.get("/enter/nothing"),
        await browser.get("/my/receipts"),
        await browser.delete(f"/pay/{mina.token}"),
    ]
    for page in pages:
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-robots-tag"].startswith("noindex")
        assert page.headers["x-content-type-options"] == "nosniff"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "strict-transport-security" not in page.headers


async def test_by_https_a_browser_is_told_to_stay_with_it(store: Store, mina: Payer):
    app = core.app(store, public_url="https://hub.example")
    async with core.doors(app) as browser:
        answer = await browser.get(f"/pay/{mina.token}")
    assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "fa", "en"),  # The link was made in English.
        ("?lang=fa", "en", "fa"),
        ("?lang=xx", "fa", "en"),
        ("?lang=", "fa", "en"),
    ],
)
async def test_a_page_speaks_the_language_of_its_link_until_another_is_chosen(
    browser: httpx.AsyncClient, mina: Payer, query: str, header: str, language: str
):
    page = await browser.get(f"/pay/{mina.token}{query}", headers={"accept-language": header})
    assert f'<html lang="{language}"' in page.text
    assert page.headers["content-language"] == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fa-IR,fa;q=0.9", "fa"),
        ("en-US,en", "en"),
        ("de,en;q=0.5", "en"),
        ("ar-IQ", "ar"),
        ("ku", "ckb"),
        ("de", "fa"),
        ("", "fa"),
    ],
)
async def test_a_page_of_nobody_speaks_the_browsers_language(
    browser: httpx.AsyncClient, header: str, language: str
):
    page = await browser.get("/pay/nothing", headers={"accept-language": header})
    assert f'<html lang="{language}" dir="{Language(language).direction}"' in page.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/pay/no/such/page", 404),
        ("PUT", "/pay/x", 405),
        ("GET", "/my/nothing", 404),
        ("GET", "/my/receipts/none.pdf", 404),
        ("GET", "/portal/secrets.txt", 404),
        ("GET", "/portal/..%2fpages.py", 404),
        ("GET", "/enter/", 404),
    ],
)
async def test_what_is_no_page_is_answered_with_a_page(
    browser: httpx.AsyncClient, method: str, path: str, status: int
):
    answer = await browser.request(method, path)
    assert answer.status_code == status
    assert "There is no page at this address" in answer.text


async def test_a_store_that_is_away_is_a_page_that_says_nothing_is_lost(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    def away(*_args: Any, **_facts: Any) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr("api.payments.service.page_of", away)
    answer = await browser.get("/pay/x")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text
    assert answer.headers["retry-after"] == "1"


async def test_a_fault_of_ours_is_a_page_without_our_insides(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    def fault(*_args: Any, **_facts: Any) -> None:
        raise LookupError("secret inside")

    monkeypatch.setattr("api.payments.service.page_of", fault)
    answer = await browser.get("/pay/x")
    assert answer.status_code == 500
    assert "The fault is ours" in answer.text
    assert "secret inside" not in answer.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("portal.css", "text/css; charset=utf-8"),
        ("vazirmatn.woff2", "font/woff2"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_style_and_font_come_from_us(browser: httpx.AsyncClient, name: str, kind: str):
    answer = await browser.get(f"/portal/{name}")
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"].startswith("public")


async def test_a_page_names_no_other_host(browser: httpx.AsyncClient, mina: Payer):
    page = await browser.get(f"/pay/{mina.token}")
    assert re.findall(r"https?://", page.text) == []
    assert "<script" not in page.text
    assert " style=" not in page.text


def test_only_pages_are_answered_with_pages():
    assert answering.is_page("/pay/x")
    assert not answering.is_page("/v1/payments")
    assert not answering.is_page("/payments")
