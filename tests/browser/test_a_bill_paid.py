"""A bill, from the chat to the bank and back: paid, on the receipt, and on the record."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, expect

from api.kit.calendar import Month, today
from api.kit.language import Language, Sentence
from api.kit.speech import Medium, Speech
from sandbox.bank.words import WORDS
from tests.browser.hub import Hub
from tests.browser.meeting import a_phone, for_oneself, meet
from tests.browser.paying import PAGE_OPEN, RECEIPT, at_the_bank, pay
from tests.browser.walking import Phone, Said, Walk

pytestmark = pytest.mark.browser

FA, EN = Language.FA, Language.EN
# The sweeper asks the bank about a payment whose return never came.
SWEPT_SECONDS = 90.0

LAST_DAY = "Last day to pay: {day:short}."
LAST_MONTH = "Last month on record: {month}."
RECEIPT_BY_SMS = "Your payment of {paid_on:short} came in and is registered."


def last_month(language: Language) -> str:
    """The month that the bills of today are for, in words."""
    month = Month.of(today(datetime.now(UTC))).plus(-1)
    return Speech(language, Medium.CHAT).word(Sentence("{month}", {"month": month}))


async def test_a_bill_is_paid_and_the_record_is_longer(hub: Hub, browser: Browser, walk: Walk):
    negar = await a_phone(hub, browser, walk, hub.person("self_employed"), FA)
    await negar.stop("payer-linked", await meet(negar, "people", looks=True))
    before = await the_record(negar)
    assert last_month(FA) not in before.text
    bill = await the_bill(negar)
    await negar.stop("bill", bill)
    await negar.tap("Why this much?", of=bill)
    why = await negar.hears("How it adds up:")
    await negar.stop("why-this-much", why)
    await negar.tap("Pay")
    page = await negar.opens("Pay", of=await negar.hears(PAGE_OPEN))
    await negar.looks_at(page, "pay-page")
    address = page.url

    await at_the_bank(negar, page)
    await walk.stop(page, "fa-the-bank", whole=True)
    await pay(negar, page)
    await negar.looks_at(page, "paid")
    receipt = await negar.hears(RECEIPT, naming=last_month(FA))
    await negar.stop("receipt-in-chat", receipt)
    after = await the_record(negar)
    assert negar.pattern(LAST_MONTH).search(after.text)
    assert last_month(FA) in after.text
    await negar.stop("record-is-longer", after)

    # The same page again asks for nothing, and the money is kept once.
    await page.goto(address)
    await expect(page.get_by_role("button")).to_have_count(0)
    await negar.looks_at(page, "paid-already")
    book = hub.ask("/desk/money")
    assert [(one["state"], one["paid"]) for one in book["money"]] == [("verified", book["kept"])]
    await nothing_is_left(negar)
    await reads_the_receipt(negar)


async def the_record(phone: Phone) -> Said:
    """Ask for one's own record; gives what is said of it."""
    await for_oneself(phone, "My record")
    return await phone.hears(LAST_MONTH)


async def the_bill(phone: Phone) -> Said:
    """Ask for one's own bill; gives what is said of it."""
    await for_oneself(phone, "My bill")
    return await phone.hears(LAST_DAY, naming=last_month(phone.language))


async def nothing_is_left(phone: Phone) -> None:
    await for_oneself(phone, "My bill")
    rest = await phone.hears(
        "All is in order: nothing is to be paid as of {day:short}.", naming=last_month(FA)
    )
    await phone.stop("nothing-to-pay", rest)


async def reads_the_receipt(phone: Phone) -> None:
    """Read the receipt once more in the chat, then on the page it opens, then on paper."""
    await for_oneself(phone, "My receipts")
    which = await phone.hears("Which receipt?")
    await phone.stop("my-receipts", which)
    await phone.tap(which.keys[0], of=which)
    shown = await phone.hears("Reference: {reference}")
    await phone.stop("a-receipt", shown)
    await phone.tap("Receipt as PDF")
    opened = await phone.hears(
        "Your receipts are on this page; it opens once, until {moment:plain}."
    )
    page = await phone.opens("Open the page", of=opened)
    await phone.looks_at(page, "way-in-to-receipts")
    await page.get_by_role("button", name=phone.worded("Open"), exact=True).click()
    paper = page.get_by_role("link", name=phone.worded("Receipt as PDF"))
    await expect(paper).to_be_visible()
    await phone.looks_at(page, "receipts-on-the-page")
    got = await page.request.get(str(await paper.evaluate("(one) => one.href")))
    assert (got.ok, (await got.body())[:5]) == (True, b"%PDF-")
    # Whoever has the address but has not signed in gets no paper.
    await page.context.clear_cookies()
    denied = await page.request.get(got.url)
    assert not (await denied.body()).startswith(b"%PDF")


async def test_a_payment_that_never_comes_back_is_found_and_told_by_sms(
    hub: Hub, browser: Browser, walk: Walk
):
    dariush = await a_phone(hub, browser, walk, hub.person("voluntary_english"), EN)
    await dariush.stop("payer-linked", await meet(dariush, "people"))
    bill = await the_bill(dariush)
    await dariush.stop("bill", bill)
    await dariush.tap("Pay", of=bill)
    page = await dariush.opens("Pay", of=await dariush.hears(PAGE_OPEN))
    await dariush.looks_at(page, "pay-page")
    await at_the_bank(dariush, page)
    await walk.stop(page, "en-the-bank", whole=True)
    await page.get_by_role("button", name=WORDS["en"]["cancel"], exact=True).click()
    await expect(page.locator("h1")).to_have_text("You turned back at the bank")
    await dariush.looks_at(page, "turned-back")

    await at_the_bank(dariush, page)
    await page.get_by_text(WORDS["en"]["mischief"]).click()
    # Whoever blocks the bot gets the receipt on the phone.
    hub.tell("/desk/block", person=dariush.person["id"], bot="people", blocked=True)
    await page.get_by_role("button", name=WORDS["en"]["vanish"], exact=True).click()
    await expect(page.locator("h1")).to_have_text(WORDS["en"]["vanished"])
    await walk.stop(page, "en-never-back", whole=True)
    text = await dariush.sms(RECEIPT_BY_SMS, patience=SWEPT_SECONDS)
    await dariush.stop("receipt-by-sms")
    assert not re.search("http|rial|toman", text)
    states = [one["state"] for one in hub.ask("/desk/money")["money"][-2:]]
    assert states == ["cancelled", "verified"]
