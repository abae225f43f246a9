"""Receipts behind the sign-in: one address, one opening, one person's papers."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from api.access import service as access
from api.access import signin
from api.bills.rules import Purpose
from api.db import Store, new_id
from api.kit.language import Language
from api.payments import service as payments
from api.payments.schemas import PaidItem, PaymentOut
from api.portal import forms, receipts
from api.printing.printer import Paper, Printer
from tests.api.portal.bank import PAID, Bank, Payer, link, payer
from tests.api.portal.test_doors import come_back, everything, form_of, press
from tests.support import core, make


class Press:
    """A printer that keeps what it was to print."""

    def __init__(self) -> None:
        self.papers: list[Paper] = []

    async def pdf(self, paper: Paper) -> bytes:
        self.papers.append(paper)
        return b"%PDF-"


@pytest.fixture
def printer(app: FastAPI) -> Press:
    made = Press()
    app.state.printer = made
    return made


def offered(store: Store, to: Payer) -> str:
    """Give somebody's chat an address to sign in by."""
    with store.writing("test") as session:
        return signin.offer(session, link_id=to.chat.id, person_id=to.person.id, now=make.NOW)


async def enter(browser: httpx.AsyncClient, token: str) -> httpx.Response:
    """Open the address, confirm, and land on the list."""
    page = await browser.get(f"/enter/{token}")
    return await browser.post(f"/enter/{token}", data=form_of(page), follow_redirects=True)


async def pay(browser: httpx.AsyncClient, bank: Bank, who: Payer) -> None:
    """Pay somebody's bill."""
    bank.outcome = PAID
    await press(browser, who.token)
    await come_back(browser, bank)


def papers_of(page: httpx.Response) -> list[str]:
    """Where the list leads."""
    return re.findall(r'href="(/my/receipts/[^"]+)"', page.text)


async def test_the_address_from_the_chat_opens_the_receipts(
    browser: httpx.AsyncClient, store: Store, bank: Bank, printer: Press, mina: Payer
):
    await pay(browser, bank, mina)
    page = await enter(browser, offered(store, mina))
    assert page.url.path == "/my/receipts"
    assert "4,250,000 rials" in page.text
    assert "Contribution of Aban 1405" in page.text
    (path,) = papers_of(page)
    pdf = await browser.get(path)
    assert pdf.headers["content-type"] == "application/pdf"
    assert re.fullmatch(
        r'attachment; filename="receipt-[0-9a-f]{8}\.pdf"', pdf.headers["content-disposition"]
    )
    assert pdf.headers["cache-control"] == "no-store"
    (paper,) = printer.papers
    assert ("Name", "مریم سپهری") in paper.figures
    assert ("Contribution of Aban 1405", "4,250,000 rials") in paper.figures
    assert ("Bank's reference", "201456789") in paper.figures
    assert ("Card", "603799******1234") in paper.figures


async def test_a_real_receipt_is_a_pdf(
    app: FastAPI, browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer
):
    app.state.printer = Printer(seconds=60)
    await pay(browser, bank, mina)
    (path,) = papers_of(await enter(browser, offered(store, mina)))
    pdf = await browser.get(path + "?lang=fa")
    app.state.printer.close()
    assert pdf.status_code == 200
    assert pdf.content.startswith(b"%PDF-")


async def test_looking_at_the_address_does_not_use_it_up(
    browser: httpx.AsyncClient, store: Store, mina: Payer
):
    token = offered(store, mina)
    before = everything(store)
    for method in ("HEAD", "GET", "GET"):
        looked = await browser.request(method, f"/enter/{token}")
        assert looked.status_code == 200
        assert "set-cookie" not in looked.headers
    assert "م*** س***" in looked.text
    assert "سپهری" not in looked.text
    assert everything(store) == before
    assert (await enter(browser, token)).url.path == "/my/receipts"


async def test_the_address_opens_once(browser: httpx.AsyncClient, store: Store, mina: Payer):
    token = offered(store, mina)
    await enter(browser, token)
    browser.cookies.clear()
    again = await browser.post(f"/enter/{token}", data={"form": forms.token(f"/enter/{token}")})
    assert (again.status_code, "set-cookie" in again.headers) == (404, False)


