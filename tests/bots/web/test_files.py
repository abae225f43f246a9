"""Files on the page: by a form alone, bounded, held sealed until the core has them."""

from io import BytesIO

import aiohttp
import pytest
from sqlalchemy import select

from api.access.rules import FILE_BYTES
from bots.adapters.web import WebAdapter
from bots.tables import brought, inbox
from bots.talk import File
from bots.web import forms
from bots.web.visits import IDLE_SECONDS
from tests.bots.web.conftest import AUDIENCE, PAGE, Browser, Site
from tests.bots.web.reading import read
from tests.support import papers

DOOR = f"{PAGE}/file"


async def asked(site: Site) -> Browser:
    """Come to a question that takes a file."""
    browser = site.browser
    await browser.begin()
    await browser.tap("English")
    for line in ("/places", "1", "Yazd"):
        await browser.write(line)
    assert "A photo of it?" in browser.sheet.said[-1]
    return browser


async def send(browser: Browser, content: bytes, **fields: str) -> None:
    """Choose a file on the page and press its button."""
    form = browser.sheet.form(DOOR, "file")
    data = aiohttp.FormData()
    for name, value in {**form.fields, **fields}.items():
        if name != "file":
            data.add_field(name, value)
    data.add_field("file", BytesIO(content), filename="حکم.png", content_type="image/png")
    answer = await browser.client.post(DOOR, data=data, headers=browser.headers)
    browser.status, browser.sheet = answer.status, read(await answer.text())


async def held(site: Site) -> list[bytes]:
    with site.memory.store.reading() as connection:
        return list(connection.scalars(select(brought.c.sealed)).all())


async def test_file_is_sent_by_the_form_of_the_question(site: Site):
    browser = await asked(site)
    await send(browser, papers.png())
    assert browser.status == 200
    mine = [one.text for one in browser.sheet.messages if one.mine]
    assert mine[-1] == "a file"
    assert "Yazd, a file" in browser.sheet.said[-1]
    [sealed] = await held(site)
    assert papers.png()[:40] not in sealed


async def test_bytes_come_to_who_works_on_the_chat(site: Site):
    browser = await asked(site)
    visit = await site.visits.find(f"web:{AUDIENCE}", next(iter(browser.cookies.values())))
    assert visit is not None
    known_by = await site.visits.bring(visit, papers.png())
    adapter = WebAdapter(AUDIENCE, site.visits)
    assert await adapter.fetch(File(known_by, "", 0, "")) == papers.png()
    assert await site.visits.brought(f"{visit.key} {'0' * 32}") is None
    assert await site.visits.brought("") is None
    # Another takes its place: a visitor has one at most.
    await site.visits.bring(visit, papers.jpeg())
    assert await site.visits.brought(known_by) is None
    assert len(await held(site)) == 1


async def test_form_that_is_sent_twice_is_one_line(site: Site):
    browser = await asked(site)
    sheet = browser.sheet
    await send(browser, papers.png())
    browser.sheet = sheet
    await send(browser, papers.png())
    assert [one.text for one in browser.sheet.messages if one.mine].count("a file") == 1


@pytest.mark.parametrize("field", ["form", "line"])
async def test_form_that_is_not_ours_is_refused_before_its_file_is_read(
    site: Site, monkeypatch: pytest.MonkeyPatch, field: str
):
    async def never(_part: object) -> bytes:
        raise AssertionError("its bytes were read")

    monkeypatch.setattr(forms, "_read", never)
    browser = await asked(site)
    await send(browser, papers.png(), **{field: "forged"})
    assert browser.status == 403
    assert await held(site) == []


async def test_file_that_is_too_large_is_told_of(site: Site):
    browser = await asked(site)
    await send(browser, bytes(FILE_BYTES + 1))
    assert browser.status == 413
    assert "at most 20 megabytes" in str(browser.sheet.texts)
    assert await held(site) == []


async def test_whatever_is_no_form_breaks_nothing(site: Site):
    browser = await asked(site)
    for media_type in ("multipart/form-data; boundary=x", "multipart/form-data", "text/plain"):
        answer = await browser.client.post(
            DOOR, data=b"--x\r\nnothing", headers={"Content-Type": media_type}
        )
        assert answer.status in {403, 413}
    with site.memory.store.reading() as connection:
        assert len(connection.execute(select(inbox.c.id)).all()) == 5


async def test_file_is_forgotten_with_the_visit(site: Site):
    browser = await asked(site)
    await send(browser, papers.png())
    site.clock.now += IDLE_SECONDS + 1
    await site.visits.forget()
    assert await held(site) == []


async def test_no_script_is_needed_and_the_form_says_what_is_taken(site: Site):
    browser = await asked(site)
    form = browser.sheet.form(DOOR, "file")
    assert form.labels == ["Send a file"]
    [field] = [given for kind, given in browser.sheet.elements if given.get("type") == "file"]
    assert field["accept"] == "application/pdf,image/jpeg,image/png"
