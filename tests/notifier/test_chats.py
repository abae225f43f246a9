"""The mouths of messengers: what leaves by each library, and what is understood of the answer."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.kit.message import Button, Message, Paper, Pin, Wants
from api.kit.outcome import Accepted, Rejected, Unknown
from notifier.channels.bale import BaleChannel
from notifier.channels.layout import LENGTH, split
from notifier.channels.mouths import Address
from notifier.channels.telegram import TelegramChannel
from tests.notifier import servers
from tests.notifier.servers import HttpServer

TOKEN = "123456:" + "A" * 35
TO = Address(chat_id="1001")
SENT = servers.say(
    200,
    {
        "ok": True,
        "result": {"message_id": 7, "date": 1, "chat": {"id": 1001, "type": "private"}},
    },
)


def refused(status: int, description: str, **parameters: object) -> servers.Answer:
    body = {
        "ok": False,
        "error_code": status,
        "description": description,
        "parameters": parameters or None,
    }
    return servers.say(status, body)


@pytest.fixture
async def desk() -> AsyncIterator[HttpServer]:
    async with servers.http(SENT) as server:
        yield server


MOUTHS = {"aiogram": TelegramChannel, "python-telegram-bot": BaleChannel}


@pytest.fixture(params=MOUTHS)
async def channel(
    desk: HttpServer, request: pytest.FixtureRequest
) -> AsyncIterator[TelegramChannel | BaleChannel]:
    made = MOUTHS[request.param](TOKEN, desk.url, timeout_seconds=servers.patience(request))
    yield made
    await made.close()


def markup_of(fields: dict[str, Any]) -> dict[str, Any]:
    """The keyboard of a call: aiogram sends it as text in a form, the other as it is."""
    markup = fields["reply_markup"]
    read: dict[str, Any] = json.loads(markup) if isinstance(markup, str) else markup
    return read


async def test_plain_text_leaves_without_a_parse_mode(channel, desk) -> None:
    outcome = await channel.send(TO, Message("a < b & *c* _d_", language="en"), "1")
    assert outcome == Accepted("7")
    ((path, fields),) = desk.calls
    assert path == f"/bot{TOKEN}/sendMessage"
    assert str(fields["chat_id"]) == "1001"
    assert fields["text"] == "a < b & *c* _d_"
    assert "parse_mode" not in fields


async def test_telegram_shows_no_picture_of_a_linked_page_and_bale_is_not_told(desk) -> None:
    for made in MOUTHS.values():
        mouth = made(TOKEN, desk.url)
        await mouth.send(TO, Message("x", language="en"), "1")
        await mouth.close()
    telegram, bale = (fields for _, fields in desk.calls)
    assert json.loads(telegram["link_preview_options"]) == {"is_disabled": True}
    assert "link_preview_options" not in bale


async def test_place_shows_on_the_map(channel, desk) -> None:
    pin = Pin(35.7, 51.34, "شعبه ۱۲", "خیابان آزادی")
    assert await channel.send(TO, Message(str(pin), pin=pin), "1") == Accepted("7")
    *words, (path, fields) = desk.calls
    place = {name: str(value) for name, value in fields.items()}
    named = {"title": "شعبه ۱۲", "address": "خیابان آزادی"}
    at = {"chat_id": "1001", "latitude": "35.7", "longitude": "51.34"}
    if isinstance(channel, TelegramChannel):
        assert words == []
        assert (path, place) == (f"/bot{TOKEN}/sendVenue", at | named)
    else:
        # A place has no name at Bale: it goes before.
        [(said, text)] = words
        assert said == f"/bot{TOKEN}/sendMessage"
        assert "\n".join(named.values()) in text["text"]
        assert (path, place) == (f"/bot{TOKEN}/sendLocation", at)


async def test_buttons_are_rows_of_an_inline_keyboard(channel, desk) -> None:
    rows = (
        (Button("A", "a|K7Q2M4XD"), Button("B", "b|K7Q2M4XD")),
        (Button("Page", url="https://example.org"),),
    )
    await channel.send(TO, Message("x", buttons=rows, language="en"), "1")
    assert markup_of(desk.calls[0][1]) == {
        "inline_keyboard": [
            [
                {"text": "A", "callback_data": "a|K7Q2M4XD"},
                {"text": "B", "callback_data": "b|K7Q2M4XD"},
            ],
            [{"text": "Page", "url": "https://example.org"}],
        ]
    }


@pytest.mark.parametrize(
    ("wants", "asked"),
    [(Wants.CONTACT, "request_contact"), (Wants.LOCATION, "request_location")],
)
async def test_a_contact_and_a_place_have_a_button_of_their_own(
    channel, desk, wants, asked
) -> None:
    await channel.send(TO, Message("x", wants=wants, wants_label="Share", language="en"), "1")
    markup = markup_of(desk.calls[0][1])
    assert markup["keyboard"] == [[{"text": "Share", asked: True}]]
    assert markup["one_time_keyboard"] is True


async def test_with_buttons_and_a_contact_the_keyboard_follows_on_its_own(channel, desk) -> None:
    message = Message(
        "x", buttons=((Button("A", "a"),),), wants=Wants.CONTACT, wants_label="Share", language="en"
    )
    assert await channel.send(TO, message, "1") == Accepted("7")
    assert [fields["text"] for _, fields in desk.calls] == ["x", "Share"]
    assert ["inline_keyboard" in markup_of(fields) for _, fields in desk.calls] == [True, False]


async def test_a_long_text_leaves_in_parts_with_the_buttons_under_the_last(channel, desk) -> None:
    text = "\n\n".join("کلمه " * 200 for _ in range(8))
    await channel.send(TO, Message(text, buttons=((Button("A", "a"),),)), "1")
    assert len(desk.calls) >= 2
    assert all(len(fields["text"]) <= LENGTH for _, fields in desk.calls)
    assert ["reply_markup" in fields for _, fields in desk.calls][-2:] == [False, True]


DEBT = Paper("debt.pdf", b"%PDF", "application/pdf")


def drawn(width: int, height: int) -> Paper:
    """A picture, as far as its head."""
    sides = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return Paper("record.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + sides, "image/png")


def methods(desk: HttpServer) -> list[str]:
    return [path.rsplit("/")[-1] for path, _fields in desk.calls]


async def test_words_stand_beside_a_paper(channel, desk) -> None:
    outcome = await channel.send(TO, Message("x", papers=(DEBT,), language="en"), "1")
    assert outcome == Accepted("7")
    [(path, fields)] = desk.calls
    assert (path, fields["caption"]) == (f"/bot{TOKEN}/sendDocument", "x")
    assert ("debt.pdf", b"%PDF") in fields.values()


@pytest.mark.parametrize(
    "message",
    [
        Message("x", papers=(DEBT, DEBT), language="en"),
        Message("x", papers=(DEBT,), buttons=((Button("A", "a"),),), language="en"),
        Message("word " * 300, papers=(DEBT,), language="en"),
    ],
    ids=["several", "with buttons", "a long text"],
)
async def test_papers_follow_a_text_that_cannot_stand_beside_them(channel, desk, message) -> None:
    await channel.send(TO, message, "1")
    papers = ["sendDocument"] * len(message.papers)
    assert methods(desk) == ["sendMessage", *papers]
    assert "caption" not in desk.calls[-1][1]


@pytest.mark.parametrize(
    ("width", "height", "method"),
    [
        (1080, 1675, "sendPhoto"),
        (1080, 8920, "sendPhoto"),
        (1080, 8921, "sendDocument"),
        (100, 2001, "sendDocument"),
        (0, 0, "sendPhoto"),
    ],
)
async def test_a_picture_is_shown_where_its_sides_let_it(
    channel, desk, width, height, method
) -> None:
    await channel.send(TO, Message("x", papers=(drawn(width, height),), language="en"), "1")
    assert methods(desk) == [method]
    assert desk.calls[0][1]["caption"] == "x"


async def test_49_megabytes_leave_and_51_do_not(channel, desk) -> None:
    large = Paper("list.zip", bytes(49 * 2**20), "application/zip")
    assert await channel.send(TO, Message("x", papers=(large,)), "1") == Accepted("7")
    [(_path, fields)] = desk.calls
    [(name, content)] = [one for one in fields.values() if isinstance(one, tuple)]
    assert (name, len(content)) == ("list.zip", 49 * 2**20)
    larger = Paper("list.zip", bytes(51 * 2**20), "application/zip")
    assert await channel.send(TO, Message("x", papers=(larger,)), "1") == Rejected("too_large")
    assert len(desk.calls) == 1


async def test_a_persian_line_that_begins_with_a_latin_word_does_not_flip(channel, desk) -> None:
    text = "Telegram به شما وصل شد\nکد بررسی: \u2066K7Q2\u2069\nK7Q2-M4XD\n\u2066K7\u2069 کد شما"
    await channel.send(TO, Message(text), "1")
    lines = desk.calls[0][1]["text"].split("\n")
    assert [line.startswith("\u200f") for line in lines] == [True, False, False, False]
    assert [line.lstrip("\u200f") for line in lines] == text.split("\n")


async def test_an_english_line_that_begins_with_a_persian_name_does_not_flip(channel, desk) -> None:
    text = "س*** ک***, this chat is now linked to you.\nWorkplace *1001 نان سحر\nنان سحر"
    await channel.send(TO, Message(text, language="en"), "1")
    lines = desk.calls[0][1]["text"].split("\n")
    assert [line.startswith("\u200e") for line in lines] == [True, False, False]
    assert [line.lstrip("\u200e") for line in lines] == text.split("\n")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (
            refused(429, "Too Many Requests: retry after 7", retry_after=7),
            Rejected("too_many", again=True, wait_seconds=7),
        ),
        (
            refused(403, "Forbidden: bot was blocked by the user"),
            Rejected("blocked", address_dead=True),
        ),
        (
            refused(400, "Bad Request: chat not found"),
            Rejected("chat_not_found", address_dead=True),
        ),
        (refused(400, "Bad Request: message text is empty"), Rejected("bad_request")),
        (refused(401, "Unauthorized"), Rejected("bot_refused", account=True)),
        (refused(404, "Not Found"), Rejected("bot_refused", account=True)),
        (refused(413, "Request Entity Too Large"), Rejected("too_large")),
        (refused(500, "Internal Server Error"), Rejected("server_error", again=True)),
        (servers.say(502, "<h1>Bad Gateway</h1>"), Unknown("not_understood")),
        (servers.say(200, "<h1>Sign in</h1>"), Unknown("not_understood")),
        (servers.hang_up, Unknown("broken_off")),
        (servers.never, Unknown("timeout")),
    ],
)
async def test_every_answer_is_one_of_three_outcomes(channel, desk, answer, outcome) -> None:
    desk.answers = [answer]
    assert await channel.send(TO, Message("x", language="en"), "1") == outcome


def said(status: int, code: int, description: str, **headers: str) -> servers.Answer:
    body = {"ok": False, "error_code": code, "description": description}
    return servers.say(status, body, **headers)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (said(404, 404, "no such group or user"), Rejected("blocked", address_dead=True)),
        (said(403, 403, "permission_denied"), Rejected("blocked", address_dead=True)),
        (said(400, 400, "Bad Request: Token not found"), Rejected("bot_refused", account=True)),
        (
            said(400, 400, "bot limit exceed"),
            Rejected("too_many", again=True, wait_seconds=1),
        ),
        (
            said(429, 429, "local_rate_limited", **{"Retry-After": "9"}),
            Rejected("too_many", again=True, wait_seconds=9),
        ),
        # Refused with a status of success.
        (
            said(200, 400, "Bad Request: chat not found"),
            Rejected("chat_not_found", address_dead=True),
        ),
        (said(200, 0, "what it likes"), Rejected("bad_request")),
        (said(409, 409, "Conflict"), Rejected("refused")),
        (servers.say(200, {"ok": True, "result": {"message_id": "7"}}), Accepted("7")),
        (servers.say(200, {"ok": True, "result": {"message_id": 7, "chat": 5}}), Accepted("7")),
        (servers.say(200, {"ok": True, "result": True}), Accepted("")),
        (servers.say(200, {"ok": True, "result": {"id": 7}}), Unknown("not_understood")),
        (servers.say(200, {"ok": True, "result": ["7"]}), Unknown("not_understood")),
        (servers.say(200, ["result"]), Unknown("not_understood")),
    ],
)
async def test_a_dialect_is_understood(desk, answer, outcome) -> None:
    desk.answers = [answer]
    channel = BaleChannel(TOKEN, desk.url)
    assert await channel.send(TO, Message("x", language="en"), "1") == outcome
    await channel.close()


@pytest.mark.parametrize("made", MOUTHS.values())
async def test_a_server_that_is_not_there_surely_has_nothing(made) -> None:
    channel = made(TOKEN, servers.nobody())
    assert await channel.send(TO, Message("x"), "1") == Rejected("not_reached", again=True)
    await channel.close()


async def test_a_message_torn_in_the_middle_is_unknown(channel, desk) -> None:
    desk.answers = [SENT, refused(500, "Internal Server Error")]
    assert await channel.send(TO, Message("x" * 5000, language="en"), "1") == Unknown("torn")


async def test_a_messenger_cannot_be_asked(channel) -> None:
    assert not channel.can.asks
    assert await channel.ask("1") is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("abc", ["abc"]),
        ("abcdefgh", ["abcd", "efgh"]),
        ("abc defg", ["abc", "defg"]),
        ("ab\ncd ef", ["ab", "cd", "ef"]),
        ("😀😀😀", ["😀😀", "😀"]),
    ],
)
def test_texts_are_cut_where_they_breathe_and_by_utf16_units(text, parts) -> None:
    assert split(text, 4) == parts
