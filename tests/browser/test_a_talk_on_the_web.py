"""A talk on the page, by keyboard alone: with the script and without it, in two directions."""

import re
import time
from gettext import translation

import pytest
from playwright.async_api import Browser, Page, expect

from api.kit.language import DOMAIN, LOCALES, Language, Sentence
from api.kit.speech import Medium, Speech
from bots.dialogues.records import record
from bots.web import pages
from tests.browser.hub import Hub
from tests.browser.meeting import FACTS, LINKED
from tests.browser.walking import PATIENCE, SIZE, Walk

pytestmark = pytest.mark.browser

_MOST_STEPS = 60
_FOCUSED = """() => {
    const one = document.activeElement;
    const style = getComputedStyle(one);
    return {
        words: (one.labels?.[0] ?? one).innerText.trim(),
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    };
}"""


class Keyboard:
    """Two hands on a keyboard, and no mouse."""

    def __init__(self, page: Page, language: Language) -> None:
        self.page = page
        self._language = language
        self._speech = Speech(language, Medium.PAGE)

    def words(self, sentence: Sentence | str) -> str:
        return sentence if isinstance(sentence, str) else self._speech.word(sentence)

    async def go_to(self, sentence: Sentence | str) -> None:
        """Step on until this button or field has the focus, and the eye can see it."""
        wanted = self.words(sentence)
        met = []
        for _step in range(_MOST_STEPS):
            await self.page.keyboard.press("Tab")
            focused = await self.page.evaluate(_FOCUSED)
            met.append(focused["words"][:30])
            if focused["words"] == wanted:
                assert focused["ring"], f"{wanted} has no ring"
                return
        raise AssertionError(f"no way to {wanted!r} but {met}")

    async def press(self, sentence: Sentence | str) -> None:
        await self.go_to(sentence)
        await self.page.keyboard.press("Enter")

    async def type(self, field: Sentence, text: str) -> None:
        await self.go_to(field)
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    async def hears(self, sentence: str) -> str:
        """Wait until the other side's newest message says this, whatever fills its holes."""
        said = translation(DOMAIN, LOCALES, [self._language], fallback=True).gettext(sentence)
        literals = re.split(r"{[^}]*}", said)
        pattern = re.compile(".+".join(map(re.escape, literals)), re.DOTALL)
        newest = self.page.locator("#talk .message:not(.mine) .text").last
        await expect(newest).to_have_text(pattern, timeout=PATIENCE * 1000)
        return await newest.inner_text()


@pytest.mark.parametrize(
    ("language", "scripted"), [(Language.EN, True), (Language.FA, False)], ids=str
)
async def test_a_talk_is_held_by_keyboard_alone(
    hub: Hub,
    browser: Browser,
    walk: Walk,
    language: Language,
    scripted: bool,  # noqa: FBT001
):
    kind, question = FACTS["people"]
    place = 0 if scripted else 1
    person = [
        one
        for one in hub.people()
        if one["phone"]
        and not one["hint"]
        and any(fact["kind"] == kind for fact in one["facts"])
        # Who has a child is asked for whom before a record is said.
        and not any(member["relation"] == "child" for member in one["family"])
    ][place]
    context = await browser.new_context(
        viewport=SIZE, locale=language.value, java_script_enabled=scripted
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    walk.watch(page)
    keyboard = Keyboard(page, language)

    async def stop(name: str) -> None:
        # What looks for barriers is a script itself.
        if scripted:
            await walk.stop(page, f"{language}-web-{name}", whole=True)

    await page.goto(f"{hub.talk}/people?lang={language}")
    await stop("landing")
    await keyboard.press(pages._WORDS["begin"])
    await keyboard.hears("Choose your language:")
    await stop("language")
    await keyboard.press(language.own_name)
    await keyboard.hears("You can unlink the chat whenever you like. Do you agree?")
    await keyboard.press(Sentence("I agree"))
    await keyboard.hears("Please share your own mobile number.")
    await stop("number")
    await keyboard.type(pages._WORDS["phone"], person["phone"])
    await keyboard.hears("What is your national code? It has ten digits.")
    write = pages._WORDS["write"]
    await keyboard.type(write, person["id"])
    await keyboard.hears(question)
    fact = next(one for one in person["facts"] if one["kind"] == kind)
    before = hub.sms(person)
    await keyboard.type(write, fact["month"])
    await keyboard.hears("Please write it here; it holds for a few minutes.")
    until = time.monotonic() + PATIENCE
    while len(texts := hub.sms(person)) == len(before):
        assert time.monotonic() < until, "no code came"
        await page.wait_for_timeout(200)
    code = re.search(r"[0-9۰-۹]{6}", texts[-1])
    assert code, texts[-1]
    await keyboard.type(write, code[0])
    await keyboard.hears(LINKED)
    await stop("linked")
    await keyboard.press(record.words)
    await expect(page.locator("#talk .message:not(.mine)").last).to_contain_text(
        re.compile("[0-9۰-۹]")
    )
    await stop("record")
    await keyboard.press(pages._WORDS["leave"])
    await expect(page.locator(".trouble")).to_have_text(keyboard.words(pages.LEFT))
    await expect(page.locator(".message")).to_have_count(0)
    await context.close()
