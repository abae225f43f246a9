"""Bale, and whoever else speaks a dialect of the Bot API, by python-telegram-bot's Bot.

For notices and for the bots' replies. Plain text always: never a parse mode. Whoever needs this
file imports it late: the library costs a quarter of a second and 20 MiB.
"""

from collections.abc import Awaitable, Callable, Iterator

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
)
from telegram import Message as Sent
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from api.kit import points
from api.kit.message import Button, Message, Pin, Wants
from api.kit.outcome import Accepted, Outcome, Rejected, Unknown
from notifier.channels import wire
from notifier.channels.dialects import BALE, Dialect
from notifier.channels.layout import (
    NOBODY_THERE,
    Enclosed,
    Part,
    enclosed,
    is_too_large,
    parts,
    seconds,
)
from notifier.channels.mouths import Address, Capabilities

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup
Call = Callable[[], Awaitable[Sent]]

_TIMEOUT_SECONDS = 10.0
_QUIET = LinkPreviewOptions(is_disabled=True)


class BaleChannel:
    """The mouth of one bot."""

    def __init__(
        self,
        token: str,
        api_root: str = BALE.api_root,
        dialect: Dialect = BALE,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._wire = wire.Wire(dialect, timeout_seconds)
        self._quiet = _QUIET if dialect.previews else None
        self.dialect = dialect
        # Never initialized: that asks who the bot is, which nobody here needs to know.
        self.bot = Bot(
            token,
            base_url=f"{api_root}/bot",
            base_file_url=f"{api_root}/file/bot",
            request=self._wire,
            get_updates_request=self._wire,
        )

    @property
    def can(self) -> Capabilities:
        return self.dialect.can

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:  # noqa: ARG002
        """Hand over a message, in parts where it is too long for one.

        The Bot API takes no reference of ours. When a later part fails, the whole is Unknown: a
        repeat would say the first part twice.
        """
        if is_too_large(message, self.can.largest):
            return Rejected("too_large")
        outcome: Outcome = Unknown("nothing_to_say")
        for place, call in enumerate(self._calls(to.chat_id, message)):
            with points.around("channels.bale.send"):
                outcome = await _outcome(call)
            if not isinstance(outcome, Accepted):
                return outcome if place == 0 else Unknown("torn")
        return outcome

    async def ask(self, reference: str) -> Outcome | None:  # noqa: ARG002
        """A messenger cannot be asked: None."""
        return None

    async def close(self) -> None:
        await self._wire.shutdown()

    def _calls(self, chat_id: str, message: Message) -> Iterator[Call]:
        if message.pin is not None:
            yield from self._show(chat_id, message.pin)
            return
        for part in parts(message, self.can.length):
            yield self._say(chat_id, part)
        for one in enclosed(message):
            yield self._hand(chat_id, one)

    def _hand(self, chat_id: str, one: Enclosed) -> Call:
        file = InputFile(one.paper.content, filename=one.paper.name)
        caption, within = one.caption or None, seconds(one.paper, _TIMEOUT_SECONDS)
        if one.photo:
            return lambda: self.bot.send_photo(
                chat_id=_number(chat_id), photo=file, caption=caption, write_timeout=within
            )
        return lambda: self.bot.send_document(
            chat_id=_number(chat_id), document=file, caption=caption, write_timeout=within
        )

    def _show(self, chat_id: str, pin: Pin) -> Iterator[Call]:
        # A place with its name and address in one message is Telegram's alone.
        yield self._say(chat_id, Part(f"{pin.title}\n{pin.address}"))
        yield lambda: self.bot.send_location(
            chat_id=_number(chat_id), latitude=pin.latitude, longitude=pin.longitude
        )

    def _say(self, chat_id: str, part: Part) -> Call:
        markup = _markup(part)
        return lambda: self.bot.send_message(
            chat_id=_number(chat_id),
            text=part.text,
            reply_markup=markup,
            link_preview_options=self._quiet,
        )


async def _outcome(call: Call) -> Outcome:
    """Make one call and say what came of it."""
    try:
        sent = await call()
    except wire.TooMany as error:
        return Rejected("too_many", again=True, wait_seconds=error.seconds)
    except BadRequest as error:
        if any(words in error.message.casefold() for words in NOBODY_THERE):
            return Rejected("chat_not_found", address_dead=True)
        return Rejected("bad_request")
    except TelegramError as error:
        return next(outcome for kind, outcome in _FAILURES if isinstance(error, kind))
    except (TypeError, ValueError, KeyError, AttributeError):
        # It was answered as a success, and with something the library cannot read.
        return Unknown("not_understood")
    # Some say a bare `true`.
    return Accepted(provider_id=str(getattr(sent, "message_id", "")))


# In order: the first that fits holds.
_FAILURES: tuple[tuple[type[TelegramError], Outcome], ...] = (
    (Forbidden, Rejected("blocked", address_dead=True)),
    (ChatMigrated, Rejected("chat_moved", address_dead=True)),
    (InvalidToken, Rejected("bot_refused", account=True)),
    (wire.TooLarge, Rejected("too_large")),
    (wire.ServerError, Rejected("server_error", again=True)),
    (wire.NotReached, Rejected("not_reached", again=True)),
    (TimedOut, Unknown("timeout")),
    (wire.Broken, Unknown("broken_off")),
    (wire.Garbled, Unknown("not_understood")),
    (NetworkError, Rejected("refused")),
    (TelegramError, Rejected("refused")),
)


def _number(chat_id: str) -> int | str:
    """A chat as the Bot API writes it: a number, where it is one."""
    return int(chat_id) if chat_id.removeprefix("-").isdecimal() else chat_id


def _markup(part: Part) -> Markup | None:
    if part.buttons:
        return InlineKeyboardMarkup([[_key(button) for button in row] for row in part.buttons])
    if part.wants is None:
        return None
    button = KeyboardButton(
        part.wants_label,
        request_contact=part.wants is Wants.CONTACT or None,
        request_location=part.wants is Wants.LOCATION or None,
    )
    return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)


def _key(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url)
    return InlineKeyboardButton(button.label, callback_data=button.data)
