"""A thumb and two eyes: holds one phone of the desk, does what it is told, looks at each stop."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from gettext import translation
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import ConsoleMessage, Locator, Page, ViewportSize, expect

from api.kit.language import DOMAIN, LOCALES, Language

SIZE = ViewportSize(width=360, height=740)
PATIENCE = 45.0  # seconds; an answer takes a tenth of one, unless the machine is busy
# What a person must never be shown: the insides of a program.
INSIDES = re.compile(
    r"Traceback|Exception|\bError\b|undefined|\bNone\b|\bNaN\b|\bnull\b|\[object|\{\w+\}"
)
# In Persian: an English sentence is an untranslated one, and ASCII digits belong to codes alone.
# But the question of the language is asked in all of them.
CODES = re.compile(
    r"\b[0-9]{6}\b|[0-9A-Z]{4}-[0-9A-Z]{4}|\u2066[^\u2069]*\u2069|\S+@\S+|/start"
    r"|Choose your language:|English"
)
ENGLISH = re.compile(r"[a-z]{3,}|[0-9]")

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
# Letters lie in a frame that may run nothing; they are looked at on a page of their own.
_AXE = {"iframes": False, "resultTypes": ["violations"]}
_READ = """(phone) => [...phone.querySelectorAll(".pane.chat .message")].map((one) => ({
    id: Number(one.dataset.message),
    mine: one.classList.contains("mine"),
    text: one.querySelector(".text")?.innerText ?? "",
    keys: [...one.querySelectorAll(".key")].map((key) => key.innerText),
}))"""


@dataclass(frozen=True)
class Said:
    """One message of the bot, as it stands on the screen."""

    id: int
    text: str
    keys: list[str]


@dataclass
class Walk:
    """What a walk leaves behind: pictures, numbered in the order they were taken."""

    folder: Path
    taken: int = 0
    troubles: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Remember whatever the page complains of."""
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(message.text)

    async def stop(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Take a picture (of the whole page), and find what stands in anybody's way on it."""
        self.taken += 1
        await page.mouse.move(0, 0)  # A thumb leaves no hover behind.
        await page.evaluate("document.fonts.ready.then(() => 0)")
        await page.screenshot(
            path=self.folder / f"{self.taken:02d}-{name}.png",
            animations="disabled",
            full_page=whole,
        )
        wide = await page.evaluate(
            "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        )
        assert wide <= 0, f"{name}: {wide} pixels too wide"
        shown = await page.evaluate("document.body.innerText")
        assert not INSIDES.search(shown), f"{name}: {INSIDES.search(shown)}"
        async with asyncio.timeout(PATIENCE):
            found = (await Axe().run(page, options=_AXE)).response["violations"]
        serious = [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{name}: {serious}"
        assert self.troubles == [], f"{name}: {self.troubles}"


class Phone:
    """One person's phone on the desk, at 360×740, in the language its owner reads."""

    def __init__(self, page: Page, walk: Walk, person: dict[str, Any], language: Language) -> None:
        self.page = page
        self.person = person
        self.root: Locator = page.locator(f'[data-person="{person["id"]}"].phone')
        self._walk = walk
        self.language = language
        self._seen = 0

    async def stop(self, name: str, at: Said | None = None) -> None:
        """Look at this screen, a long message from its top; in Persian nothing may be in English."""
        if at:
            message = self.root.locator(f'[data-message="{at.id}"]')
            await message.evaluate("(one) => one.scrollIntoView({ block: 'start' })")
        await self._walk.stop(self.page, f"{self.language}-{name}")
        await self._in_one_language(self.root.locator(".message:not(.mine) .text, .key"))

    async def looks_at(self, page: Page, name: str) -> None:
        """Look at the whole of a page that was opened from here."""
        await self._walk.stop(page, f"{self.language}-{name}", whole=True)
        await self._in_one_language(page.locator("body"))

    async def _in_one_language(self, shown: Locator) -> None:
        if self.language is Language.FA:
            for text in await shown.all_inner_texts():
                assert not ENGLISH.search(CODES.sub("", text)), text

    async def tab(self, name: str) -> None:
        """Turn to `chat`, `sms` or `mail`."""
        await self.root.locator(f'[data-tab="{name}"]').click()

    async def talk_to(self, bot: str) -> None:
        """Turn to the chat with the bot of this audience."""
        button = self.root.locator(f'[data-bot="{bot}"]')
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", "true")

    async def write(self, text: str) -> None:
        """Write a message to the bot."""
        await self._mark()
        field = self.root.locator(".pane.chat textarea")
        await field.fill(text)
        await field.press("Enter")

    async def sends(self, name: str, content: bytes) -> None:
        """Send a file to the bot: a picture goes as a photo."""
        await self._mark()
        kind = "image/png" if name.endswith(".png") else "application/pdf"
        field = self.root.locator("input.file")
        await field.set_input_files({"name": name, "mimeType": kind, "buffer": content})

    async def tap(self, label: str, *, of: Said | None = None) -> None:
        """Tap a button by its sentence, or its text as it is: the newest, or that of a message."""
        await self._mark()
        within = self.root.locator(f'[data-message="{of.id}"]') if of else self.root
        await within.get_by_role("button", name=self.worded(label), exact=True).last.click()

    def typed(self, digits: str) -> str:
        """Digits as this phone's owner types them."""
        return digits.translate(_PERSIAN) if self.language is Language.FA else digits

    async def begin(self) -> None:
        """Tap the desk's own start button of an empty chat."""
        await self._mark()
        await self.root.locator(".start").click()

    async def opens(self, label: str, *, of: Said) -> Page:
        """Tap a button that leads to a page, and give that page."""
        within = self.root.locator(f'[data-message="{of.id}"]')
        async with self.page.expect_popup() as opened:
            await within.get_by_role("link", name=self.worded(label), exact=True).click()
        page = await opened.value
        page.set_default_timeout(PATIENCE * 1000)
        self._walk.watch(page)
        return page

    async def hears(self, *sentences: str, naming: str = "", patience: float = PATIENCE) -> Said:
        """Wait for a message newer than the last act that says these, whatever fills their holes.

        `naming` stands in it as it is, in the digits of the phone's language.
        """
        patterns = [*map(self.pattern, sentences), re.compile(re.escape(self.typed(naming)))]
        until = time.monotonic() + patience
        while True:
            fresh = [one for one in await self._read() if one.id > self._seen]
            for one in reversed(fresh):
                if all(pattern.search(one.text) for pattern in patterns):
                    return one
            assert time.monotonic() < until, f"waited for {sentences}, on the screen: {fresh}"
            await asyncio.sleep(0.1)

    async def said(self, *sentences: str, naming: str = "") -> list[Said]:
        """What stands in the chat now and says these."""
        patterns = [*map(self.pattern, sentences), re.compile(re.escape(self.typed(naming)))]
        return [one for one in await self._read() if all(p.search(one.text) for p in patterns)]

    def texts(self, tab: str) -> Locator:
        """The texts under a tab."""
        return self.root.locator(f".pane.{tab} .message:not(.mine) .text")

    async def sms(self, sentence: str, *, naming: str = "", patience: float = PATIENCE) -> str:
        """Turn to the SMS, wait for the newest that says this, and give its text."""
        await self.tab("sms")
        found = self.texts("sms").filter(has_text=self.pattern(sentence))
        found = found.filter(has_text=self.typed(naming))
        await expect(found.last).to_be_visible(timeout=patience * 1000)
        return await found.last.inner_text()

    async def _read(self) -> list[Said]:
        read = await self.root.evaluate(_READ)
        return [Said(one["id"], one["text"], one["keys"]) for one in read if not one["mine"]]

    async def _mark(self) -> None:
        self._seen = max((one.id for one in await self._read()), default=0)

    def pattern(self, sentence: str) -> re.Pattern[str]:
        """A pattern of a sentence in this phone's language, with anything in its holes."""
        literals = re.split(r"{[^}]*}", self.worded(sentence))
        return re.compile(".+".join(map(re.escape, literals)))

    def worded(self, sentence: str) -> str:
        """A sentence of the code in this phone's language, its holes as they are."""
        catalogue = translation(DOMAIN, LOCALES, [self.language], fallback=True)
        said = catalogue.gettext(sentence)
        if said == sentence:
            # Early 3.11 finds a sentence that has a plural by number alone.
            said = catalogue.ngettext(sentence, sentence, 1)
        assert self.language is Language.EN or not said.isascii(), f"nobody says {sentence!r}"
        return said
