"""Both libraries of the trade drive the messenger: a double only one understands would be that one's."""

import asyncio

import pytest
import telegram
from aiogram import Bot as AiogramBot
from aiogram import types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from tests.sandbox.conftest import MINA, TOKEN, Desk

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x03\x08\x02\x00\x00\x00"


def an_aiogram_bot(desk: Desk) -> AiogramBot:
    server = TelegramAPIServer(
        base=f"{desk.url}/bot{{token}}/{{method}}", file=f"{desk.url}/file/bot{{token}}/{{path}}"
    )
    return AiogramBot(TOKEN, session=AiohttpSession(api=server))


def a_ptb_bot(desk: Desk) -> telegram.Bot:
    return telegram.Bot(TOKEN, base_url=f"{desk.url}/bot", base_file_url=f"{desk.url}/file/bot")


async def test_aiogram_reads_what_a_person_does_and_answers(desk: Desk):
    async with an_aiogram_bot(desk) as bot:
        assert (await bot.get_me()).username == "bimeyar_employers_bot"
        await desk.post("/desk/say", person=MINA, text="/start abc")
        await desk.post("/desk/contact", person=MINA)
        await desk.post("/desk/location", person=MINA, latitude=35.7, longitude=51.4)
        await desk.post("/desk/file", person=MINA, name="list.zip", content="UEs=", caption="آبان")
        start, contact, place, file = await bot.get_updates(timeout=1)
        assert start.message is not None
        assert start.message.text == "/start abc"
        assert [one.type for one in start.message.entities or []] == ["bot_command"]
        assert contact.message is not None
        assert contact.message.contact is not None
        assert contact.message.contact.user_id == contact.message.chat.id
        assert contact.message.contact.phone_number == "+989000000001"
        assert place.message is not None
        assert place.message.location is not None
        assert file.message is not None
        assert file.message.document is not None
        got = await bot.download(file.message.document)
        assert got is not None
        assert got.read() == b"PK"

        chat = start.message.chat.id
        asked = await bot.send_message(
            chat,
            "<b>کدام</b> کارگاه؟",
            parse_mode="HTML",
            reply_markup=types.InlineKeyboardMarkup(
                inline_keyboard=[
                    [types.InlineKeyboardButton(text="نان سحر", callback_data="3.which|1")]
                ]
            ),
        )
        assert asked.text == "کدام کارگاه؟"
        assert [(one.type, one.offset, one.length) for one in asked.entities or []] == [
            ("bold", 0, 4)
        ]
        await desk.post("/desk/tap", person=MINA, message_id=asked.message_id, data="3.which|1")
        (tap,) = await bot.get_updates(offset=file.update_id + 1, timeout=1)
        assert tap.callback_query is not None
        assert tap.callback_query.data == "3.which|1"
        await bot.answer_callback_query(tap.callback_query.id, text="باشد")
        edited = await bot.edit_message_text("شد", chat_id=chat, message_id=asked.message_id)
        assert isinstance(edited, types.Message)
        assert edited.reply_markup is None

        document = await bot.send_document(
            chat, types.BufferedInputFile(b"%PDF", "bill.pdf"), caption="قبض"
        )
        assert document.document is not None
        assert document.document.file_name == "bill.pdf"
        await bot.send_photo(chat, types.BufferedInputFile(PNG, "map.png"))
        await bot.send_location(chat, 35.7, 51.4)
        branch = await bot.send_venue(chat, 35.7, 51.4, "شعبه ۱۲", "خیابان آزادی")
        assert branch.venue is not None
        assert (branch.venue.title, branch.venue.location.latitude) == ("شعبه ۱۲", 35.7)
        await bot.send_chat_action(chat, "typing")
        await bot.set_my_commands([types.BotCommand(command="menu", description="منو")])
        await bot.set_my_description("ما اینجاییم", language_code="fa")
        await bot.set_my_short_description("بیمه‌یار")
        await bot.delete_message(chat, document.message_id)

    seen = await desk.get("/desk/messages", person=MINA)
    assert [m["text"] for m in seen["messages"] if "text" in m] == ["/start abc", "شد"]
    assert seen["commands"] == [{"command": "menu", "description": "منو"}]
    assert seen["taps"][0]["text"] == "باشد"