async def test_a_late_a_used_and_an_invented_address_are_one_page(
    browser: httpx.AsyncClient, store: Store, clock: core.Clock, mina: Payer
):
    late, used = offered(store, mina), offered(store, mina)
    await enter(browser, used)
    browser.cookies.clear()
    clock.now += timedelta(minutes=15)
    pages = [await browser.get(f"/enter/{token}") for token in (late, used, "invented")]
    assert {(page.status_code, page.text) for page in pages} == {(404, pages[0].text)}


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://x.y"}])
async def test_a_strangers_page_signs_nobody_in(
    browser: httpx.AsyncClient, store: Store, mina: Payer, headers: dict[str, str]
):
    token = offered(store, mina)
    form = form_of(await browser.get(f"/enter/{token}"))
    answer = await browser.post(f"/enter/{token}", data=form, headers=headers)
    assert "set-cookie" not in answer.headers
    # It is not used up either.
    assert (await enter(browser, token)).url.path == "/my/receipts"


async def test_nobody_sees_anothers_receipt(
    browser: httpx.AsyncClient, store: Store, bank: Bank, printer: Press, mina: Payer
):
    await pay(browser, bank, mina)
    (path,) = papers_of(await enter(browser, offered(store, mina)))
    with store.writing("test") as session:
        other = payer(session)
    browser.cookies.clear()
    page = await enter(browser, offered(store, other))
    assert papers_of(page) == []
    foreign = await browser.get(path)
    absent = await browser.get(f"/my/receipts/{new_id()}.pdf")
    assert (foreign.status_code, foreign.text) == (404, absent.text)
    assert printer.papers == []


async def test_a_guardian_opens_the_receipts_of_what_they_paid_for_a_child(
    browser: httpx.AsyncClient, store: Store, bank: Bank, printer: Press, mina: Payer
):
    with store.writing("test") as session:
        child = payer(session, birth_date=date(2016, 5, 10))
        make.dependant(session, of=mina.person, person=child.person)
        by_mina = link(session, child.person, mina.chat, child.bill_id, made_by=mina.person)
    bank.outcome = PAID
    await press(browser, by_mina)
    await come_back(browser, bank)
    page = await enter(browser, offered(store, mina))
    assert "For م*** س***" in page.text
    (path,) = papers_of(page)
    assert (await browser.get(path)).headers["content-type"] == "application/pdf"
    (paper,) = printer.papers
    assert ("Name", "مریم سپهری") in paper.figures


@pytest.mark.parametrize("change", ["another_paid", "of_age", "relation_ended", "no_child"])
async def test_a_childs_receipts_are_for_the_guardian_who_paid_alone(
    browser: httpx.AsyncClient, store: Store, bank: Bank, mina: Payer, change: str
):
    with store.writing("test") as session:
        born = date(2008, 1, 1) if change == "of_age" else date(2016, 5, 10)
        child = payer(session, birth_date=born)
        made_by = child.person if change == "another_paid" else mina.person
        token = link(session, child.person, mina.chat, child.bill_id, made_by=made_by)
        if change != "no_child":
            ended = make.TODAY - timedelta(days=1) if change == "relation_ended" else None
            make.dependant(session, of=mina.person, person=child.person, until=ended)
    bank.outcome = PAID
    await press(browser, token)
    await come_back(browser, bank)
    with store.reading() as session:
        (kept,) = payments.papers(session, person_id=child.person.id, today=make.TODAY)
    assert papers_of(await enter(browser, offered(store, mina))) == []
    paper = await browser.get(f"/my/receipts/{kept.receipt.id}.pdf")
    assert paper.status_code == 404


@pytest.mark.parametrize("path", ["/my/receipts", f"/my/receipts/{UUID(int=1)}.pdf"])
@pytest.mark.parametrize("cookie", ["", "x", "A" * 43])
async def test_without_a_sign_in_there_is_nothing_to_see(
    browser: httpx.AsyncClient, printer: Press, path: str, cookie: str
):
    answer = await browser.get(path, headers={"cookie": f"receipts={cookie}"})
    assert answer.status_code == 403
    assert "Go back to the chat" in answer.text


async def test_a_sign_in_ends_by_itself(
    browser: httpx.AsyncClient, store: Store, clock: core.Clock, mina: Payer
):
    await enter(browser, offered(store, mina))
    clock.now += timedelta(minutes=30)
    assert (await browser.get("/my/receipts")).status_code == 403


