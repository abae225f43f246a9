"""A debt notice, from a row to three phones: linked, told, asked about, checked and settled."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from api.debts.rules import Kind, Step
from api.debts.schemas import DebtIn
from api.kit.calendar import Month, jalali, today
from api.kit.language import Language, Sentence
from api.kit.speech import Medium, Speech
from tests.browser.hub import Hub
from tests.browser.meeting import MENU, a_phone, meet, menu
from tests.browser.walking import CODES, ENGLISH, SIZE, Phone, Said, Walk

pytestmark = pytest.mark.browser

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")
FA, EN = Language.FA, Language.EN

NOTICE = "Workplace {workshop:digits}, {period}: a debt of {amount:toman}, as of {as_of:plain}."
NOTICE_BY_SMS = (
    "The debt of workplace {workshop:digits} was registered. "
    "Last day to object: {objection_until:short}."
)
OURS = "Yes, this message is from us: {day:plain}, about {subject}."
REMINDER = (
    "Reminder: objection to the debt of workplace {workshop:digits} until {objection_until:short}"
)
NEXT = "What would you like to do next?"


def a_debt(tail: str, person: dict[str, Any], *, days_left: int, months: int = 2) -> DebtIn:
    """A debt of somebody's first workplace, told apart by its number's end or by its period."""
    until = today(datetime.now(UTC)) + timedelta(days=days_left)
    month = Month.of(until)
    return DebtIn(
        number=f"770000000{tail}",
        workshop_code=person["roles"][0]["workshop_code"],
        reason="audit",
        period_from=str(month.plus(-6)),
        period_to=str(month.plus(months - 7)),
        principal=80_000_000,
        list_fine=8_000_000,
        paid=10_000_000,
        kind=Kind.DEFINITE,
        step=Step.NOTICE,
        issued_on=until - timedelta(days=30),
        due_on=until - timedelta(days=110),
        objection_until=until,
    )


async def test_a_debt_goes_from_a_row_to_three_phones(hub: Hub, browser: Browser, walk: Walk):
    owner, accountant, manager = hub.people()[:3]
    maryam = await a_phone(hub, browser, walk, owner, FA)
    await maryam.stop("linked", await meet(maryam, looks=True))
    debt = a_debt("4101", owner, days_left=17)
    last_day = Speech(FA, Medium.SMS).word(Sentence("{day:short}", {"day": debt.objection_until}))
    await hub.owe(debt)
    hub.job("debt-notices")

    notice = await maryam.hears(NOTICE, naming="4101")
    await maryam.stop("notice-in-chat", notice)
    await asks_why(maryam, notice, hub.branch_of(owner))

    behzad = await a_phone(hub, browser, walk, accountant, FA)
    sms = await behzad.sms(NOTICE_BY_SMS, naming=last_day)
    await behzad.stop("notice-by-sms")
    assert not re.search("http|ریال|تومان", sms)

    parvin = await a_phone(hub, browser, walk, manager, FA)
    await reads_the_mail(hub, browser, walk, parvin)

    await maryam.tap("Is it genuine?", of=notice)
    await maryam.hears(OURS)
    await maryam.stop("genuine-by-its-button")
    code = CODE.search(sms)
    assert code, "an SMS ends with its check code"
    # The accountant's code, as people type: small letters, their own digits, no dash.
    await checks(maryam, maryam.typed(code[0].replace("-", "").lower()), OURS)
    await maryam.stop("genuine-as-typed")
    await checks(maryam, "zzzz-zzz0", "No. No message of ours has the code {code}.")
    await maryam.stop("not-genuine")

    told = hub.settled()
    hub.job("debt-notices")
    assert hub.heard() == told
    assert len(await maryam.said(NOTICE, naming="4101")) == 1
    assert len([text for text in hub.sms(accountant) if last_day in text]) == 1
    await opens_the_inbox(maryam)


async def asks_why(phone: Phone, notice: Said, branch_name: str) -> None:
    await phone.tap("See the details", of=notice)
    details = await phone.hears("How it adds up:", "Contribution: {amount}", naming="4101")
    assert "۸۰٬۰۰۰٬۰۰۰ ریال" in details.text
    await phone.stop("details", details)
    await phone.tap("Where is the branch?")
    branch = await phone.hears(NEXT, naming=branch_name)
    await phone.stop("branch", branch)
    await phone.tap("That is all")
    await phone.hears(MENU)


async def reads_the_mail(hub: Hub, browser: Browser, walk: Walk, phone: Phone) -> None:
    await phone.tab("mail")
    subject = phone.pattern("Debt notice: workplace {workshop:digits}, {period}")
    letter = phone.root.locator(".letter").filter(has_text=subject).first
    await expect(letter).to_be_visible()
    await phone.stop("mailbox")
    await letter.click()
    frame = phone.root.frame_locator("iframe")
    await expect(frame.locator("body")).to_contain_text(phone.typed("4101"))
    await phone.stop("notice-by-mail")
    # As a page of its own: in the desk's frame nothing runs, axe neither.
    source = await phone.root.locator("iframe").get_attribute("src")
    html = hub.letter(phone.person, str(source))
    page = await browser.new_page(viewport=SIZE)
    walk.watch(page)
    await page.set_content(html)
    await walk.stop(page, "fa-the-letter-itself", whole=True)
    text = await page.locator("body").inner_text()
    assert not ENGLISH.search(CODES.sub("", text)), text


async def checks(phone: Phone, typed: str, answer: str) -> None:
    await phone.tap("Is it genuine?", of=await menu(phone))
    await phone.hears("What is the check code of the message?")
    await phone.write(typed)
    await phone.hears(answer)


async def opens_the_inbox(phone: Phone) -> None:
    await phone.tap("My notices", of=await menu(phone))
    inbox = await phone.hears("Which notice?")
    await phone.stop("my-notices")
    await phone.tap(inbox.keys[0], of=inbox)
    await phone.hears(NOTICE)
    await phone.hears(NEXT)
    await phone.stop("one-of-my-notices")


async def test_somebody_is_told_in_english(hub: Hub, browser: Browser, walk: Walk):
    sara = await a_phone(hub, browser, walk, hub.person("english_three"), EN)
    await sara.stop("linked", await meet(sara))
    await hub.owe(a_debt("4202", sara.person, days_left=12))
    hub.job("debt-notices")
    notice = await sara.hears(NOTICE, naming="4202")
    await sara.stop("notice-in-chat", notice)
    await sara.tap("See the details", of=notice)
    details = await sara.hears("How it adds up:", naming="4202")
    await sara.stop("details", details)
    await sara.tap("That is all")
    await sara.hears(MENU)
    await sara.tap("Is it genuine?", of=notice)
    await sara.hears(OURS)
    await sara.stop("genuine")
    await sara.write("debts")
    which = await sara.hears("Which workplace?")
    await sara.stop("which-workplace")
    await sara.tap(which.keys[0], of=which)
    debts = await sara.hears("Which one shall we explain?")
    await sara.stop("my-debts", debts)


async def test_nobody_is_reminded_of_a_debt_that_is_settled(hub: Hub, browser: Browser, walk: Walk):
    person = somebody_quiet(hub)
    paid = a_debt("4303", person, days_left=3)
    owed = a_debt("4304", person, days_left=3, months=3)
    its_end = Speech(FA).word(Sentence("{month}", {"month": Month.parse(owed.period_to)}))
    phone = await a_phone(hub, browser, walk, person, FA)
    await meet(phone)
    await hub.owe(paid, owed)
    hub.job("debt-notices")
    notice = await phone.hears(NOTICE, naming="4303")
    await phone.hears(NOTICE, naming="4304")
    await hub.pay(paid.number)
    hub.job("debt-reminders")

    # At night and on holidays a reminder waits, but it can be read from the moment it is posted.
    await phone.tap("My notices", of=await menu(phone))
    inbox = await phone.hears("Which notice?")
    await phone.stop("inbox-with-a-reminder", inbox)
    reminders = [line for line in inbox.keys if phone.pattern(REMINDER).search(line)]
    assert len(reminders) == 1
    await phone.tap(reminders[0], of=inbox)
    reminder = await phone.hears(NEXT, naming=its_end)
    await phone.stop("reminder", reminder)
    await phone.tap("See the details", of=notice)
    settled = await phone.hears("Workplace {workshop:digits}, {period}: this debt is settled.")
    await phone.stop("settled", settled)


def somebody_quiet(hub: Hub) -> dict[str, Any]:
    """Somebody with a chat and one workplace, of which nothing is told today but by this walk.

    Whatever day it is: of no debt there does the time to object still run.
    """
    day = "{:04d}/{:02d}/{:02d}".format(*jalali(today(datetime.now(UTC))))
    reminded = {
        line["workshop_code"] for line in hub.country("debts") if line["objection_until"] >= day
    }
    return next(
        one
        for one in hub.people()
        if not one["hint"]
        and one["phone"]
        and [role["workshop_code"] in reminded for role in one["roles"]] == [False]
    )
