"""The bank's page, walked in a browser at the width of a phone."""

import shutil
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, async_playwright, expect

from sandbox.bank.words import WORDS
from tests.sandbox.bank.test_bank import ask
from tests.sandbox.conftest import Desk


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, "the browser walks need Chromium: apt install chromium"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        await opened.close()


@pytest.fixture
async def merchant() -> AsyncIterator[str]:
    """A merchant's return, on another origin than the bank's."""

    async def door(request: web.Request) -> web.Response:
        return web.Response(text=f"back with {request.query['Status']}")

    async def icon(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/return", door)
    app.router.add_get("/favicon.ico", icon)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/return"
    await runner.cleanup()


@pytest.mark.browser
@pytest.mark.parametrize("language", WORDS)
async def test_a_payer_pays_and_is_sent_back(
    desk: Desk, browser: Browser, merchant: str, language: str, tmp_path
):
    words = WORDS[language]
    authority = await ask(desk, callback_url=merchant)
    page = await browser.new_page(viewport={"width": 360, "height": 740})
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    await page.goto(f"{desk.url}/pg/StartPay/{authority}?lang={language}")
    await page.get_by_text(words["mischief"]).click()
    await page.screenshot(path=tmp_path / "bank.png", full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    small = await page.evaluate(
        """[...document.querySelectorAll("button, summary, input, a")]
             .filter((one) => one.getBoundingClientRect().height < 44)
             .map((one) => one.outerHTML)"""
    )
    assert small == []
    found = (await Axe().run(page)).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    await page.get_by_role("button", name=words["pay"], exact=True).click()
    await expect(page.locator("body")).to_have_text("back with OK")
    await page.goto(f"{desk.url}/pg/StartPay/{authority}?lang={language}")
    await expect(page.locator("h1")).to_have_text(words["decided"])
    await page.get_by_role("link", name=words["back"]).click()
    await expect(page.locator("body")).to_have_text("back with OK")
    assert troubles == []
