"""Telegram, by aiogram's Bot, for notices and for the bots' replies.

Plain text always: never a parse mode, so nothing needs escaping. Whoever needs this file imports it
late: aiogram costs three seconds and 170 MiB (performance.md).
"""

import unicodedata
from collections.abc import Awaitable, Callable, Iterator

from aiogram import Bot
from aiogram import exceptions as told
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
)
from aiogram.types import Message as Sent
from aiohttp import ClientConnectorError

from api.kit import points
from api.kit.message import Button, Message, Pin, Wants
from api.kit.outcome import Accepted, Outcome, Rejected, Unknown
from notifier.channels.mouths import Address, Capabilities
from notifier.channels.settings import API_ROOT

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup
Call = Callable[[], Awaitable[Sent]]

LENGTH = 4_096
"""UTF-16 units of one message (Bot API, sendMessage)."""

_TIMEOUT_SECONDS = 10.0
_RTL_LANGUAGES = frozenset({"fa", "ar", "ckb"})
_LRM, _RLM = "\u200e", "\u200f"
_ISOLATES, _END_OF_ISOLATE = "\u2066\u2067\u2068", "\u2069"
# How the Bot API says, with status 400, that nobody is there.
_NOBODY_THERE = ("chat not found", "peer_id_invalid", "user not found", "user is deactivated")


class TelegramChannel:
    """The mouth of one bot."""

    can = Capabilities(
        length=LENGTH,
        buttons=True,
        contact=True,
        location=True,
        files=True,
        links=True,
        pins=True,
    )

    def __init__(
        self, token: str, api_root: str = API_ROOT, *, timeout_seconds: float = _TIMEOUT_SECONDS
    ) -> None:
        """Raises aiogram's TokenValidationError for what cannot be a token."""
        session = AiohttpSession(
            api=TelegramAPIServer.from_base(api_root), timeout=timeout_seconds, limit=200
        )
        self.bot = Bot(token, session=session)

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:  # noqa: ARG002
        """Hand over a message, in parts where it is too long for one.

        Telegram takes no reference of ours. When a later part fails, the whole is Unknown: a repeat
        would say the first part twice.
        """
        outcome: Outcome = Unknown("nothing_to_say")
        for place, call in enumerate(self._calls(to.chat_id, message)):
            with points.around("channels.telegram.send"):
                outcome = await _outcome(call)
            if not isinstance(outcome, Accepted):
                return outcome if place == 0 else Unknown("torn")
        return outcome

    async def ask(self, reference: str) -> Outcome | None:  # noqa: ARG002
        """Telegram cannot be asked: None."""
        return None

    async def close(self) -> None:
        await self.bot.session.close()

    def _calls(self, chat_id: str, message: Message) -> Iterator[Call]:
        if message.pin is not None:
            yield self._show(chat_id, message.pin)
            return
        quiet = LinkPreviewOptions(is_disabled=True)
        parts = split(_directed(message.text, message.language)) if message.text else []
        buttons = _inline(message.buttons)
        keyboard = _keyboard(message)
        for place, part in enumerate(parts):
            # A message carries one keyboard: with both, the reply keyboard follows on its own.
            markup = (buttons or keyboard) if place == len(parts) - 1 else None
            yield self._say(chat_id, part, markup, quiet)
        if buttons and keyboard:
            yield self._say(chat_id, message.wants_label, keyboard, quiet)
        for paper in message.papers:
            file = BufferedInputFile(paper.content, filename=paper.name)
            yield lambda file=file: self.bot.send_document(  # type: ignore[misc]
                chat_id=chat_id, document=file
            )

    def _show(self, chat_id: str, pin: Pin) -> Call:
        return lambda: self.bot.send_venue(
            chat_id=chat_id,
            latitude=pin.latitude,
            longitude=pin.longitude,
            title=pin.title,
            address=pin.address,
        )

    def _say(
        self, chat_id: str, text: str, markup: Markup | None, quiet: LinkPreviewOptions
    ) -> Call:
        return lambda: self.bot.send_message(
            chat_id=chat_id, text=text, reply_markup=markup, link_preview_options=quiet
        )


