"""Players of transcripts: one chat on one adapter, its state rebuilt from JSON before every line."""

import copy
import json
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import SendDocument, SendMessage, SendPhoto, SendVenue, TelegramMethod
from aiogram.types import Chat, InlineKeyboardMarkup, Message, ReplyKeyboardMarkup
from pydantic import SecretStr
from telegram.request import RequestData

from api import db
from api.access.rules import FILE_BYTES
from api.client import Core
from api.errors import Refusal, Unavailable
from api.files.refusals import FileNotFound
from api.kit.language import Language
from api.kit.message import Message as Said
from api.kit.message import Order, Paper, Pin
from api.kit.speech import Medium
from bots import log, papers
from bots.adapters import Adapter, Raw
from bots.adapters.bale import BaleAdapter
from bots.adapters.telegram import TelegramAdapter
from bots.adapters.terminal import TerminalAdapter, shown
from bots.adapters.web import WebAdapter
from bots.address import Address
from bots.conversation import Conversation
from bots.reply import Reply
from bots.talk import Dialogues, File
from bots.texting import Texting
from bots.web import pages
from bots.web.visits import Line
from notifier.channels import mouths
from notifier.channels.bale import BaleChannel
from notifier.channels.settings import BotSettings
from notifier.channels.telegram import TelegramChannel
from tests.bots.carried import Carried
from tests.bots.web import reading
from tests.support import make
from tests.support import papers as scans

CHAT = "501"
PHONE = "+989121234567"
_MARKS = re.compile("[\u200e\u200f]")


@dataclass(frozen=True)
class Heard:
    """One message as the person has it: words, buttons as (label, data), the button that shares.

    `links` are the buttons that open pages, as (label, address).
    """

    text: str
    buttons: tuple[tuple[str, str], ...]
    wants: str
    links: tuple[tuple[str, str], ...] = ()


class Player:
    """One person in one chat."""

    def __init__(
        self,
        dialogues: Dialogues,
        core: Core,
        audience: str,
        adapter: Adapter,
        *,
        heard: list[Heard],
        language: str = "",
        chat: str = CHAT,
    ) -> None:
        self.dialogues = dialogues
        self.core = core
        self.adapter = adapter
        self.address = Address(adapter.messenger, audience, chat)
        self.medium: Medium | None = None
        self.discreet: bool | None = None
        self.heard = heard
        self.keys = db.keys()
        self.now = make.NOW.timestamp()
        self.state = json.dumps(log.new_chat("salt", language))
        self.replies: list[Reply] = []
        self.waits: float | None = None
        self.codes: Carried | None = None
        self._number = 0

    @property
    def chat(self) -> log.Chat:
        chat: log.Chat = json.loads(self.state)
        return chat

    def speak(self, language: str) -> None:
        """Switch the language as if it had been chosen elsewhere."""
        self.state = json.dumps({**self.chat, "language": language})

    async def send(self, raw: Raw) -> list[Heard]:
        """Send one raw update and hear what comes back."""
        self._number += 1
        raw = {"update_id": self._number, **raw}
        assert self.adapter.update_id(raw) is not None
        assert self.adapter.chat_of(raw) == self.address.chat
        sent = self.adapter.read(raw)
        if sent is None:
            return []
        conversation = self._conversation()
        return await self._hear(conversation, await conversation.turn(sent))

    async def wake(self) -> list[Heard]:
        """Let the sweep try again."""
        conversation = self._conversation()
        return await self._hear(conversation, await conversation.go_on())

    async def again(self) -> list[Heard]:
        """Be shown once more what is open."""
        conversation = self._conversation()
        return await self._hear(conversation, conversation._said(await conversation._again()))

    def _conversation(self) -> Conversation:
        self._loaded = self.chat
        kind = Texting if self.address.by_sms else Conversation
        conversation = kind(
            self.dialogues,
            self.core,
            self._loaded,
            address=self.address,
            keys=self.keys,
            now=self.now,
            medium=self.medium,
            codes=self.codes,
            fetch=fetch,
        )
        if self.discreet is not None:
            conversation.discreet = self.discreet
        return conversation

    async def _hear(self, conversation: Conversation, replies: list[Reply]) -> list[Heard]:
        self.state = json.dumps(self._loaded)
        if self.codes is not None:
            self.codes.keep(self, conversation)
        self.waits = conversation.waits
        self.replies = replies or self.replies
        self.heard.clear()
        for reply in replies:
            assert reply.numbered(conversation.speech).strip(), "every question has a form in words"
            if reply.pins and not self.adapter.channel.can.pins:
                continue
            message = reply.message(conversation.speech, self.adapter.channel.can)
            if message.order is not None and not self.adapter.channel.can.fetches:
                message = replace(message, order=None, papers=await self._papers(message.order))
            await self.adapter.channel.send(
                mouths.Address(chat_id=self.address.chat), message, "reference"
            )
        return list(self.heard)

    async def _papers(self, order: Order) -> tuple[Paper, ...]:
        """The paper that was ordered; none where the core has none to give."""
        try:
            return (await papers.fetched(self.core, order, chat=str(self.address)),)
        except (Refusal, Unavailable):
            return ()


