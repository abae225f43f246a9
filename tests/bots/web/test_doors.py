"""The talk on the page: begun, held, left; without a script, and for its own visitor alone."""

import re

import pytest
from sqlalchemy import select

from api.client.access import UNLINK
from api.kit.language import Language
from bots.tables import chats, inbox, metadata, replies, said, visitors
from bots.web import doors, visits
from tests.bots.web.conftest import PAGE, Site

ENGLISH = {"Accept-Language": "en"}


async def test_a_whole_talk_is_held_with_forms_alone(site: Site):
    browser = site.browser
    await browser.begin()
    assert "Choose your language:" in browser.sheet.said[0]
    await browser.tap("English")
    assert "What would you like to do?" in browser.sheet.said[-1]
    for line in ("1", "1", "1"):
        await browser.write(line)
    await browser.tap("Send")
    assert "Request B-1 is on its way" in browser.sheet.said[-1]
    assert site.knocker.changes("/trial/request") == 1
    mine = [one.text for one in browser.sheet.messages if one.mine]
    assert mine == ["English", "1", "1", "1", "Send"]


async def test_looking_begins_nothing(site: Site):
    sheet = await site.browser.look()
    assert site.browser.status == 200
    assert site.browser.cookies == {}
    assert sheet.messages == []
    assert await everything(site) == []


async def test_a_form_that_is_sent_twice_is_one_line(site: Site):
    browser = site.browser
    await browser.begin()
    form = browser.sheet.form(PAGE, "text")
    for _press in range(2):
        await browser.press(form, text="2")
    assert [one.text for one in browser.sheet.messages if one.mine] == ["2"]
    with site.memory.store.reading() as connection:
        assert len(connection.execute(select(inbox)).all()) == 2
    await browser.press(form, text="3")
    assert [one.text for one in browser.sheet.messages if one.mine] == ["2", "3"]


async def test_only_the_newest_question_has_buttons(site: Site):
    await site.browser.begin()
    await site.browser.tap("English")
    answered, *_mine, asked = site.browser.sheet.messages
    assert answered.form is None
    assert asked.form is not None
    assert asked.form.buttons


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, {"form": "x" * 24}),
        ({}, {"form": ""}),
        ({}, {"line": "another"}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site"}, {}),
        ({"Origin": "https://evil.example"}, {}),
    ],
)
async def test_a_form_that_stood_elsewhere_is_no_line(
    site: Site, headers: dict[str, str], fields: dict[str, str]
):
    browser = site.browser
    await browser.begin()
    browser.headers.update(headers)
    await browser.press(browser.sheet.form(PAGE, "text"), text="gone?", **fields)
    assert browser.status == 403
    assert [one.text for one in browser.sheet.messages if one.mine] == []
    assert browser.sheet.form(PAGE, "text").fields["text"] == "gone?", (
        "nothing has to be typed anew"
    )


async def test_the_form_of_another_visitor_is_none_of_mine(site: Site):
    other = await site.open()
    await other.begin()
    await site.browser.begin()
    await site.browser.press(other.sheet.form(PAGE, "text"), text="hi")
    assert site.browser.status == 403


async def test_a_stranger_with_a_guessed_cookie_sees_no_talk(site: Site):
    await site.browser.begin()
    [(name, secret)] = site.browser.cookies.items()
    with site.memory.store.reading() as connection:
        key = connection.scalar(select(visitors.c.key))
    for guess in (key or "", secret[:-1] + "x", "", "x" * 5000):
        stranger = await site.open(Cookie=f"{name}={guess}")
        assert (await stranger.look()).messages == []


