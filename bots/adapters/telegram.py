"""Telegram: raw updates, parsed by aiogram, become neutral; replies leave by the notifier's mouth.

aiogram costs three seconds and 170 MiB, so whoever needs this file imports it late.
"""

from collections.abc import Mapping

import structlog
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    DeleteWebhook,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import BotCommand, Update

from api.kit import points
from bots.adapters import Raw
from bots.adapters.bot_api import ALLOWED, BotApiAdapter, tapped, written
from bots.talk import Sent
from notifier.channels.settings import BotSettings
from notifier.channels.telegram import TelegramChannel

_logger = structlog.get_logger("bots.telegram")


class TelegramAdapter(BotApiAdapter):
    """One bot of Telegram."""

    def __init__(self, settings: BotSettings, channel: TelegramChannel | None = None) -> None:
        super().__init__(settings)
        token = settings.token.get_secret_value()
        self._channel = channel or TelegramChannel(token, settings.api_root)

    @property
    def channel(self) -> TelegramChannel:
        return self._channel

    def _parsed(self, update: Raw, *, forwarded: bool) -> Sent | None:
        parsed = Update.model_validate(update)
        if parsed.callback_query is not None:
            return tapped(parsed.callback_query)
        return written(parsed.message, forwarded=forwarded) if parsed.message else None

    async def acknowledge(self, sent: Sent) -> None:
        if not sent.acknowledge:
            return
        try:
            with points.around("bots.telegram.acknowledge"):
                await self.channel.bot.answer_callback_query(sent.acknowledge)
        except AiogramError:
            # The spinner of a button ends by itself; the answer is what counts.
            return

    async def offer_commands(self, commands: Mapping[str, Mapping[str, str]]) -> bool:
        menus = {
            language: [BotCommand(command=name, description=words) for name, words in named.items()]
            for language, named in commands.items()
        }
        return await self._for_each(
            menus,
            lambda menu, code: self._heard(SetMyCommands(commands=menu, language_code=code)),
        )

    async def describe(self, words: Mapping[str, str]) -> bool:
        return await self._for_each(
            words,
            lambda said, code: self._heard(SetMyDescription(description=said, language_code=code)),
        ) and await self._for_each(
            words,
            lambda said, code: self._heard(
                SetMyShortDescription(short_description=said, language_code=code)
            ),
        )

    async def _watch(self, url: str, secret: str) -> bool:
        allowed = list(ALLOWED)
        return await self._heard(
            SetWebhook(
                url=url, secret_token=secret, allowed_updates=allowed, drop_pending_updates=False
            )
        )

    async def unwatch(self) -> bool:
        return await self._heard(DeleteWebhook(drop_pending_updates=False))

    async def _heard(self, call: TelegramMethod[bool]) -> bool:
        try:
            with points.around("bots.telegram.arranged"):
                return await self.channel.bot(call)
        except AiogramError as error:
            _logger.warning("messenger.not_arranged", channel=self.name, kind=type(error).__name__)
            return False
