"""The notifier as processes: everything put together, run until told to stop, stopped in order."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import db, migrations, reactions
from api.audit import anchoring
from api.db import BadStore, Store
from api.kit import logs
from api.kit.language import MissingCatalogue, open_catalogues
from api.kit.sealing import BadKeys, Keyring
from api.notices.plans import Channel as Name
from notifier.channels.breaker import Breaker
from notifier.channels.dialects import DIALECTS, TELEGRAM
from notifier.channels.email import BadMailSettings, EmailChannel
from notifier.channels.mouths import KAVENEGAR, MAIL, SECOND_MAIL, SMPP, Channel
from notifier.channels.settings import BadBotSettings, BotSettings, ChannelSettings
from notifier.channels.smpp.centres import BadLineSettings
from notifier.channels.smpp.link import Ear
from notifier.channels.sms_http import KavenegarChannel
from notifier.channels.sms_smpp import SmppChannel
from notifier.clock import Clock, collect_rarely
from notifier.crossing import AWAY, cross
from notifier.figures import Figures, show
from notifier.handing_on import HandingOn
from notifier.incoming import Incoming
from notifier.postman import Postman
from notifier.reports import ReportsDoor, kavenegar
from notifier.rounds import Mouth, Round
from notifier.settings import CannotStart, CoreSettings, Settings
from notifier.timetable import TIMETABLE

log = structlog.get_logger("notifier.serving")

_READY_SECONDS = 0.8


@contextmanager
def opened(core: CoreSettings, *, size: int) -> Iterator[Store]:
    """Open the core's store with its keys, and connect what hears and answers.

    Raises CannotStart, with one sentence, when it cannot be worked with.
    """
    try:
        open_catalogues()
        db.use_keys(Keyring.load(core.keys), core.keys)
        anchoring.use_folder(core.anchors)
        store = db.open_store(core.database_url, size=size)
        db.check_durable(store)
        migrations.check(store)
    except (BadStore, BadKeys, MissingCatalogue) as error:
        raise CannotStart(str(error)) from None
    reactions.connect()
    try:
        yield store
    finally:
        store.bind.engine.dispose()


def serve(settings: Settings, core: CoreSettings) -> None:
    """Deliver and take reports until SIGTERM or SIGINT, then end within 15 seconds.

    Raises CannotStart.
    """
    logs.setup(settings.log_level)
    with opened(core, size=8) as store:
        asyncio.run(_serve(settings, store))


def keep_time(settings: Settings, core: CoreSettings) -> None:
    """Run the timetable until SIGTERM or SIGINT. Raises CannotStart."""
    logs.setup(settings.log_level)
    collect_rarely()
    with opened(core, size=6) as store:
        asyncio.run(_keep_time(settings, store))


async def _serve(settings: Settings, store: Store) -> None:
    stopping = _told_to_stop()
    incoming = Incoming(store, hands_on=bool(settings.inbound_url.get_secret_value()))
    rounds = rounds_of(settings, incoming)
    for one in rounds:
        for name, mouth in one.mouths.items():
            show(name, mouth.breaker)
            if isinstance(mouth.channel, SmppChannel):
                mouth.channel.begin()
    postman = Postman(store, rounds, idle_seconds=settings.idle_seconds)
    readers = {}
    if settings.kavenegar_key.get_secret_value():
        readers["kavenegar"] = kavenegar(
            settings.kavenegar_report_id, settings.kavenegar_report_status
        )
    reports = ReportsDoor(store, settings.report_secret, readers)
    try:
        async with _doors(store, settings.host, settings.port, "NOTIFIER_PORT", reports.routes()):
            working = [asyncio.create_task(postman.run())]
            stops = [postman.stop]
            if settings.inbound_url.get_secret_value():
                handing_on = HandingOn(store, settings.inbound_url, incoming.news)
                working.append(asyncio.create_task(handing_on.run()))
                stops.append(handing_on.stop)
            log.info("notifier.ready", port=settings.port)
            await asyncio.wait(
                [*working, asyncio.create_task(stopping.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for stop in stops:
                stop()
            await asyncio.gather(*working)
    finally:
        for one in rounds:
            for mouth in one.mouths.values():
                await mouth.channel.close()


async def _keep_time(settings: Settings, store: Store) -> None:
    stopping = _told_to_stop()
    clock = Clock(store, TIMETABLE.values())
    figures = Figures(store)
    host, port = settings.host, settings.clock_port
    name = "NOTIFIER_CLOCK_PORT"
    async with _doors(store, host, port, name, [], refresh=figures.refresh):
        running = asyncio.create_task(clock.run())
        log.info("clock.ready", count=len(TIMETABLE))
        await asyncio.wait(
            [running, asyncio.create_task(stopping.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        clock.stop()
        await running


def rounds_of(settings: Settings, ear: Ear | None = None) -> list[Round]:
    """Make the mouths that are set, in a round a channel; a channel without any is passed by.

    `ear` listens to what a centre brings over our bind. Raises CannotStart.
    """
    try:
        rounds = [
            Round(Name.CHAT, _chats(settings), settings.chats_at_once),
            Round(Name.SMS, _sms(settings, ear), _texts_at_once(settings)),
            Round(Name.EMAIL, _mails(settings), settings.mails_at_once),
        ]
    except (BadBotSettings, BadLineSettings, BadMailSettings) as error:
        raise CannotStart(str(error)) from None
    for one in rounds:
        if not one.mouths:
            log.warning("channel.absent", channel=one.name)
    return rounds


def _chats(settings: Settings) -> Mapping[str, Mouth]:
    chats = {}
    for bot in ChannelSettings().bots():
        chats[bot.name] = Mouth(_chat(bot), settings.bot_per_second, _breaker(settings))
    return chats


def _chat(bot: BotSettings) -> Channel:
    # Each by its library, which only a notifier with such a bot pays for: aiogram costs three
    # seconds and 170 MiB.
    token = bot.token.get_secret_value()
    if bot.messenger == TELEGRAM.messenger:
        from notifier.channels.telegram import TelegramChannel

        return TelegramChannel(token, bot.api_root)
    from notifier.channels.bale import BaleChannel

    return BaleChannel(token, bot.api_root, DIALECTS[bot.messenger])


def _sms(settings: Settings, ear: Ear | None) -> Mapping[str, Mouth]:
    channels: dict[str, Channel] = {}
    if key := settings.kavenegar_key.get_secret_value():
        channels[KAVENEGAR] = KavenegarChannel(key, settings.sms_sender, settings.kavenegar_root)
    if centre := settings.channel(ear):
        channels[SMPP] = centre
    return {
        name: Mouth(channels[name], settings.sms_per_second, _breaker(settings))
        for name in settings.lines()
    }


def _texts_at_once(settings: Settings) -> int:
    """As many as the line takes: one that waits for a place in its window gets old."""
    if SMPP in settings.lines():
        return min(settings.sms_at_once, settings.smpp_window)
    return settings.sms_at_once


def _mails(settings: Settings) -> Mapping[str, Mouth]:
    relays = {
        MAIL: ("NOTIFIER_SMTP_URL", settings.smtp_url),
        SECOND_MAIL: ("NOTIFIER_SMTP_SECOND_URL", settings.smtp_second_url),
    }
    return {
        name: Mouth(
            EmailChannel(
                url.get_secret_value(),
                settings.mail_from,
                connections=settings.mails_at_once,
                setting=setting,
            ),
            settings.mail_per_second,
            _breaker(settings),
        )
        for name, (setting, url) in relays.items()
        if url.get_secret_value()
    }


def _breaker(settings: Settings) -> Breaker:
    return Breaker(failures=settings.breaker_failures, pause_seconds=settings.breaker_seconds)


@asynccontextmanager
async def _doors(
    store: Store,
    host: str,
    port: int | None,
    name: str,
    routes: list[web.RouteDef],
    *,
    refresh: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[None]:
    """Open health, metrics and these doors; none at all without a port. Raises CannotStart.

    `refresh` is waited for before the figures are told.
    """
    if port is None:
        yield
        return
    application = web.Application(client_max_size=65_536)
    application.add_routes([*_health(store, refresh), *routes])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CannotStart(
                f"Port {port} of {host} cannot be used ({error.strerror}): stop what holds it, "
                f"or set {name}."
            ) from None
        yield
    finally:
        await runner.cleanup()


def _health(store: Store, refresh: Callable[[], Awaitable[None]] | None) -> list[web.RouteDef]:
    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(_request: web.Request) -> web.Response:
        if await _is_ready(store):
            return web.json_response({"ready": True})
        return web.json_response({"ready": False}, status=503, headers={"Retry-After": "1"})

    async def metrics(_request: web.Request) -> web.Response:
        if refresh is not None:
            await refresh()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [
        web.get("/health/live", live),
        web.get("/health/ready", ready),
        web.get("/metrics", metrics),
    ]


async def _is_ready(store: Store) -> bool:
    """Ask the store, for no longer than a moment."""

    def ask() -> bool:
        with store.reading() as session:
            return migrations.is_ready(session.connection())

    try:
        async with asyncio.timeout(_READY_SECONDS):
            return await cross(ask)
    except (TimeoutError, *AWAY):
        return False


def _told_to_stop() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    return stopping
