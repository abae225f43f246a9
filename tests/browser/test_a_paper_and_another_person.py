"""A paper after a theft spares the fee, and a chat acts for another person who reads out a code."""

import re

import pytest
from playwright.async_api import Browser

from api.kit.language import Language
from api.kit.text import ascii_digits
from tests.browser.hub import Hub
from tests.browser.meeting import a_phone, meet, menu, to_a_branch_nearby
from tests.browser.walking import Phone, Walk
from tests.support import papers

pytestmark = pytest.mark.browser

ASKED_FOR = (
    "With the paper of the police or a court about the theft there is no fee. "
    "Please send a photo or a PDF of it."
)
TOO_SMALL = (
    "This picture is too small to read: its shorter side needs {least} pixels. "
    "Please send it as a file, or take it from nearer."
)
BELIEVED = "On the word of your paper there is no fee; somebody looks at it first."
KEPT = (
    "Request {number:digits} is kept. Somebody looks at your paper first; we write at every step."
)
MEANING = "Here you can see the record and bills of another person and ask for their booklet."
THEIR_MONTH = "Which year and month is the first on their insurance record?"
THEIR_CODE = "Please have them read it out, and write it here; it holds for a few minutes."
BY_SMS = "Code {code}: it lets the chat of {name} see your record and act for you."
ADDED = "{name} was added. We told them so."


async def test_the_paper_of_a_theft_spares_the_fee(hub: Hub, browser: Browser, walk: Walk):
    robbed = await a_phone(hub, browser, walk, hub.worker(0), Language.FA)
    await meet(robbed, "people")
    await robbed.tap("Health booklet", of=await menu(robbed))
    await robbed.hears("For whom?")
    await robbed.tap("For me")
    await robbed.hears("Which booklet would you like?")
    await robbed.tap("In place of the old")
    await robbed.hears("What happened to the old one?")
    await robbed.tap("It was stolen")
    await robbed.stop("paper-asked-for", await robbed.hears(ASKED_FOR))
    await robbed.sends("paper.png", papers.png(300, 200))
    await robbed.stop("paper-too-small", await robbed.hears(TOO_SMALL))
    await robbed.sends("paper.png", papers.png())
    near = await to_a_branch_nearby(robbed)
    await robbed.tap(near.keys[0], of=near)
    offer = await robbed.hears(BELIEVED)
    await robbed.stop("offer-without-a-fee", offer)
    await robbed.tap("Send", of=offer)
    kept = await robbed.hears(KEPT)
    await robbed.stop("request-with-a-paper", kept)
    number = re.search(r"[0-9]{10}", ascii_digits(kept.text))
    assert number, kept.text
    said = hub.run("api", "request", "papers", number[0], "--into", str(walk.folder))
    assert "1" in ascii_digits(said)


async def test_another_person_is_seen_in_a_chat(hub: Hub, browser: Browser, walk: Walk):
    nava = hub.person("voluntary_english")
    phone = await a_phone(hub, browser, walk, hub.worker(1), Language.FA)
    await meet(phone, "people")
    await phone.write(phone.worded("Another person here"))
    await phone.stop("what-adding-means", await phone.hears(MEANING))
    await phone.tap("We can begin")
    await phone.hears("What is their national code? It has ten digits.")
    await phone.write(phone.typed(nava["id"]))
    await phone.hears(THEIR_MONTH)
    await phone.write(next(one["words"] for one in nava["facts"] if one["kind"] == "first_month"))
    await phone.stop("their-code-asked", await phone.hears(THEIR_CODE))
    theirs = await a_phone(hub, browser, walk, nava, Language.EN)
    code = await code_read_out(theirs)
    await phone.write(code)
    await phone.stop("another-person-added", await phone.hears(ADDED))
    await phone.tap("My record", of=await menu(phone))
    whom = await phone.hears("For whom?")
    await phone.stop("record-for-whom", whom)
    *_before, added, _menu, _back = whom.keys
    await phone.tap(added, of=whom)
    await phone.stop("their-record", await phone.hears("Insured for {long}."))


async def code_read_out(phone: Phone) -> str:
    """The code that came to their own number, once the message says what it does."""
    await phone.tab("sms")
    text = await phone.texts("sms").last.inner_text()
    found = re.search(r"[0-9]{6}", ascii_digits(text))
    assert found, text
    await phone.stop("their-code-by-sms")
    return found[0]