async def test_python_telegram_bot_reads_what_a_person_does_and_answers(desk: Desk):
    async with a_ptb_bot(desk) as bot:
        assert bot.username == "bimeyar_employers_bot"
        await desk.post("/desk/say", person=MINA, text="سلام")
        await desk.post("/desk/contact", person=MINA)
        await desk.post("/desk/file", person=MINA, name="a.zip", content="UEs=")
        hello, contact, file = await bot.get_updates(timeout=1)
        assert hello.message is not None
        assert hello.effective_chat is not None
        assert contact.message is not None
        assert contact.message.contact is not None
        assert contact.message.contact.user_id == hello.effective_chat.id
        assert file.message is not None
        assert file.message.document is not None
        kept = await file.message.document.get_file()
        assert bytes(await kept.download_as_bytearray()) == b"PK"

        chat = hello.effective_chat.id
        keyboard = telegram.ReplyKeyboardMarkup(
            [[telegram.KeyboardButton("شمارهٔ من", request_contact=True)]], one_time_keyboard=True
        )
        await bot.send_message(chat, "شماره؟", reply_markup=keyboard)
        asked = await bot.send_message(
            chat,
            "کدام؟",
            reply_markup=telegram.InlineKeyboardMarkup(
                [[telegram.InlineKeyboardButton("یک", callback_data="1|1")]]
            ),
        )
        await desk.post("/desk/tap", person=MINA, message_id=asked.message_id, data="1|1")
        (tap,) = await bot.get_updates(offset=file.update_id + 1, timeout=1)
        assert tap.callback_query is not None
        await tap.callback_query.answer("باشد", show_alert=True)
        await bot.edit_message_reply_markup(chat_id=chat, message_id=asked.message_id)
        sent = await bot.send_document(chat, b"%PDF", filename="bill.pdf")
        assert sent.document is not None
        await bot.send_photo(chat, PNG)
        await bot.send_location(chat, latitude=35.7, longitude=51.4)
        branch = await bot.send_venue(chat, 35.7, 51.4, "شعبه ۱۲", "خیابان آزادی")
        assert branch.venue is not None
        assert branch.location is not None
        await bot.set_my_commands([("menu", "منو")])
        assert (await bot.get_webhook_info()).url == ""

    seen = await desk.get("/desk/messages", person=MINA)
    assert seen["keyboard"]["keyboard"] == [[{"text": "شمارهٔ من", "request_contact": True}]]


async def test_aiogram_knows_each_refusal(desk: Desk):
    await desk.post("/desk/say", person=MINA, text="سلام")
    chat = desk.user_id(MINA)
    async with an_aiogram_bot(desk) as bot:
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(77, "سلام")
        with pytest.raises(TelegramBadRequest, match="message is too long"):
            await bot.send_message(chat, "س" * 4097)
        await desk.post("/desk/block", person=MINA)
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await bot.send_message(chat, "سلام")
        await desk.post("/desk/block", person=MINA, blocked=False)
        await desk.post("/desk/faults", service="telegram", kind="flood", retry_after=7, times=1)
        with pytest.raises(TelegramRetryAfter) as told:
            await bot.send_message(chat, "سلام")
        assert told.value.retry_after == 7
        await desk.post("/desk/faults", service="telegram", kind="error", status=502, times=1)
        with pytest.raises(TelegramServerError):
            await bot.send_message(chat, "سلام")
        await desk.post("/desk/faults", service="telegram", kind="drop_after", times=1)
        with pytest.raises(TelegramNetworkError):
            await bot.send_message(chat, "به مقصد رسید")
    said = [one["text"] for one in await desk.log("telegram") if one["accepted"]]
    assert said == ["به مقصد رسید"]


async def test_python_telegram_bot_knows_each_refusal(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    # Says that we know of its coming change; without it the library warns at every wait.
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    await desk.post("/desk/say", person=MINA, text="سلام")
    chat = desk.user_id(MINA)
    async with a_ptb_bot(desk) as bot:
        with pytest.raises(telegram.error.BadRequest, match=r"(?i)chat not found"):
            await bot.send_message(77, "سلام")
        await desk.post("/desk/faults", service="telegram", kind="flood", retry_after=7, times=1)
        with pytest.raises(telegram.error.RetryAfter):
            await bot.send_message(chat, "سلام")
        await desk.post("/desk/block", person=MINA)
        with pytest.raises(telegram.error.Forbidden):
            await bot.send_message(chat, "سلام")


async def test_the_second_poller_ends_the_first(desk: Desk):
    async with an_aiogram_bot(desk) as bot:
        first = asyncio.create_task(bot.get_updates(timeout=20))
        async with asyncio.timeout(30):
            while not desk.world.updates._polls:  # noqa: ASYNC110 - until the first one waits.
                await asyncio.sleep(0.01)
        second = asyncio.create_task(bot.get_updates(timeout=20))
        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
            await first
        await desk.post("/desk/say", person=MINA, text="سلام")
        assert len(await second) == 1