FILES = {
    "paper.png": scans.png(),
    "paper.jpg": scans.jpeg(),
    "paper.pdf": scans.pdf(),
    "locked.pdf": scans.pdf(trailer=b"/Encrypt 1 0 R "),
    "small.jpg": scans.jpeg(160, 90),
    "paper.webp": scans.WEBP,
}
"""What people send, by its name; one that is `big` is too long, any other is gone."""


async def fetch(file: File) -> bytes:
    """Fetch from any channel: how each does it is not a transcript's business."""
    if file.name.startswith("big"):
        return bytes(FILE_BYTES + 1)
    if file.name not in FILES:
        raise FileNotFound
    return FILES[file.name]


class TerminalPlayer(Player):
    def __init__(self, dialogues: Dialogues, core: Core, audience: str, language: str = "") -> None:
        heard: list[Heard] = []

        def hear(_chat: str, message: Any) -> None:
            said = shown(message)
            buttons = tuple((label, data) for label, data in said["buttons"])
            links = tuple((label, url) for label, url in said["links"])
            text = "\n".join([said["text"], *(_a_paper(name) for name, _size in said["papers"])])
            heard.append(Heard(_MARKS.sub("", text), buttons, said["wants"], links))

        super().__init__(
            dialogues,
            core,
            audience,
            TerminalAdapter(audience, hear),
            heard=heard,
            language=language,
        )

    def raw(self, kind: str, value: Any) -> Raw:
        return {"chat": CHAT, kind: value}


class WebPlayer(Player):
    """One person at the page: they hear what its HTML shows them."""

    def __init__(self, dialogues: Dialogues, core: Core, audience: str, language: str = "") -> None:
        heard: list[Heard] = []
        super().__init__(
            dialogues,
            core,
            audience,
            WebAdapter(audience, _Reader(audience, heard)),
            heard=heard,
            language=language,
        )

    def raw(self, kind: str, value: Any) -> Raw:
        return {"chat": CHAT, kind: value}


class _Reader:
    """The page's memory, cut: each thing said is a page at once, and is read from it."""

    def __init__(self, audience: str, heard: list[Heard]) -> None:
        self._audience = audience
        self._heard = heard

    async def brought(self, known_by: str) -> bytes | None:
        return FILES.get(known_by)

    async def hear(self, key: str, message: Said, reference: str) -> bool:
        assert (key, reference) == (CHAT, "reference")
        view = pages.View(self._audience, Language.EN, "token", "line", [Line(1, False, message)])
        sheet = reading.read(pages.html(view))
        [shown] = sheet.messages
        assert shown.language == message.language
        text, links = shown.text, shown.links
        if links and links[0][1].startswith("geo:"):
            text, links = f"{text}\n{links[0][1]}", []
        if message.order is not None:
            text, links = f"{text}\n{_on_the_page(sheet)}", []
        wants = [one.labels[0] for one in sheet.forms if {"contact", "place"} & set(one.fields)]
        self._heard.append(
            Heard(
                _MARKS.sub("", text),
                tuple(shown.form.buttons) if shown.form else (),
                wants[0] if wants else "",
                tuple(links),
            )
        )
        return True


