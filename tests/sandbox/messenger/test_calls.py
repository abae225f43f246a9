"""Every call is held against the Bot API: what Telegram refuses, the sandbox refuses."""

from typing import Any

import pytest

from tests.sandbox.conftest import MINA, TOKEN, Desk


def inline(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("sendMessage", {"text": "x"}, 'parameter "chat_id" is required'),
    ("sendMessage", {"chat_id": "me"}, 'parameter "text" is required'),
    ("sendMessage", {"chat_id": "me", "text": "x", "colour": 1}, 'unknown parameter "colour"'),
    ("sendMessage", {"chat_id": True, "text": "x"}, '"chat_id" must be Integer or String'),
    ("sendMessage", {"chat_id": "me", "text": 5}, '"text" must be String'),
    ("sendMessage", {"chat_id": "me", "text": "   "}, "message text is empty"),
    ("sendMessage", {"chat_id": "me", "text": "😀" * 2049}, "message is too long"),
    ("sendMessage", {"chat_id": "me", "text": "<b>x", "parse_mode": "HTML"}, "can't find end tag"),
    ("sendMessage", {"chat_id": "me", "text": "<x>", "parse_mode": "HTML"}, "unsupported start"),
    ("sendMessage", {"chat_id": "me", "text": "a < b", "parse_mode": "HTML"}, "unsupported start"),
    ("sendMessage", {"chat_id": "me", "text": "x", "parse_mode": "Markdown"}, "parse_mode"),
    (
        "sendMessage",
        {"chat_id": "me", "text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
        "stands outside",
    ),
    (
        "sendMessage",
        {"chat_id": "me", "text": "x", "reply_markup": inline({"text": "b"})},
        "text buttons are unallowed",
    ),
    (
        "sendMessage",
        {
            "chat_id": "me",
            "text": "x",
            "reply_markup": inline({"text": "b", "callback_data": "ن" * 33}),
        },
        "BUTTON_DATA_INVALID",
    ),
    (
        "sendMessage",
        {"chat_id": "me", "text": "x", "reply_markup": inline({"callback_data": "a"})},
        '"text" of InlineKeyboardButton',
    ),
    (
        "sendMessage",
        {"chat_id": "me", "text": "x", "reply_markup": {"keyboard": [[]]}},
        "no button",
    ),
    (
        "sendMessage",
        {"chat_id": "me", "text": "x", "reply_markup": {"keyboard": "b"}},
        "must be Array of Array of KeyboardButton",
    ),
    (
        "sendMessage",
        {"chat_id": "me", "text": "x", "reply_parameters": {"message_id": 99}},
        "message to be replied not found",
    ),
    ("sendDocument", {"chat_id": "me", "document": "desk-9-x"}, "wrong file identifier"),
    ("sendLocation", {"chat_id": "me", "latitude": 91, "longitude": 0}, "wrong latitude"),
    (
        "sendVenue",
        {"chat_id": "me", "latitude": 35, "longitude": 181, "title": "x", "address": "y"},
        "wrong latitude",
    ),
    (
        "sendVenue",
        {"chat_id": "me", "latitude": 35, "longitude": 51, "title": " ", "address": "y"},
        "has a title",
    ),
    ("sendVenue", {"chat_id": "me", "latitude": 35, "longitude": 51, "title": "x"}, "is required"),
    ("editMessageText", {"chat_id": "me", "message_id": 1, "text": "x"}, "can't be edited"),
    ("editMessageText", {"chat_id": "me", "message_id": 9, "text": "x"}, "edit not found"),
    ("deleteMessage", {"chat_id": "me", "message_id": 9}, "delete not found"),
    ("answerCallbackQuery", {"callback_query_id": "1"}, "query is too old"),
    ("sendChatAction", {"chat_id": "me", "action": "dance"}, "wrong parameter action"),
    ("setMyCommands", {"commands": [{"command": "Menu", "description": "x"}]}, "COMMAND_INVALID"),
    ("setMyCommands", {"commands": [], "scope": {"type": "moon"}}, "unknown type"),
    ("setWebhook", {"url": "http://example.org/x"}, "HTTPS URL"),
    ("setWebhook", {"url": "https://example.org/x", "secret_token": "a b"}, "unallowed characters"),
    ("getFile", {"file_id": "nothing"}, "wrong file identifier"),
    ("getUpdates", {"limit": "many"}, '"limit" must be Integer'),
]


@pytest.mark.parametrize(("method", "given", "why"), REFUSED)
async def test_what_telegram_refuses_is_refused(desk: Desk, method, given, why):
    await desk.post("/desk/say", person=MINA, text="سلام")
    if given.get("chat_id") == "me":
        given = {**given, "chat_id": desk.user_id(MINA)}
    status, body = await desk.call(method, **given)
    assert (status, body["ok"], body["error_code"]) == (400, False, 400)
    assert body["description"].startswith("Bad Request: ")
    assert why in body["description"]


async def test_text_of_exactly_the_limit_passes_after_its_marks_are_read(desk: Desk):
    await desk.post("/desk/say", person=MINA, text="سلام")
    status, body = await desk.call(
        "sendMessage",
        chat_id=desk.user_id(MINA),
        text="<b>" + "😀" * 2048 + "</b>",
        parse_mode="HTML",
    )
    assert status == 200
    assert body["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]


async def test_unknown_token_and_unknown_method_are_told_apart(desk: Desk):
    assert (await desk.call("getMe", token="1:x"))[0] == 401
    status, body = await desk.call("getMoon")
    assert (status, body) == (404, {"ok": False, "error_code": 404, "description": "Not Found"})


async def test_a_bot_cannot_write_first(desk: Desk):
    status, body = await desk.call("sendMessage", chat_id=desk.user_id(MINA), text="سلام")
    assert (status, body["description"]) == (400, "Bad Request: chat not found")


async def test_parameters_are_read_from_query_form_and_json_alike(desk: Desk):
    await desk.post("/desk/say", person=MINA, text="سلام")
    given = {
        "chat_id": str(desk.user_id(MINA)),
        "text": "سلام",
        "disable_notification": "true",
        "reply_markup": '{"inline_keyboard":[[{"text":"یک","callback_data":"1"}]]}',
    }
    url = f"{desk.url}/bot{TOKEN}/sendmessage"
    async with desk.http.get(url, params=given) as answer:
        assert answer.status == 200
    async with desk.http.post(url, data=given) as answer:
        assert answer.status == 200
    async with desk.http.post(url, data=b"{", headers={"Content-Type": "application/json"}) as bad:
        assert bad.status == 400


async def test_a_limit_holds_each_chat_and_the_whole_bot(desk: Desk):
    await desk.post("/desk/say", person=MINA, text="سلام")
    await desk.post("/desk/faults", service="telegram", kind="limit", per_chat=2, per_bot=30)
    answers = [
        await desk.call("sendMessage", chat_id=desk.user_id(MINA), text=str(n)) for n in range(3)
    ]
    assert [status for status, _ in answers] == [200, 200, 429]
    assert answers[2][1]["parameters"] == {"retry_after": 1}
    assert (await desk.call("getMe"))[0] == 200
