"""The bots as a process: everything put together, run until told to stop, stopped in order."""

import asyncio
import re
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress

import structlog
from aiohttp import web

from api.client import Core
from api.kit import logs
from api.kit.language import Language, MissingCatalogue, open_catalogues
from api.kit.sealing import BadKeys, Keyring
from api.kit.speech import Speech
from bots import ages, migrations, wording
from bots.adapters import Adapter
from bots.adapters.bot_api import BotApiAdapter
from bots.adapters.sms import SmsAdapter, SmsMouth
from bots.adapters.web import WebAdapter
from bots.dialogues import collected
from bots.doors import Watched, doors
from bots.memory import Memory
from bots.polling import Poller
from bots.returning import Returning
from bots.settings import CannotStart, Mode, Settings
from bots.store import Away, BadStore, Store
from bots.talk import Dialogues
from bots.turns import Worker
from bots.web import doors as web_doors
from bots.web import pages
from bots.web.visits import Visits
from notifier.channels.dialects import TELEGRAM
from notifier.channels.mouths import SMPP
from notifier.channels.settings import (
    BadBotSettings,
    BotSettings,
    ChannelSettings,
    SmsSettings,
)
from notifier.channels.smpp.centres import BadLineSettings
from notifier.channels.sms_http import KavenegarChannel

READY_SECONDS = 0.8
_FORGET_EVERY = 600.0
_FORGET_CHATS_EVERY = 86_400.0
_TUNE_EVERY = 60.0
_TRY_AGAIN = 30.0
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_logger = structlog.get_logger("bots.serving")


def serve(settings: Settings) -> None:
    """Run the bots until SIGTERM or SIGINT, then end within 15 seconds. Raises CannotStart."""
    logs.setup(settings.log_level)
    try:
        open_catalogues()
        keys = Keyring.load(settings.keys)
    except (BadKeys, MissingCatalogue) as error:
        raise CannotStart(str(error)) from None
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, keys))


async def _serve(settings: Settings, keys: Keyring) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    # Closed in the opposite order: first nothing new is begun, then what is under way ends.
    async with AsyncExitStack() as closing:
        store = await _opened(settings)
        closing.push_async_callback(store.close)
        core = Core(settings.core_url, settings.core_key.get_secret_value())
        closing.push_async_callback(core.close)
        bots = _bots()
        secrets = {bot.name: _secret(bot, settings) for bot in bots}
        adapters = {bot.name: _adapter(bot) for bot in bots}
        for adapter in adapters.values():
            closing.push_async_callback(adapter.close)
        memory, dialogues = Memory(store, keys), collected()
        visits = Visits(memory, keys)
        on_the_web = _on_the_web(settings, visits)
        line = _line(settings)
        if line is not None:
            closing.push_async_callback(line[0].close)
        everybody: dict[str, Adapter] = {**adapters, **on_the_web}
        if line is not None:
            everybody[line[0].name] = line[0]
        worker = Worker(
            memory, everybody, dialogues, core, keys, chats_at_once=settings.chats_at_once
        )
        watched = [
            Watched(one, secrets[name], in_path=one.dialect.secret_in_path)
            for name, one in adapters.items()
        ]
        await memory.tune()
        talks = web_doors.Doors(
            visits,
            keys,
            core,
            audiences=[one.audience for one in on_the_web.values()],
            url=settings.web_url,
            proxies=settings.web_proxies,
            came=worker.wake,
        )
        runner = await _listening(
            doors(
                worker.receive,
                watched,
                ready=lambda: _ready(store),
                line=line,
                pages=talks.routes() if on_the_web else (),
            ),
            settings,
        )
        closing.push_async_callback(runner.cleanup)
        working = asyncio.create_task(worker.run())
        closing.push_async_callback(_ended, [working])
        closing.push_async_callback(worker.stop)
        tasks = [
            Returning(core, memory, list(everybody), worker.wake).run(),
            _every(_FORGET_EVERY, memory.forget),
            _every(_FORGET_CHATS_EVERY, memory.forget_silent),
            _every(_FORGET_EVERY, visits.forget),
            _every(_TUNE_EVERY, memory.tune),
            _every(_TUNE_EVERY, lambda: ages.look(store)),
            *(_introduce(adapter, dialogues) for adapter in adapters.values()),
        ]
        if settings.mode is Mode.WEBHOOK:
            tasks += [
                _watch(one, secrets[name], settings.public_url) for name, one in adapters.items()
            ]
        else:
            tasks += [_poll(memory, adapter, worker) for adapter in adapters.values()]
        closing.push_async_callback(_ended, [asyncio.create_task(task) for task in tasks])
        _logger.info("bots.ready", port=settings.port, count=len(everybody))
        await stop.wait()
    _logger.info("bots.stopped")


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _opened(settings: Settings) -> Store:
    try:
        store = Store(settings.database_url, size=settings.chats_at_once + 4)
        await store.check()
    except BadStore as error:
        raise CannotStart(str(error)) from None
    if not await _ready(store, seconds=5.0):
        await store.close()
        raise CannotStart("The bots' memory is not migrated: run `python -m bots migrate`.")
    return store


