"""A picture on the page, and a paper to take along: fetched by who sees them, and by nobody else."""

from dataclasses import dataclass

import pytest

from api.access.refusals import GrantEnded
from api.client.knock import Door
from api.kit.message import Message, Order, Paper
from tests.bots.web.conftest import AUDIENCE, PAGE, Browser, Site

DRAWING = Door[Paper]("GET", "/trial/page-drawing", Paper)
PICTURE = Paper("year.png", b"\x89PNG and so on", "image/png")
PDF = Paper("year.pdf", b"%PDF and so on", "application/pdf")


@dataclass
class Drawings:
    """The pretended feature's client."""

    site: Site

    async def drawing(self) -> Paper:
        return await self.site.knocker(DRAWING)


@pytest.fixture
async def browser(site: Site) -> Browser:
    site.worker._core.drawings = Drawings(site)  # type: ignore[attr-defined]
    await site.browser.begin()
    return site.browser


async def give(site: Site, browser: Browser, paper: Paper) -> str:
    """Say something with a paper to the visitor; gives where the page has it."""
    site.knocker.answers[DRAWING] = paper
    visit = site.visits.of(f"web:{AUDIENCE}", browser.cookies[f"talk-{AUDIENCE}"])
    order = Order("drawings.drawing", paper.is_picture, "a grant", "en")
    words = "Insured for 3 months.\nNo month is missing."
    await site.visits.hear(visit.key, Message(words, order=order, language="en"), paper.name)
    await browser.look()
    if paper.is_picture:
        shown = next(
            given for tag, given in browser.sheet.elements if tag == "img" and given["alt"]
        )
        assert shown["alt"] == "Insured for 3 months."
        return shown["src"]
    return browser.sheet.first("a", download="")["href"]


@pytest.mark.parametrize("paper", [PICTURE, PDF], ids=lambda paper: paper.name)
async def test_a_paper_is_fetched_by_who_looks_at_it(site: Site, browser: Browser, paper: Paper):
    path = await give(site, browser, paper)
    answer = await browser.client.get(path)
    assert (answer.status, await answer.read()) == (200, paper.content)
    assert answer.headers["Content-Type"] == paper.media_type
    how = "inline" if paper.is_picture else "attachment"
    assert answer.headers["Content-Disposition"] == f'{how}; filename="{paper.name}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "img-src 'self'" in answer.headers["Content-Security-Policy"]
    [knocking] = [one for path, _given, one in site.knocker.calls if "drawing" in path]
    assert (knocking.grant, knocking.language) == ("a grant", "en")
    assert knocking.chat is not None
    assert knocking.chat.startswith(f"web:{AUDIENCE}:")


async def test_another_visitor_has_no_paper_of_mine(site: Site, browser: Browser):
    path = await give(site, browser, PICTURE)
    other = await site.open()
    assert (await other.client.get(path)).status == 404, "nobody"
    await other.begin()
    assert (await other.client.get(path)).status == 404, "somebody else"
    assert (await browser.client.get(f"{PAGE}/paper/{10**17}")).status == 404
    assert not any("drawing" in path for path, _given, _knock in site.knocker.calls)


async def test_what_the_core_refuses_is_not_there_and_what_it_cannot_make_comes_later(
    site: Site, browser: Browser
):
    path = await give(site, browser, PICTURE)

    def refuse() -> Paper:
        raise GrantEnded

    site.knocker.answers[DRAWING] = refuse
    assert (await browser.client.get(path)).status == 404
    site.knocker.away = True
    answer = await browser.client.get(path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