def _on_the_page(sheet: reading.Sheet) -> str:
    """What stands beside the words: a picture with its own, or what leads to the paper."""
    for tag, given in sheet.elements:
        if tag == "img" and "/paper/" in given["src"]:
            assert given["alt"]
            return "[picture]"
    assert any("download" in given for tag, given in sheet.elements if tag == "a")
    return "[paper]"


def _a_paper(name: str) -> str:
    return "[picture]" if name.endswith(".png") else "[paper]"


class TelegramPlayer(Player):
    def __init__(self, dialogues: Dialogues, core: Core, audience: str, language: str = "") -> None:
        heard: list[Heard] = []
        bot = BotSettings(
            audience, "telegram", SecretStr("1:token"), "http://127.0.0.1:9", "", SecretStr(""), ""
        )
        channel = TelegramChannel("1:token", "http://127.0.0.1:9")
        channel.bot.session = _Ear(heard)
        super().__init__(
            dialogues, core, audience, TelegramAdapter(bot, channel), heard=heard, language=language
        )

    def raw(self, kind: str, value: Any) -> Raw:
        return _as_telegram(kind, value)


class BalePlayer(Player):
    def __init__(self, dialogues: Dialogues, core: Core, audience: str, language: str = "") -> None:
        heard: list[Heard] = []
        bot = BotSettings(
            audience, "bale", SecretStr("1:token"), "http://127.0.0.1:9", "", SecretStr(""), ""
        )
        channel = BaleChannel("1:token", "http://127.0.0.1:9")
        channel._wire.do_request = _Hand(heard).take  # type: ignore[assignment]
        super().__init__(
            dialogues, core, audience, BaleAdapter(bot, channel), heard=heard, language=language
        )

    def raw(self, kind: str, value: Any) -> Raw:
        return in_bales_dialect(_as_telegram(kind, value))


def in_bales_dialect(raw: Raw) -> Raw:
    """The same update with what Bale leaves out left out."""
    said = copy.deepcopy(raw)
    for inner in said.values():
        if not isinstance(inner, dict):
            continue
        inner.pop("chat_instance", None)
        for thing in (inner, inner.get("message") or {}):
            for place in ("from", "document"):
                for name in ("is_bot", "file_unique_id"):
                    thing.get(place, {}).pop(name, None)
    return said


def _as_telegram(kind: str, value: Any) -> Raw:  # noqa: PLR0911
    """An update as Telegram writes it."""
    person = {"id": int(CHAT), "is_bot": False, "first_name": "م"}
    chat = {"id": int(CHAT), "type": "private", "first_name": "م"}
    message: dict[str, Any] = {"message_id": 1, "date": 1, "chat": chat, "from": person}
    match kind:
        case "tap":
            query = {"id": "1", "from": person, "chat_instance": "1", "data": value}
            return {"callback_query": {**query, "message": message}}
        case "start":
            return {"message": {**message, "text": f"/start {value}".strip()}}
        case "contact":
            card = {
                "phone_number": value["phone"],
                "first_name": "م",
                "user_id": int(CHAT) if value["own"] else 77,
            }
            return {"message": {**message, "contact": card}}
        case "file":
            document = {
                "file_id": value["name"],
                "file_unique_id": "u",
                "file_name": value["name"],
            }
            return {"message": {**message, "document": document}}
        case "group":
            group = {"id": int(CHAT), "type": "group", "title": "گ"}
            return {"message": {**message, "chat": group, "text": "سلام"}}
        case "left":
            gone = {"user": {**person, "is_bot": True}, "status": "kicked", "until_date": 0}
            here = {"user": {**person, "is_bot": True}, "status": "member"}
            change = {"chat": chat, "from": person, "date": 1}
            return {"my_chat_member": {**change, "old_chat_member": here, "new_chat_member": gone}}
    return {"message": {**message, kind: value}}


