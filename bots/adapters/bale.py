"""Bale, and whoever else speaks a dialect of the Bot API: parsed by python-telegram-bot.

Raw updates become neutral; replies leave by the notifier's mouth. Whoever needs this file imports
it late.
"""

from collections.abc import Awaitable, Mapping

import structlog
from telegram import BotCommand, Update
from telegram.error import TelegramError

from api.kit import points
from bots.adapters import Raw
from bots.adapters.bot_api import ALLOWED, BotApiAdapter, tapped, written
from bots.talk import Sent
from notifier.channels.bale import BaleChannel
from notifier.channels.settings import BotSettings

_logger = structlog.get_logger("bots.bale")


class BaleAdapter(BotApiAdapter):
    """One bot of a messenger that speaks a dialect."""

    def __init__(self, settings: BotSettings, channel: BaleChannel | None = None) -> None:
        super().__init__(settings)
        token = settings.token.get_secret_value()
        self._channel = channel or BaleChannel(token, settings.api_root, self.dialect)

    @property
    def channel(self) -> BaleChannel:
        return self._channel

    def _parsed(self, update: Raw, *, forwarded: bool) -> Sent | None:
        parsed = Update.de_json(update, None)
        if parsed.callback_query is not None:
            return tapped(parsed.callback_query)
        return written(parsed.message, forwarded=forwarded) if parsed.message else None

    async def acknowledge(self, sent: Sent) -> None:
        if not sent.acknowledge:
            return
        try:
            with points.around("bots.bale.acknowledge"):
                await self.channel.bot.answer_callback_query(sent.acknowledge)
        except TelegramError:
            # The spinner of a button ends by itself; the answer is what counts.
            return

    async def offer_commands(self, commands: Mapping[str, Mapping[str, str]]) -> bool:
        if not self.dialect.commands:
            return True
        menus = {
            language: [BotCommand(name, words) for name, words in named.items()]
            for language, named in commands.items()
        }
        bot = self.channel.bot
        return await self._for_each(
            menus,
            lambda menu, code: self._heard(bot.set_my_commands(menu, language_code=code)),
        )

    async def describe(self, words: Mapping[str, str]) -> bool:
        if not self.dialect.commands:
            return True
        bot = self.channel.bot
        return await self._for_each(
            words, lambda said, code: self._heard(bot.set_my_description(said, language_code=code))
        ) and await self._for_each(
            words,
            lambda said, code: self._heard(bot.set_my_short_description(said, language_code=code)),
        )

    async def _watch(self, url: str, secret: str) -> bool:
        allowed = list(ALLOWED) if self.dialect.chooses_updates else None
        return await self._heard(
            self.channel.bot.set_webhook(url, secret_token=secret or None, allowed_updates=allowed)
        )

    async def unwatch(self) -> bool:
        return await self._heard(self.channel.bot.delete_webhook())

    async def _heard(self, call: Awaitable[bool]) -> bool:
        try:
            with points.around("bots.bale.arranged"):
                return await call
        except TelegramError as error:
            _logger.warning("messenger.not_arranged", channel=self.name, kind=type(error).__name__)
            return False