async def _ready(store: Store, seconds: float = READY_SECONDS) -> bool:
    """Whether the memory is there and has this code's schema or a newer one; says so in time."""
    try:
        async with asyncio.timeout(seconds):
            return await store.read(migrations.is_ready)
    except (TimeoutError, *Away):
        return False


def _bots() -> list[BotSettings]:
    try:
        return list(ChannelSettings().bots())
    except BadBotSettings as error:
        raise CannotStart(str(error)) from None


def _line(settings: Settings) -> tuple[SmsAdapter, str] | None:
    """The line of SMS and the secret of its doors; None where nobody is to write to it."""
    secret = settings.inbound_secret.get_secret_value()
    if not secret:
        return None
    line = SmsSettings()
    try:
        # The first of the lines: people are answered by the one that they know.
        centre = line.channel() if line.lines()[:1] == [SMPP] else None
    except BadLineSettings as error:
        raise CannotStart(str(error)) from None
    if centre is not None:
        # For sending alone: what people write comes over the notifier's own bind.
        return SmsAdapter(SmsMouth(centre)), secret
    key = line.kavenegar_key.get_secret_value()
    if not key or not line.sms_sender:
        raise CannotStart(
            "BOTS_INBOUND_SECRET is set but the line is not: write NOTIFIER_KAVENEGAR_KEY and "
            "NOTIFIER_SMS_SENDER, or NOTIFIER_SMPP_URL, for the bots too, or leave the secret out."
        )
    return SmsAdapter(SmsMouth(KavenegarChannel(key, line.sms_sender, line.kavenegar_root))), secret


def _adapter(bot: BotSettings) -> BotApiAdapter:
    # Each by its library, which only bots on such a messenger pay for: aiogram costs three seconds
    # and 170 MiB.
    if bot.messenger == TELEGRAM.messenger:
        from bots.adapters.telegram import TelegramAdapter

        return TelegramAdapter(bot)
    from bots.adapters.bale import BaleAdapter

    return BaleAdapter(bot)


def _on_the_web(settings: Settings, visits: Visits) -> dict[str, WebAdapter]:
    """The page of each audience; none where nobody is to reach it."""
    audiences = pages.AUDIENCES if settings.web_url else ()
    made = [WebAdapter(audience, visits) for audience in audiences]
    return {one.name: one for one in made}


def _secret(bot: BotSettings, settings: Settings) -> str:
    secret = bot.secret.get_secret_value()
    if not secret and settings.mode is Mode.WEBHOOK:
        raise CannotStart(
            f"CHANNELS_{bot.audience.upper()}_{bot.messenger.upper()}_SECRET is not set: with "
            "BOTS_MODE=webhook write the secret that its updates carry."
        )
    if not _SECRET.fullmatch(secret):
        raise CannotStart(
            f"CHANNELS_{bot.audience.upper()}_{bot.messenger.upper()}_SECRET has other characters "
            "than letters, digits, _ and -: it stands in a header or an address."
        )
    return secret


async def _listening(application: web.Application, settings: Settings) -> web.AppRunner:
    runner = web.AppRunner(application, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotStart(
            f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}): stop what "
            "holds it, or set BOTS_PORT."
        ) from None
    return runner


async def _every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    while True:
        with suppress(*Away):
            await act()
        await asyncio.sleep(seconds)


async def _poll(memory: Memory, adapter: BotApiAdapter, worker: Worker) -> None:
    await _until_done(adapter.unwatch)
    await Poller(memory.inbox, adapter, worker.wake).run()


async def _watch(adapter: BotApiAdapter, secret: str, public_url: str) -> None:
    address = f"{public_url.rstrip('/')}/{adapter.messenger}/{adapter.audience}"
    await _until_done(lambda: adapter.watch(address, secret))


async def _introduce(adapter: BotApiAdapter, dialogues: Dialogues) -> None:
    await _until_done(lambda: adapter.offer_commands(commands(dialogues, adapter)))
    await _until_done(lambda: adapter.describe(description(adapter)))


def commands(dialogues: Dialogues, adapter: Adapter) -> Mapping[str, Mapping[str, str]]:
    """The command menu in each language: the dialogues of the bot's audience by name."""
    offered = [
        one for one in dialogues if one.menu and adapter.audience in one.audiences and not one.start
    ]
    return {
        language.value: {one.name: Speech(language).word(one.words) for one in offered}
        for language in Language
    }


def description(adapter: Adapter) -> Mapping[str, str]:
    """What the bot is for, in each language."""
    words = wording.DESCRIPTIONS[adapter.audience]
    return {language.value: Speech(language).word(words) for language in Language}


async def _until_done(act: Callable[[], Awaitable[bool]]) -> None:
    """Do what a messenger must hear once; it is tried until it was heard."""
    done = await act()
    while not done:
        await asyncio.sleep(_TRY_AGAIN)
        done = await act()