async def test_a_sign_in_ends_with_the_link_of_its_chat(
    browser: httpx.AsyncClient, store: Store, mina: Payer
):
    await enter(browser, offered(store, mina))
    with store.writing("test") as session:
        access.end_link(session, link_id=mina.chat.id, now=make.NOW)
    assert (await browser.get("/my/receipts")).status_code == 403


async def test_closing_ends_it_here_and_everywhere(
    browser: httpx.AsyncClient, store: Store, mina: Payer
):
    page = await enter(browser, offered(store, mina))
    secret = browser.cookies["receipts"]
    left = await browser.post("/my/leave", data=form_of(page))
    assert (left.status_code, "Your receipts are closed" in left.text) == (200, True)
    assert "receipts" not in browser.cookies
    stolen = await browser.get("/my/receipts", headers={"cookie": f"receipts={secret}"})
    assert stolen.status_code == 403


async def test_the_cookie_is_for_us_alone(store: Store, mina: Payer):
    app = core.app(store, public_url="https://hub.example")
    token = offered(store, mina)
    async with core.doors(app) as browser:
        answer = await browser.post(
            f"/enter/{token}", data={"form": forms.token(f"/enter/{token}")}
        )
    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-receipts=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=1800"):
        assert word in said
    assert "Domain" not in said


async def test_a_chosen_language_goes_along_from_page_to_page(
    browser: httpx.AsyncClient, store: Store, bank: Bank, printer: Press, mina: Payer
):
    await pay(browser, bank, mina)
    token = offered(store, mina)
    page = await browser.get(f"/enter/{token}?lang=fa")
    listed = await browser.post(
        f"/enter/{token}?lang=fa", data=form_of(page), follow_redirects=True
    )
    assert '<html lang="fa"' in listed.text
    (path,) = papers_of(listed)
    assert path.endswith(".pdf?lang=fa")
    await browser.get(path)
    assert printer.papers[0].language == "fa"


async def test_the_list_speaks_the_persons_language(browser: httpx.AsyncClient, store: Store):
    with store.writing("test") as session:
        persian = payer(session)
    # The browser reads English.
    page = await enter(browser, offered(store, persian))
    assert '<html lang="fa"' in page.text


RECEIPT = PaymentOut(
    id=UUID(int=7),
    amount=8_930_000,
    paid_at=make.NOW,
    reference="201456789",
    card_masked=None,
    items=[
        PaidItem(purpose=Purpose.CONTRIBUTION, period="1405-08", amount=4_250_000),
        PaidItem(purpose=Purpose.BOOKLET_FEE, period="1405-09", amount=680_000),
    ],
    credit=4_000_000,
)


def paper(language: Language, **changed: Any) -> Paper:
    receipt = RECEIPT.model_copy(update=changed)
    return receipts.paper(receipt, name="مریم سپهری", language=language, now=make.NOW)


def test_a_paper_adds_up_before_its_readers_eyes():
    figures = dict(paper(Language.EN).figures)
    assert figures["Kept for you"] == "4,000,000 rials"
    assert figures["Total"] == "8,930,000 rials (893,000 tomans)"
    assert figures["Fee of a booklet, Azar 1405"] == "680,000 rials"
    assert "Card" not in figures


def test_a_paper_says_what_was_paid_back_and_no_more_that_it_is_kept():
    figures = dict(paper(Language.EN, credit=0, given_back=4_000_000).figures)
    assert figures["Paid back to you"] == "4,000,000 rials"
    assert "Kept for you" not in figures


def test_a_paper_of_money_that_settled_nothing_names_no_bills():
    said = paper(Language.EN, items=[], credit=8_930_000)
    assert said.lines == []
    assert dict(said.figures)["Kept for you"] == "8,930,000 rials"
    assert paper(Language.EN).lines == ["This money has reached us, for these bills."]


def test_a_persian_paper_has_persian_digits_and_jalali_days():
    said = paper(Language.FA)
    assert said.direction == "rtl"
    values = [value for _, value in said.figures]
    assert "۴٬۲۵۰٬۰۰۰ ریال" in values
    assert "چهارشنبه ۱۱ آذر ۱۴۰۵، ساعت ۱۰:۰۰" in values
    # What has to be typed elsewhere keeps its digits and its order.
    assert "\u2066201456789\u2069" in values
