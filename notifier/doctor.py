"""Looking the notifier over: each channel's address and token, and the timetable."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import aiohttp

from api.db import Store
from api.kit.calendar import TEHRAN
from api.kit.checkup import REACH_SECONDS, Finding, fail, looked, ok, reached, secret, warn
from api.occurrences import service as occurrences
from notifier.channels.mouths import KAVENEGAR, MAIL, SECOND_MAIL, SMPP
from notifier.channels.settings import BotSettings, ChannelSettings
from notifier.crossing import now_of
from notifier.settings import Settings
from notifier.timetable import TIMETABLE

_LATE = timedelta(hours=2)


async def findings(settings: Settings, store: Store) -> list[Finding]:
    """Look at everything, one line each."""
    bots = list(ChannelSettings().bots())
    found = [await _bot(one) for one in bots]
    if not bots:
        found.append(warn("chats", "no bot has a token", "set CHANNELS_…_TOKEN"))
    return [
        *found,
        *looked(
            [
                ("NOTIFIER_REPORT_SECRET", lambda: _reports(settings)),
                ("sms", lambda: _sms(settings)),
                ("mail", lambda: _mail(settings)),
                ("timetable", lambda: _timetable(store)),
            ]
        ),
    ]


async def _bot(bot: BotSettings) -> Finding:
    """Ask a messenger whether it knows the token; it changes nothing there."""
    address = f"{bot.api_root}/bot{bot.token.get_secret_value()}/getMe"
    limit = aiohttp.ClientTimeout(total=REACH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as http,
            http.get(address, allow_redirects=False) as answer,
        ):
            status = answer.status
    # No text of these errors: the address holds the token.
    except (aiohttp.ClientError, TimeoutError) as error:
        return fail(
            bot.name, f"is not reached ({type(error).__name__})", "network, firewall, address"
        )
    if status != 200:
        return fail(bot.name, f"is not known to the messenger ({status})", "set the right token")
    return ok(bot.name, "is known to the messenger")


def _reports(settings: Settings) -> Iterator[Finding]:
    if settings.kavenegar_key.get_secret_value():
        yield secret("NOTIFIER_REPORT_SECRET", settings.report_secret.get_secret_value())


def _sms(settings: Settings) -> Iterator[Finding]:
    where = {KAVENEGAR: settings.kavenegar_root, SMPP: settings.smpp_url.get_secret_value()}
    lines = settings.lines()
    for name in lines:
        yield reached(name, where[name])
    if not lines:
        yield warn(
            "sms", "is not set", "notices pass it by; set NOTIFIER_KAVENEGAR_KEY or _SMPP_URL"
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    urls = [settings.smtp_url.get_secret_value(), settings.smtp_second_url.get_secret_value()]
    for name, url in zip((MAIL, SECOND_MAIL), urls, strict=True):
        if url:
            yield reached(name, url)
    if not any(urls):
        yield warn("mail", "is not set", "notices pass it by; set NOTIFIER_SMTP_URL")


def _timetable(store: Store) -> Iterator[Finding]:
    with store.reading() as session:
        now = now_of(session)
        for job in TIMETABLE.values():
            last = occurrences.accounted(session, job.name)
            wanted = job.latest_slot(now - _LATE if job.at else now - timedelta(minutes=10))
            if last is None:
                yield warn(
                    job.name, "has never been accounted for", "start `python -m notifier clock`"
                )
            elif last < wanted:
                yield fail(job.name, f"ended last for {_told(last)}", "is a clock running?")
            else:
                yield ok(job.name, f"ended last for {_told(last)}")


def _told(at: datetime) -> str:
    return f"{at.astimezone(TEHRAN):%Y-%m-%d %H:%M}"
