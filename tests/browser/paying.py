"""How a walk pays: from the chat to our page, and from there to the bank's."""

import re

from playwright.async_api import Page, expect

from sandbox.bank.words import WORDS
from tests.browser.walking import Phone

PAGE_OPEN = "The page stays open until {moment:plain}. The receipt comes here by itself."
RECEIPT = "✅ Paid: {amount:toman}, on {paid_on:short}."


async def at_the_bank(phone: Phone, page: Page) -> None:
    """Press the one button of our page, and wait for the bank's."""
    await page.get_by_role("button").click()
    await expect(page).to_have_url(re.compile("/pg/StartPay/"))
    await expect(page.locator("h1")).to_contain_text(WORDS[phone.language]["amount"])


async def pay(phone: Phone, page: Page) -> None:
    """Pay at the bank's page, and wait until ours says so."""
    await page.get_by_role("button", name=WORDS[phone.language]["pay"], exact=True).click()
    await expect(page.locator("h1")).to_have_text(phone.worded("Paid"))
