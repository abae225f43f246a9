"""How every walk begins: a phone is taken from the desk, and its chat is linked to its owner."""

import re
from typing import Any

from playwright.async_api import Browser, expect

from api.kit.language import Language
from tests.browser.hub import Hub
from tests.browser.walking import PATIENCE, SIZE, Phone, Said, Walk

MENU = "What would you like to do?"
LINKED = "{name}, this chat is now linked to you."
# By the bot: which fact of the card it asks for, and how.
FACTS = {
    "employers": (
        "registration_month",
        "In which year and month was a workplace of yours registered with us?",
    ),
    "people": ("first_month", "Which year and month is the first on your insurance record?"),
}


async def a_phone(
    hub: Hub, browser: Browser, walk: Walk, person: dict[str, Any], language: Language
) -> Phone:
    """Open the desk for the first time and take this person's phone."""
    # Still: of a message half faded in, axe says that nobody can read it.
    page = await browser.new_page(viewport=SIZE, locale=str(language), reduced_motion="reduce")
    page.set_default_timeout(PATIENCE * 1000)
    walk.watch(page)
    await page.goto(f"{hub.desk}/?lang={language}#{person['id']}")
    phone = Phone(page, walk, person, language)
    await expect(phone.root).to_be_visible()
    await page.locator("#welcome-done").click()
    return phone


async def meet(phone: Phone, bot: str = "employers", *, looks: bool = False) -> Said:
    """Link a chat, from /start to the greeting, as its owner would; gives the greeting."""

    async def stop(name: str) -> None:
        if looks:
            await phone.stop(name)

    kind, question = FACTS[bot]
    await phone.talk_to(bot)
    await stop("the-phone")
    await phone.begin()
    await phone.hears("Choose your language:")
    await stop("language")
    await phone.tap("فارسی" if phone.language is Language.FA else "English")
    await phone.hears("You can unlink the chat whenever you like. Do you agree?")
    await stop("consent")
    await phone.tap("I agree")
    await phone.hears("Please share your own mobile number.")
    await stop("contact")
    await phone.tap("Share my number")
    await phone.hears("What is your national code? It has ten digits.")
    await stop("national-code")
    await phone.write(phone.typed(phone.person["id"]))
    await phone.hears(question)
    await stop("month")
    fact = next(one for one in phone.person["facts"] if one["kind"] == kind)
    await phone.write(fact["words"] if phone.language is Language.FA else fact["month"])
    await phone.hears("Please write it here; it holds for a few minutes.")
    await stop("code-asked")
    text = await phone.sms("Your code: {code}")
    await stop("code-by-sms")
    code = re.search(r"[0-9۰-۹]{6}", text)
    assert code, "the code stands in the SMS"
    await phone.tab("chat")
    await phone.write(code[0])
    return await phone.hears(LINKED)


async def menu(phone: Phone) -> Said:
    """Ask for the menu; gives it."""
    await phone.write(phone.worded("Menu"))
    return await phone.hears(MENU)


async def for_oneself(phone: Phone, what: str) -> None:
    """Choose something from the menu; who has a child is asked for whom."""
    await phone.tap(what, of=await menu(phone))
    if any(one["relation"] == "child" for one in phone.person["family"]):
        await phone.hears("For whom?")
        await phone.tap("For me")


async def to_a_branch_nearby(phone: Phone) -> Said:
    """Say that it is collected, share the place; gives the branches that are near."""
    await phone.hears("How shall it reach you?")
    await phone.tap("I collect it")
    await phone.hears("Where are you? Share your place, or write the name of your town.")
    await phone.tap("Share my place")
    await phone.page.locator("#place button[value=yes]").click()
    return await phone.hears("Which of these?")
