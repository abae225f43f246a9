"""Telegram, by aiogram's Bot, for notices and for the bots' replies.

Plain text always: never a parse mode, so nothing needs escaping. Whoever needs this file imports it
late: aiogram costs three seconds and 170 MiB (performance.md).
"""

from collections.abc import Awaitable, Callable, Iterator

from aiogram import Bot
from aiogram import exceptions as told
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import Response
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
from notifier.channels.dialects import TELEGRAM
from notifier.channels.layout import (
    NOBODY_THERE,
    Enclosed,
    Part,
    enclosed,
    is_too_large,
    parts,
    seconds,
)
from notifier.channels.mouths import Address

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup
Call = Callable[[], Awaitable[Sent]]

_TIMEOUT_SECONDS = 10.0
_QUIET = LinkPreviewOptions(is_disabled=True)
# aiogram names the shape of an answer anew for each call, and pydantic forgets one that nobody
# holds: to make it costs more than the rest of the call.
_SHAPES = (Response[Sent], Response[bool])


class TelegramChannel:
    """The mouth of one bot."""

    can = TELEGRAM.can

    def __init__(
        self,
        token: str,
        api_root: str = TELEGRAM.api_root,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
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
        if is_too_large(message, self.can.largest):
            return Rejected("too_large")
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
        for part in parts(message, self.can.length):
            yield self._say(chat_id, part)
        for one in enclosed(message):
            yield self._hand(chat_id, one)

    def _hand(self, chat_id: str, one: Enclosed) -> Call:
        file = BufferedInputFile(one.paper.content, filename=one.paper.name)
        caption, within = one.caption or None, seconds(one.paper, _TIMEOUT_SECONDS)
        if one.photo:
            return lambda: self.bot.send_photo(
                chat_id=chat_id, photo=file, caption=caption, request_timeout=within
            )
        return lambda: self.bot.send_document(
            chat_id=chat_id, document=file, caption=caption, request_timeout=within
        )

    def _show(self, chat_id: str, pin: Pin) -> Call:
        return lambda: self.bot.send_venue(
            chat_id=chat_id,
            latitude=pin.latitude,
            longitude=pin.longitude,
            title=pin.title,
            address=pin.address,
        )

    def _say(self, chat_id: str, part: Part) -> Call:
        markup = _markup(part)
        return lambda: self.bot.send_message(
            chat_id=chat_id, text=part.text, reply_markup=markup, link_preview_options=_QUIET
        )


async def _outcome(call: Call) -> Outcome:
    """Make one call and say what came of it."""
    try:
        sent = await call()
    except told.TelegramRetryAfter as error:
        return Rejected("too_many", again=True, wait_seconds=float(error.retry_after))
    except told.TelegramBadRequest as error:
        if any(words in error.message.casefold() for words in NOBODY_THERE):
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


def _markup(part: Part) -> Markup | None:
    if part.buttons:
        return InlineKeyboardMarkup(
            inline_keyboard=[[_key(button) for button in row] for row in part.buttons]
        )
    if part.wants is None:
        return None
    button = KeyboardButton(
        text=part.wants_label,
        request_contact=part.wants is Wants.CONTACT or None,
        request_location=part.wants is Wants.LOCATION or None,
    )
    return ReplyKeyboardMarkup(keyboard=[[button]], resize_keyboard=True, one_time_keyboard=True)


def _key(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(text=button.label, url=button.url)
    return InlineKeyboardButton(text=button.label, callback_data=button.data)
