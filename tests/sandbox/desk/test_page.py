"""The page: worded in both languages, and walked in a browser."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

import sandbox
from sandbox.desk.words import WORDS
from tests.sandbox.conftest import BAHRAM, MINA, Desk

HERE = Path(sandbox.__file__).parent
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}


def test_every_word_is_there_in_both_languages_with_the_same_holes():
    assert WORDS["fa"].keys() == WORDS["en"].keys()
    for key, text in WORDS["fa"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", WORDS["en"][key])), key


def test_every_word_the_script_asks_for_is_there():
    script = (HERE / "static" / "desk.js").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bwords\.(\w+)", script)) | set(re.findall(r'say\("(\w+)"', script))
    assert asked <= WORDS["fa"].keys()


def test_no_other_host_is_asked_for_anything():
    for name in ("static/desk.js", "static/desk.css", "desk/templates/desk.html"):
        text = (HERE / name).read_text(encoding="utf-8")
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text), name


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("en", "ltr")])
async def test_the_page_comes_in_both_directions(desk: Desk, language, direction):
    async with desk.http.get(desk.url, params={"lang": language}) as answer:
        page = await answer.text()
        assert f'<html lang="{language}" dir="{direction}">' in page
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    async with desk.http.get(desk.url) as again:
        assert f'lang="{language}"' in await again.text()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, "the browser walks need Chromium: apt install chromium"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        await opened.close()


async def a_page(browser: Browser, desk: Desk, size: str, *, at: str = "") -> Page:
    width, height = SIZES[size]
    # Still: of a message half faded in, axe says that nobody can read it.
    page = await browser.new_page(
        viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    await page.goto(f"{desk.url}/?lang=fa{at}")
    await expect(page.locator(".phone").first).to_be_attached()
    return page


async def bot_says(desk: Desk, text: str, **more: Any) -> None:
    status, body = await desk.call("sendMessage", chat_id=desk.user_id(MINA), text=text, **more)
    assert status == 200, body


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
async def test_a_person_talks_taps_and_shares_from_the_page(desk: Desk, browser: Browser, size):
    page = await a_page(browser, desk, size, at=f"#{MINA}")
    await page.get_by_role("button", name="فهمیدم").click()
    phone = page.locator(f'[data-person="{MINA}"].phone')
    await phone.get_by_role("button", name="شروع").click()
    await expect(phone.locator(".message.mine")).to_have_text(re.compile("/start"))
    ask = {"keyboard": [[{"text": "شمارهٔ من", "request_contact": True}]], "one_time_keyboard": True}
    await bot_says(desk, "شماره؟", reply_markup=ask)
    await phone.get_by_role("button", name="شمارهٔ من", exact=True).click()
    await expect(phone.locator(".message.mine").last).to_contain_text("+989000000001")
    tap = {"inline_keyboard": [[{"text": "چرا؟", "callback_data": "why|1"}]]}
    await bot_says(desk, "<b>بدهی</b> ثبت شد", parse_mode="HTML", reply_markup=tap)
    await expect(phone.locator(".message b")).to_have_text("بدهی")
    await phone.get_by_role("button", name="چرا؟").click()
    await expect(phone.locator(".key.waits")).to_have_count(1)
    await phone.get_by_role("textbox", name="پیام").fill("سلام")
    await phone.get_by_role("textbox", name="پیام").press("Enter")
    await expect(phone.locator(".message.mine").last).to_contain_text("سلام")
    status, body = await desk.call("getUpdates")
    assert status == 200
    kinds = [next(iter(set(update) - {"update_id"})) for update in body["result"]]
    assert kinds == ["message", "message", "callback_query", "message"]


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
async def test_sms_and_mail_arrive_while_one_looks(desk: Desk, browser: Browser, size):
    page = await a_page(browser, desk, size, at=f"#{MINA}")
    await page.get_by_role("button", name="فهمیدم").click()
    phone = page.locator(f'[data-person="{MINA}"].phone')
    await desk.get("/v1/K/sms/send.json", receptor="09000000001", message="بدهی ثبت شد")
    desk.world.mailbox.keep(
        recipients=["mina@example.org"],
        sender="notices@example.org",
        content=b"From: a@example.org\r\nSubject: Debt\r\nContent-Type: text/html\r\n\r\n"
        b"<h1>Notice</h1><script>parent.stolen = 1</script>",
    )
    await expect(phone.locator('[data-tab="sms"] .badge')).to_have_text("۱")
    await phone.locator('[data-tab="sms"]').click()
    await expect(phone.locator(".sms .message")).to_contain_text("بدهی ثبت شد")
    await expect(phone.locator('[data-tab="sms"] .badge')).to_be_hidden()
    await phone.locator('[data-tab="mail"]').click()
    await phone.locator(".letter").click()
    frame = phone.frame_locator("iframe")
    await expect(frame.locator("h1")).to_have_text("Notice")
    assert await page.evaluate("window.stolen") is None


@pytest.mark.browser
async def test_a_fault_is_switched_on_and_off_from_the_page(desk: Desk, browser: Browser):
    page = await a_page(browser, desk, "desktop")
    await page.get_by_role("button", name="خرابی‌ها").click()
    await page.get_by_label("سرویس").select_option("sms")
    await page.locator("#fault-form [name=kind]").select_option("error")
    await page.get_by_role("button", name="روشن کن").click()
    await expect(page.locator("#faults-list")).to_contain_text("پیامک خطا می‌دهد")
    (fault,) = (await desk.get("/desk/faults"))["faults"]
    assert (fault["service"], fault["kind"], fault["status"]) == ("sms", "error", 502)
    await page.get_by_role("button", name="خاموش کن", exact=True).click()
    await expect(page.locator("#faults-list")).to_contain_text("سالم")


@pytest.mark.browser
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("size", SIZES)
async def test_nothing_serious_stands_in_anybodys_way(desk: Desk, browser: Browser, size, language):
    await desk.post("/desk/say", person=MINA, text="سلام")
    await desk.post("/desk/say", person=BAHRAM, text="hello")
    await bot_says(
        desk,
        "کدام کارگاه؟ " * 12,
        reply_markup={
            "inline_keyboard": [[{"text": "نان سحر و دوستان", "callback_data": "1"}] * 2]
        },
    )
    page = await a_page(browser, desk, size)
    await page.goto(f"{desk.url}/?lang={language}")
    await expect(page.locator(".phone .message").first).to_be_attached()
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    small = await page.evaluate(
        """[...document.querySelectorAll("button, summary, select, input, textarea, a")]
             .filter((one) => one.offsetParent && !one.matches(".hidden")
                 && one.getBoundingClientRect().height < 44)
             .map((one) => one.outerHTML.slice(0, 90))"""
    )
    assert small == []
    found = (await Axe().run(page)).response["violations"]
    serious = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []
