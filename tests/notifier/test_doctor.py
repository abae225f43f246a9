"""The doctor of the notifier: tokens, addresses and the timetable."""

import pytest
from aiohttp import web

from api.db import Store
from api.kit.checkup import Level
from api.occurrences import service as occurrences
from notifier import doctor
from notifier.settings import Settings
from notifier.timetable import TIMETABLE
from tests.support import make, ports

TOKEN = "7100000001:AAinvented-token-of-the-employers-bot"


@pytest.fixture
async def messenger(monkeypatch: pytest.MonkeyPatch):
    """A messenger that knows one token."""

    async def answer(request: web.Request) -> web.Response:
        known = request.match_info["token"] == TOKEN
        return web.json_response({"ok": known}, status=200 if known else 401)

    application = web.Application()
    application.add_routes([web.get("/bot{token}/getMe", answer)])
    runner = web.AppRunner(application)
    await runner.setup()
    (port,) = ports.free(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    monkeypatch.setenv("CHANNELS_EMPLOYERS_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("CHANNELS_PEOPLE_TELEGRAM_TOKEN", TOKEN[:-1] + "x")
    monkeypatch.setenv("CHANNELS_EMPLOYERS_TELEGRAM_API_ROOT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("CHANNELS_PEOPLE_TELEGRAM_API_ROOT", f"http://127.0.0.1:{port}")
    yield
    await runner.cleanup()


async def test_token_that_the_messenger_does_not_know_is_named(messenger, store: Store):
    given = Settings(
        smtp_url="smtp://127.0.0.1:1",
        smtp_second_url="smtp://127.0.0.1:1",
        mail_from="a@example.org",
    )
    found = {one.about: one for one in await doctor.findings(given, store)}
    assert found["telegram:employers"].level is Level.OK
    assert found["telegram:people"].level is Level.FAIL
    assert found["email:first"].level is Level.FAIL
    assert found["email:second"].level is Level.FAIL
    assert found["sms"].level is Level.WARN
    assert all(TOKEN not in str(one) for one in found.values())


def test_job_that_has_not_run_is_named(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "now_of", lambda _: make.NOW)
    job = TIMETABLE["bills"]
    with store.writing("arranged") as session:
        slot = job.latest_slot(make.NOW)
        occurrences.list_slots(
            session, job="bills", slots=[slot], now=make.NOW, skipped_by="first_start"
        )
        old = TIMETABLE["debt-notices"].latest_slot(make.NOW)
        occurrences.list_slots(
            session,
            job="debt-notices",
            slots=[old.replace(year=old.year - 1)],
            now=make.NOW,
            skipped_by="first_start",
        )
    levels = {one.about: one.level for one in doctor._timetable(store)}
    assert levels["bills"] is Level.OK
    assert levels["debt-notices"] is Level.FAIL
    assert levels["bill-notices"] is Level.WARN
    assert len(levels) == len(TIMETABLE)