class _Ear(BaseSession):
    """aiogram's wire, cut: it keeps what would have been sent."""

    def __init__(self, heard: list[Heard]) -> None:
        super().__init__()
        self._heard = heard

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature.
    ) -> Any:
        here = Message(message_id=1, date=make.NOW, chat=Chat(id=int(CHAT), type="private"))
        if isinstance(method, SendVenue):
            pin = Pin(method.latitude, method.longitude, method.title, method.address)
            self._heard.append(Heard(_MARKS.sub("", str(pin)), (), ""))
            return here
        if isinstance(method, SendPhoto | SendDocument):
            kind = "[picture]" if isinstance(method, SendPhoto) else "[paper]"
            self._heard.append(Heard(f"{_MARKS.sub('', method.caption or '')}\n{kind}", (), ""))
            return here
        assert isinstance(method, SendMessage)
        markup = method.reply_markup
        buttons: tuple[tuple[str, str], ...] = ()
        links: tuple[tuple[str, str], ...] = ()
        wants = ""
        if isinstance(markup, InlineKeyboardMarkup):
            rows = [button for row in markup.inline_keyboard for button in row]
            buttons = tuple((one.text, one.callback_data or "") for one in rows if not one.url)
            links = tuple((one.text, one.url) for one in rows if one.url)
        if isinstance(markup, ReplyKeyboardMarkup):
            wants = markup.keyboard[0][0].text
        self._heard.append(Heard(_MARKS.sub("", method.text), buttons, wants, links))
        return here

    async def close(self) -> None:
        pass

    def stream_content(self, *args: Any, **kwargs: Any) -> AsyncGenerator[bytes, None]:
        raise AssertionError("the engine downloads nothing")


class _Hand:
    """python-telegram-bot's wire, cut: it keeps what would have been sent."""

    def __init__(self, heard: list[Heard]) -> None:
        self._heard = heard

    async def take(
        self, url: str, method: str, request_data: RequestData | None = None, **_limits: Any
    ) -> tuple[int, bytes]:
        assert request_data is not None
        # As it would stand on the wire.
        said = json.loads(json.dumps(request_data.parameters))
        if url.endswith("/sendLocation"):
            # Its name and address went just before.
            named = self._heard.pop()
            place = f"{named.text}\ngeo:{said['latitude']},{said['longitude']}"
            self._heard.append(Heard(place, (), ""))
            return 200, b'{"ok": true, "result": {"message_id": 1}}'
        if url.endswith(("/sendPhoto", "/sendDocument")):
            assert request_data.contains_files
            kind = "[picture]" if url.endswith("/sendPhoto") else "[paper]"
            self._heard.append(Heard(f"{_MARKS.sub('', said['caption'])}\n{kind}", (), ""))
            return 200, b'{"ok": true, "result": {"message_id": 1}}'
        assert url.endswith("/sendMessage")
        markup = said.get("reply_markup", {})
        rows = [button for row in markup.get("inline_keyboard", []) for button in row]
        keys = [button for row in markup.get("keyboard", []) for button in row]
        self._heard.append(
            Heard(
                _MARKS.sub("", said["text"]),
                tuple((one["text"], one["callback_data"]) for one in rows if "url" not in one),
                keys[0]["text"] if keys else "",
                tuple((one["text"], one["url"]) for one in rows if "url" in one),
            )
        )
        return 200, b'{"ok": true, "result": {"message_id": 1}}'