async def _outcome(call: Call) -> Outcome:
    """Make one call and say what came of it."""
    try:
        sent = await call()
    except told.TelegramRetryAfter as error:
        return Rejected("too_many", again=True, wait_seconds=float(error.retry_after))
    except told.TelegramBadRequest as error:
        if any(words in error.message.casefold() for words in _NOBODY_THERE):
            return Rejected("chat_not_found", address_dead=True)
        return Rejected("bad_request")
    except (told.TelegramAPIError, told.ClientDecodeError) as error:
        return next(outcome for kind, outcome in _FAILURES if _is(error, kind))
    return Accepted(provider_id=str(sent.message_id))


# In order: the first that fits holds. A network error is known by what caused it.
_FAILURES: tuple[tuple[type[BaseException], Outcome], ...] = (
    (told.TelegramForbiddenError, Rejected("blocked", address_dead=True)),
    (told.TelegramMigrateToChat, Rejected("chat_moved", address_dead=True)),
    (told.TelegramUnauthorizedError, Rejected("bot_refused", account=True)),
    (told.TelegramNotFound, Rejected("bot_refused", account=True)),
    (told.TelegramEntityTooLarge, Rejected("too_large")),
    # In the Bot API's own form: it says itself that the call has failed.
    (told.TelegramServerError, Rejected("server_error", again=True)),
    (ClientConnectorError, Rejected("not_reached", again=True)),
    (TimeoutError, Unknown("timeout")),
    (told.TelegramNetworkError, Unknown("broken_off")),
    # Not the Bot API's own words: somebody between us and it answered.
    (told.ClientDecodeError, Unknown("not_understood")),
    (told.TelegramAPIError, Rejected("refused")),
)


def _is(error: BaseException, kind: type[BaseException]) -> bool:
    return isinstance(error, kind) or isinstance(error.__cause__, kind)


def split(text: str, length: int = LENGTH) -> list[str]:
    """Cut a text into parts that fit, at the end of a paragraph, line or word where there is one."""
    parts = []
    while _units(text) > length:
        room = _fitting(text, length)
        head = text[:room]
        cut = next(
            (at for mark in ("\n\n", "\n", " ") if (at := head.rfind(mark)) >= room // 2), room
        )
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text]


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _fitting(text: str, length: int) -> int:
    """Tell how many characters of a text fit in so many UTF-16 units."""
    units = 0
    for place, character in enumerate(text):
        units += 1 + (character > "\uffff")
        if units > length:
            return place
    return len(text)


def _directed(text: str, language: str) -> str:
    """Keep lines that begin with a word of the other direction from flipping."""
    mark, other = (_RLM, {"L"}) if language in _RTL_LANGUAGES else (_LRM, {"R", "AL"})
    return "\n".join(mark + line if _flips(line, other) else line for line in text.split("\n"))


def _flips(line: str, other: set[str]) -> bool:
    strong = []
    depth = 0
    for character in line:
        if character in _ISOLATES:
            depth += 1
        elif character == _END_OF_ISOLATE:
            depth = max(0, depth - 1)
        elif depth == 0 and (kind := unicodedata.bidirectional(character)) in {"L", "R", "AL"}:
            strong.append(kind)
    return bool(strong) and strong[0] in other and not other.issuperset(strong)


def _inline(rows: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    keyboard = [
        [
            InlineKeyboardButton(text=button.label, url=button.url)
            if button.url
            else InlineKeyboardButton(text=button.label, callback_data=button.data)
            for button in row
        ]
        for row in rows
    ]
    return InlineKeyboardMarkup(inline_keyboard=keyboard) if keyboard else None


def _keyboard(message: Message) -> ReplyKeyboardMarkup | None:
    if message.wants not in {Wants.CONTACT, Wants.LOCATION}:
        return None
    button = KeyboardButton(
        text=message.wants_label,
        request_contact=message.wants is Wants.CONTACT or None,
        request_location=message.wants is Wants.LOCATION or None,
    )
    return ReplyKeyboardMarkup(keyboard=[[button]], resize_keyboard=True, one_time_keyboard=True)