@pytest.mark.parametrize("url", ["http://talk.example", "https://talk.example"])
async def test_the_secret_is_held_to_the_browser_and_kept_nowhere(site: Site, url: str):
    browser = await site.open(url)
    await browser.look()
    form = browser.sheet.form(f"{PAGE}/begin", "start")
    answer = await browser.client.post(form.action, data=form.fields, allow_redirects=False)
    [cookie] = answer.headers.getall("Set-Cookie")
    flags = {part.strip().partition("=")[0] for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite", "Max-Age", "Path"} <= flags
    assert "SameSite=Lax" in cookie
    assert "Domain" not in flags
    secure = url.startswith("https")
    assert ("Secure" in flags) is secure
    assert cookie.startswith("__Host-") is secure
    secret = cookie.partition("=")[2].partition(";")[0].encode()
    assert len(secret) > 40
    assert all(secret not in row for row in await everything(site))


async def test_what_is_said_stands_nowhere_in_clear(site: Site):
    browser = site.browser
    await browser.begin()
    await browser.write("سخن نهان")
    assert all("نهان".encode() not in row for row in await everything(site))
    assert all(b"Choose" not in row for row in await everything(site))


async def test_nobody_may_keep_frame_or_index_the_page(site: Site):
    browser = site.browser
    for look in (browser.look, browser.begin):
        await look()
        assert browser.told["Cache-Control"] == "no-store"
        assert browser.told["X-Frame-Options"] == "DENY"
        assert browser.told["Referrer-Policy"] == "no-referrer"
        policy = browser.told["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert re.findall(r"https?:", policy) == []


async def test_hostile_words_stay_words(site: Site):
    browser = site.browser
    await browser.begin()
    hostile = "</div><script>alert(1)</script>\u202e\" onfocus=x '{{7*7}}"
    await browser.write(hostile)
    [mine] = [one.text for one in browser.sheet.messages if one.mine]
    assert mine == hostile.replace("\u202e", "")
    assert [
        given for tag, given in browser.sheet.elements if tag == "script" and "src" not in given
    ] == []
    assert not any("onfocus" in given for _tag, given in browser.sheet.elements)


async def test_after_half_an_hour_of_silence_the_talk_is_closed_and_forgotten(site: Site):
    browser = site.browser
    await browser.begin()
    site.clock.pass_(visits.IDLE_SECONDS - 1)
    await browser.write("2")
    site.clock.pass_(visits.IDLE_SECONDS + 1)
    await browser.look(f"{PAGE}?lang=en")
    assert browser.sheet.messages == []
    assert "closed after half an hour" in browser.sheet.texts["trouble"]
    await site.visits.forget()
    with site.memory.store.reading() as connection:
        for table in (visitors, said, chats):
            assert connection.execute(select(table)).all() == []


async def test_a_visit_lasts_so_long_at_most(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(visits, "LASTS_SECONDS", 2 * visits.IDLE_SECONDS)
    browser = site.browser
    await browser.begin()
    for _half_hour in range(4):
        site.clock.pass_(visits.IDLE_SECONDS - 10)
        await browser.look()
        if not browser.sheet.messages:
            return
        await browser.write("menu")
    raise AssertionError("it never ended")


async def test_who_leaves_is_unlinked_and_forgotten(site: Site):
    browser = site.browser
    site.knocker.answers[UNLINK] = None
    await browser.begin()
    form = browser.sheet.form(f"{PAGE}/leave", "form")
    await browser.press(form)
    assert browser.sheet.messages == []
    assert browser.cookies == {}
    [chat] = {k.chat for call, _facts, k in site.knocker.calls if call.endswith("/unlink")}
    assert str(chat).startswith("web:employers:")
    with site.memory.store.reading() as connection:
        for table in (visitors, said, chats):
            assert connection.execute(select(table)).all() == []
        kept = (
            connection.execute(
                select(inbox.c.raw, replies.c.text).join_from(
                    inbox, replies, inbox.c.chat == replies.c.chat
                )
            )
        ).all()
    assert all(row == (None, None) for row in kept)


async def test_who_leaves_while_the_core_is_away_is_forgotten_all_the_same(site: Site):
    await site.browser.begin()
    site.knocker.away = True
    await site.browser.press(site.browser.sheet.form(f"{PAGE}/leave", "form"))
    assert site.browser.cookies == {}


async def test_lines_that_come_too_fast_are_not_kept(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(visits, "LINES_A_MINUTE", 3)
    browser = site.browser
    await browser.begin()
    for _line in range(visits.LINES_A_MINUTE):
        await browser.write("menu")
        assert browser.status == 200
    await browser.write("one too many")
    assert browser.status == 429
    assert browser.sheet.form(PAGE, "text").fields["text"] == "one too many"
    site.clock.pass_(61)
    await browser.write("one too many")
    assert browser.status == 200


async def test_one_address_begins_so_many_visits_an_hour(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(visits, "BEGUN_AN_HOUR", 2)
    for status in (200, 200, 429):
        browser = await site.open(proxies=1, **{"X-Forwarded-For": "9.9.9.9, 2001:db8::7"})
        await browser.begin()
        assert browser.status == status
    elsewhere = await site.open(proxies=1, **{"X-Forwarded-For": "2001:db8::7, 5.5.5.5"})
    await elsewhere.begin()
    assert elsewhere.status == 200, "only what our own proxy wrote counts"
    site.clock.pass_(3601)
    browser = await site.open(proxies=1, **{"X-Forwarded-For": "2001:db8::8"})
    await browser.begin()
    assert browser.status == 200


async def test_a_line_that_is_too_long_is_refused_in_words(site: Site):
    await site.browser.begin()
    await site.browser.write("x" * 1001)
    assert site.browser.status == 422
    assert (
        "1,000" in site.browser.sheet.texts["trouble"]
        or "۱٬۰۰۰" in site.browser.sheet.texts["trouble"]
    )


async def test_a_body_without_end_is_refused(site: Site):
    await site.browser.begin()
    await site.browser.write("x" * 20_000)
    assert site.browser.status == 403


async def test_an_empty_line_says_nothing(site: Site):
    await site.browser.begin()
    before = len(site.browser.sheet.messages)
    await site.browser.write("  \u200b ")
    assert (site.browser.status, len(site.browser.sheet.messages)) == (200, before)


async def test_a_number_is_shared_by_writing_it(site: Site):
    browser = site.browser
    site.knocker.linked = False
    await browser.begin()
    await browser.tap("English")
    form = browser.sheet.form(PAGE, "contact")
    assert form.labels == ["Share my number"]
    await browser.press(form, contact="12")
    assert browser.status == 422
    await browser.press(browser.sheet.form(PAGE, "contact"), contact="۰۹۱۲ ۱۲۳ ۴۵۶۷")
    assert "Your national code?" in browser.sheet.said[-1]
    await browser.write("0012345679")
    [facts] = [facts for call, facts, _k in site.knocker.calls if call.endswith("/trial/claim")]
    assert facts["phone"] == "+989121234567"


@pytest.mark.parametrize("place", ["35.7 51.4", "-0.5 179.99999"])
async def test_a_place_is_shared_or_written(site: Site, place: str):
    browser = site.browser
    await browser.begin()
    for line in ("2", "/places", "1"):
        await browser.write(line)
    form = browser.sheet.form(PAGE, "place")
    hidden = browser.sheet.first("form", id="here")
    assert "hidden" in hidden, "without a script nobody can share one"
    for wrong in ("91 0", "1 181", "x y", "1e3 2"):
        await browser.press(form, place=wrong)
        assert "Where are you?" in browser.sheet.said[-1]
    await browser.press(form, place=place)
    assert "A photo of it?" in browser.sheet.said[-1]


async def test_an_answer_that_comes_later_is_there_when_one_looks_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    browser = site.browser
    await browser.begin()
    await browser.write("2")
    site.knocker.away = True
    await browser.write("1")
    assert "We cannot reach the information" in browser.sheet.said[-1]
    site.knocker.away = False
    site.clock.pass_(10)
    site.worker.wake()
    for _look in range(200):
        await browser.look()
        if "Which booklet?" in browser.sheet.said[-1]:
            break
    assert "We are back. Let us go on:" in browser.sheet.said[-1]


async def test_a_page_that_waits_looks_again_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doors, "ANSWERED_WITHIN", 0.0)
    await site.worker.stop()
    browser = site.browser
    await browser.begin()
    assert browser.told["Refresh"]
    assert browser.sheet.texts["waiting"]
    monkeypatch.setattr(site.worker, "_stopping", False)
    await site.worker.drain()
    await browser.look()
    assert "Refresh" not in browser.told
    assert "waiting" not in browser.sheet.texts


async def test_a_deep_link_opens_what_the_button_would(site: Site):
    browser = site.browser
    await browser.look(f"{PAGE}?start=about_it-K7Q2M4XD")
    await browser.press(browser.sheet.form(f"{PAGE}/begin", "start"))
    await browser.tap("English")
    assert "It says: it is so" in browser.sheet.said[-1]
    await browser.look(f"{PAGE}?start=%22%3E%3Cscript%3E")
    assert browser.status == 200


@pytest.mark.parametrize("language", Language)
async def test_the_page_speaks_the_language_of_the_talk(site: Site, language: Language):
    browser = site.browser
    await browser.look(f"{PAGE}?lang={language}")
    assert browser.sheet.first("html") == {"lang": language.value, "dir": language.direction}
    await browser.press(browser.sheet.form(f"{PAGE}/begin", "start"))
    await browser.tap(language.own_name)
    assert browser.sheet.first("html") == {"lang": language.value, "dir": language.direction}
    assert browser.sheet.messages[-1].language == language.value
    assert browser.told["Content-Language"] == language.value


async def test_the_page_is_for_keyboards_and_screen_readers(site: Site):
    browser = site.browser
    site.knocker.linked = False
    await browser.begin()
    await browser.tap("English")
    sheet = browser.sheet
    log = sheet.first("div", role="log")
    assert log["aria-live"] == "polite"
    assert log["aria-label"]
    assert len([tag for tag, _given in sheet.elements if tag == "h1"]) == 1
    labelled = {given["for"] for tag, given in sheet.elements if tag == "label"}
    typed = {
        given["id"]
        for tag, given in sheet.elements
        if tag == "input" and given.get("type") != "hidden"
    }
    assert typed == labelled == {"text", "contact"}
    assert all(label.strip() for form in sheet.forms for label in form.labels)
    ids = [given["id"] for _tag, given in sheet.elements if "id" in given]
    assert len(ids) == len(set(ids))
    assert sheet.first("a", href="#new")
    assert sheet.first("div", id="new")["tabindex"] == "-1"
    for _tag, given in sheet.elements:
        assert "style" not in given
        assert not any(name.startswith("on") for name in given)
        assert given.get("tabindex", "0") in {"0", "-1"}


async def test_style_script_and_font_come_from_us(site: Site):
    await site.browser.begin()
    for tag, given in site.browser.sheet.elements:
        address = given.get("src") or (given.get("href", "") if tag == "link" else "")
        if address:
            answer = await site.browser.client.get(address)
            assert answer.status == 200
            assert answer.headers["Cache-Control"].startswith("public")
    assert (await site.browser.client.get("/talk/static/doors.py")).status == 404
    assert (await site.browser.client.get("/talk/inspectors")).status in {404, 405}


async def test_a_memory_that_is_away_is_told_on_a_page(site: Site, monkeypatch: pytest.MonkeyPatch):
    async def away(*_visit: object) -> None:
        raise OSError("no such host")

    await site.browser.begin()
    monkeypatch.setattr(site.visits, "find", away)
    await site.browser.look()
    assert site.browser.status == 503


async def everything(site: Site) -> list[bytes]:
    """Every row of the memory as bytes."""
    with site.memory.store.reading() as connection:
        return [
            b" ".join(one if isinstance(one, bytes) else str(one).encode() for one in row)
            for table in metadata.sorted_tables
            for row in connection.execute(select(table)).all()
        ]
