"""An insured person reads the record, and asks for the booklet of a child."""

import re

import pytest
from playwright.async_api import Browser, expect

from api.kit.language import Language
from api.kit.text import ascii_digits
from tests.browser.hub import Hub
from tests.browser.meeting import a_phone, for_oneself, meet, menu, to_a_branch_nearby
from tests.browser.paying import PAGE_OPEN, RECEIPT, at_the_bank, pay
from tests.browser.walking import Phone, Walk

pytestmark = pytest.mark.browser

RECORD = "Last month on record: {month}."
NEXT_YEAR = "Which year shall we show next?"
KEPT = "Request {number:digits} is kept. It goes on when the fee of {amount:toman} is paid."


async def test_a_record_is_read_and_a_booklet_requested(hub: Hub, browser: Browser, walk: Walk):
    kamran = await a_phone(hub, browser, walk, hub.person("insured"), Language.FA)
    await kamran.stop("insured-linked", await meet(kamran, "people"))
    await reads_the_record(kamran)
    number = await asks_for_a_booklet(kamran)

    await kamran.tap("Pay")
    page = await kamran.opens("Pay", of=await kamran.hears(PAGE_OPEN))
    await kamran.looks_at(page, "pay-page-of-a-fee")
    await at_the_bank(kamran, page)
    await pay(kamran, page)
    receipt = await kamran.hears(RECEIPT, kamran.worded("Fee for a booklet"))
    await kamran.stop("receipt-of-a-fee", receipt)

    for stage in ("printed", "ready_at_branch"):
        hub.run("api", "request", "advance", number, stage)
    await kamran.tap("My requests", of=await menu(kamran))
    which = await kamran.hears("Which request?")
    await kamran.stop("my-requests", which)
    await kamran.tap(which.keys[0], of=which)
    followed = await kamran.hears("ready at the branch", naming=number)
    await kamran.stop("request-followed", followed)


async def reads_the_record(phone: Phone) -> None:
    """The line, a picture of it, the paper, the gaps, and the months of the newest year."""
    await for_oneself(phone, "My record")
    line = await phone.hears(RECORD, "Insured for {long}.")
    await phone.stop("record", line)
    await phone.tap("A picture of it", of=line)
    await phone.hears(NEXT_YEAR)
    await expect(phone.root.locator(".pane.chat .message img").last).to_be_visible()
    await phone.stop("record-as-a-picture", (await phone.said(RECORD))[-1])
    await phone.tap("To print (PDF)")
    await phone.hears(NEXT_YEAR)
    await phone.stop("record-on-paper")
    await phone.tap("The gaps")
    gaps = await phone.hears("Months without insurance:", NEXT_YEAR)
    await phone.stop("gaps", gaps)
    _picture, _paper, _gaps, newest, *_older = line.keys
    await phone.tap(newest, of=gaps)
    year = await phone.hears("{year:digits}: {n} day in all.", NEXT_YEAR)
    await phone.stop("a-year", year)


async def asks_for_a_booklet(phone: Phone) -> str:
    """A duplicate for the child, lost, collected at a branch nearby; gives the request's number."""
    await phone.tap("Health booklet", of=await menu(phone))
    whom = await phone.hears("For whom?")
    await phone.stop("booklet-for-whom", whom)
    child = next(one for one in whom.keys if one.endswith(phone.worded("child")))
    await phone.tap(child, of=whom)
    await phone.hears("Which booklet would you like?")
    await phone.stop("which-booklet")
    await phone.tap("In place of the old")
    await phone.hears("What happened to the old one?")
    await phone.tap("It is lost")
    near = await to_a_branch_nearby(phone)
    await phone.stop("branches-nearby", near)
    await phone.tap(near.keys[0], of=near)
    offer = await phone.hears("To be paid first: {cost:toman}.", "We expect it by {due_on:short}.")
    await phone.stop("offer", offer)
    # The phone has a button of that name too.
    await phone.tap("Send", of=offer)
    kept = await phone.hears(KEPT)
    await phone.stop("request-kept", kept)
    number = re.search(r"[0-9]{10}", ascii_digits(kept.text))
    assert number, kept.text
    return number[0]
