"""Telegram: raw updates, parsed by aiogram, become neutral; replies leave by the notifier's mouth.

aiogram costs three seconds and 170 MiB, so whoever needs this file imports it late. The updates are
fetched by a plain call of ours: they are kept as they came, before anything parses them.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import aiohttp
import structlog
from aiogram.enums import ChatMemberStatus, ChatType
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    DeleteWebhook,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import BotCommand, CallbackQuery, ChatMemberUpdated, Message, Update
from aiogram.types import Contact as Card
from pydantic import ValidationError

from api.kit import points
from bots.adapters import NotNow, Raw
from bots.talk import Contact, File, Place, Sent
from notifier.channels.settings import BotSettings
from notifier.channels.telegram import TelegramChannel

ALLOWED = ("message", "callback_query", "my_chat_member")
_LEFT = {ChatMemberStatus.KICKED, ChatMemberStatus.LEFT}
_BATCH = 100
# Telegram takes two letters (ISO 639-1): of Kurdish, those of all its tongues.
_LANGUAGE_CODES = {"ckb": "ku"}
_logger = structlog.get_logger("bots.telegram")

Given = TypeVar("Given")


class TelegramAdapter:
    """One bot of Telegram."""

    messenger = "telegram"

    def __init__(self, settings: BotSettings, channel: TelegramChannel | None = None) -> None:
        self.audience = settings.audience
        token = settings.token.get_secret_value()
        self.channel = channel or TelegramChannel(token, settings.api_root)
        self._url = f"{settings.api_root.rstrip('/')}/bot{token}"
        self._session: aiohttp.ClientSession | None = None

    @property
    def name(self) -> str:
        return f"{self.messenger}:{self.audience}"

    def update_id(self, raw: Raw) -> int | None:
        number = raw.get("update_id")
        if not isinstance(number, int) or isinstance(number, bool):
            return None
        # The offset that follows it must fit into the store as well.
        return number if abs(number) < (1 << 63) - 1 else None

    def chat_of(self, raw: Raw) -> str | None:
        for kind in (*ALLOWED, "edited_message"):
            inner = raw.get(kind)
            if not isinstance(inner, dict):
                continue
            message = inner.get("message") if kind == "callback_query" else inner
            places = [message.get("chat") if isinstance(message, dict) else None]
            if kind == "callback_query":
                places.append(inner.get("from"))
            for place in places:
                number = place.get("id") if isinstance(place, dict) else None
                if isinstance(number, int) and abs(number) < 1 << 63:
                    return str(number)
        return None

    def read(self, raw: Raw) -> Sent | None:
        try:
            update = Update.model_validate(raw)
        except (ValidationError, ValueError, TypeError, RecursionError):
            # It came from a chat, so somebody waits for an answer; what it was nobody can read.
            return Sent(private=_looks_private(raw))
        if update.callback_query is not None:
            return _tap(update.callback_query)
        if update.my_chat_member is not None:
            return _membership(update.my_chat_member)
        return _message(update.message) if update.message is not None else None

    async def acknowledge(self, sent: Sent) -> None:
        if not sent.acknowledge:
            return
        try:
            with points.around("bots.telegram.acknowledge"):
                await self.channel.bot.answer_callback_query(sent.acknowledge)
        except AiogramError:
            # The spinner of a button ends by itself; the answer is what counts.
            return

    async def updates(self, offset: int | None, wait_seconds: float) -> list[Raw]:
        asked: dict[str, Any] = {
            "timeout": int(wait_seconds),
            "limit": _BATCH,
            "allowed_updates": list(ALLOWED),
        }
        if offset is not None:
            asked["offset"] = offset
        answer = await self._call("getUpdates", asked, wait_seconds + 10)
        return [one for one in answer if isinstance(one, dict)]

    async def offer_commands(self, commands: Mapping[str, Mapping[str, str]]) -> bool:
        """Set the command menu, `{language: {command: words}}`; says whether Telegram took it."""
        menus = {
            language: [BotCommand(command=name, description=words) for name, words in named.items()]
            for language, named in commands.items()
        }
        return await self._for_each(
            menus, lambda menu, code: SetMyCommands(commands=menu, language_code=code)
        )

    async def describe(self, words: Mapping[str, str]) -> bool:
        """Say in each language what the bot is for, before it is started and on its own page.

        At most 120 letters; says whether Telegram took it.
        """
        return await self._for_each(
            words, lambda said, code: SetMyDescription(description=said, language_code=code)
        ) and await self._for_each(
            words,
            lambda said, code: SetMyShortDescription(short_description=said, language_code=code),
        )

    async def _for_each(
        self, given: Mapping[str, Given], call: Callable[[Given, str | None], TelegramMethod[bool]]
    ) -> bool:
        """Tell Telegram something in every language; the first is also what everybody else sees."""
        for place, (language, one) in enumerate(given.items()):
            code = _LANGUAGE_CODES.get(language, language)
            for known_by in (None, code) if place == 0 else (code,):
                if not await self._heard(call(one, known_by)):
                    return False
        return True

    async def watch(self, url: str, secret: str) -> bool:
        """Have updates brought to our door; what waits is never dropped."""
        allowed = list(ALLOWED)
        return await self._heard(
            SetWebhook(
                url=url, secret_token=secret, allowed_updates=allowed, drop_pending_updates=False
            )
        )

    async def unwatch(self) -> bool:
        """Have updates kept until they are fetched; what waits is never dropped."""
        return await self._heard(DeleteWebhook(drop_pending_updates=False))

    async def _heard(self, call: TelegramMethod[bool]) -> bool:
        try:
            with points.around("bots.telegram.arranged"):
                return await self.channel.bot(call)
        except AiogramError as error:
            _logger.warning("telegram.not_arranged", channel=self.name, kind=type(error).__name__)
            return False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        await self.channel.close()

    async def _call(self, method: str, asked: dict[str, Any], seconds: float) -> list[Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            with points.around("bots.telegram.updates"):
                async with self._session.post(
                    f"{self._url}/{method}",
                    json=asked,
                    timeout=aiohttp.ClientTimeout(total=seconds),
                ) as response:
                    status, answer = response.status, await response.json(content_type=None)
        except TimeoutError:
            raise NotNow("timeout", 1.0) from None
        except (aiohttp.ClientError, ValueError) as error:
            # The error's text may hold the token, as part of the address.
            raise NotNow(type(error).__name__, 1.0) from None
        result = answer.get("result") if isinstance(answer, dict) else None
        if status == 200 and isinstance(result, list):
            return result
        raise NotNow(f"status_{status}", _retry_after(answer))


def _retry_after(answer: Any) -> float:
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(after) if isinstance(after, int | float) and 0 < after < 86_400 else 1.0


def _looks_private(raw: Raw) -> bool:
    message = raw.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    return not isinstance(chat, dict) or chat.get("type", "private") == "private"


def _tap(query: CallbackQuery) -> Sent:
    chat = query.message.chat if query.message is not None else None
    private = chat is None or chat.type == ChatType.PRIVATE
    return Sent(tap=query.data or "|", private=private, acknowledge=query.id)


def _membership(change: ChatMemberUpdated) -> Sent | None:
    private = change.chat.type == ChatType.PRIVATE
    if change.new_chat_member.status in _LEFT:
        return Sent(left=True, private=private)
    # Unblocking a bot is followed by /start; being put into a group is answered at once.
    return None if private else Sent(private=False)


def _message(message: Message) -> Sent | None:
    if message.from_user is None or message.from_user.is_bot:
        return None
    if message.chat.type != ChatType.PRIVATE:
        return Sent(private=False)
    text = message.text or ""
    if text == "/start" or text.startswith("/start "):
        return Sent(start=text[len("/start") :].strip())
    return Sent(
        text=text,
        contact=_contact(message, message.contact) if message.contact else None,
        place=Place(message.location.latitude, message.location.longitude)
        if message.location
        else None,
        file=_file(message),
    )


def _contact(message: Message, card: Card) -> Contact:
    """Own is what Telegram itself vouches for: one's own card, not forwarded (domain page, §3)."""
    sender = message.from_user
    own = (
        sender is not None
        and card.user_id == sender.id
        and message.forward_origin is None
        and message.chat.id == sender.id
    )
    phone = card.phone_number
    return Contact(phone if phone.startswith(("+", "0")) else f"+{phone}", own)


def _file(message: Message) -> File | None:
    if message.document is not None:
        file = message.document
        name, media = file.file_name or "file", file.mime_type or "application/octet-stream"
        return File(file.file_id, name, file.file_size or 0, media)
    if message.photo:
        best = max(message.photo, key=lambda size: size.width * size.height)
        return File(best.file_id, "photo.jpg", best.file_size or 0, "image/jpeg")
    return None
