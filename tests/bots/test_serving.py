"""The bots as a process: against the desk's messenger, from start to stop; and how they refuse to start."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from api.kit.sealing import Keyring
from bots import migrations
from bots.__main__ import main
from bots.adapters.sms import SmsMouth
from bots.doors import SECRET_HEADER
from bots.serving import _line
from bots.settings import CannotStart, Settings
from notifier.channels.sms_smpp import SmppChannel
from sandbox.messenger.bots import Bot
from tests.sandbox.conftest import MINA, TOKEN, Desk, a_desk

ROOT = Path(__file__).parents[2]
CORE_KEY = "an invented key of the bots, long enough"


def an_environment(url: str, folder: Path, **changed: str) -> dict[str, str]:
    """Settings of bots whose core is not there."""
    keys = folder / "keys.json"
    Keyring.new().save(keys)
    given = {
        "BOTS_DATABASE_URL": url,
        "BOTS_KEYS": str(keys),
        "BOTS_CORE_URL": "http://127.0.0.1:9",
        "BOTS_CORE_KEY": CORE_KEY,
        "BOTS_PORT": "0",
        **changed,
    }
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return kept | {name: value for name, value in given.items() if value}


@asynccontextmanager
async def serving(environment: dict[str, str]) -> AsyncIterator[Process]:
    """`python -m bots serve`, ended by whoever asked or by us."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots", "serve", cwd=ROOT, env=environment, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answers(desk: Desk, count: int, seconds: float = 120) -> list[str]:
    """Wait until so many messages of the bot are on the phone."""
    async with asyncio.timeout(seconds):
        while True:
            shown = (await desk.get("/desk/messages", person=MINA))["messages"]
            said = [one.get("text", "") for one in shown if not one.get("mine")]
            if len(said) >= count:
                return said
            await asyncio.sleep(0.1)


# A process needs seconds to start, so one store is enough here: the memory is proved on both.
@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'bots.db'}"
    migrations.upgrade(made)
    return made


async def test_a_message_is_answered_and_a_stop_is_clean(url: str, tmp_path: Path):
    async with a_desk() as desk:
        environment = an_environment(
            url,
            tmp_path,
            CHANNELS_EMPLOYERS_TELEGRAM_TOKEN=TOKEN,
            CHANNELS_EMPLOYERS_TELEGRAM_API_ROOT=desk.url,
        )
        await desk.post("/desk/say", person=MINA, text="/start")
        async with serving(environment) as process:
            [text] = await answers(desk, 1)
            assert "Choose your language:" in text
            await desk.post("/desk/say", person=MINA, text="2")
            assert len(await answers(desk, 2)) == 2, "the core is away, and the person is answered"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_the_desk_brings_updates_to_the_door(url: str, tmp_path: Path, free_port: int):
    secret = "an-invented-secret"
    async with a_desk() as desk:
        environment = an_environment(
            url,
            tmp_path,
            BOTS_MODE="webhook",
            BOTS_PORT=str(free_port),
            BOTS_PUBLIC_URL=f"http://127.0.0.1:{free_port}",
            CHANNELS_EMPLOYERS_TELEGRAM_TOKEN=TOKEN,
            CHANNELS_EMPLOYERS_TELEGRAM_API_ROOT=desk.url,
            CHANNELS_EMPLOYERS_TELEGRAM_SECRET=secret,
        )
        async with serving(environment), aiohttp.ClientSession() as http:
            await desk.post("/desk/say", person=MINA, text="/start")
            [text] = await answers(desk, 1)
            assert "Choose your language:" in text
            door = f"http://127.0.0.1:{free_port}/telegram/employers"
            async with http.post(door, json={}, headers={SECRET_HEADER: "forged"}) as answer:
                assert answer.status == 404
            async with http.get(f"http://127.0.0.1:{free_port}/health/ready") as answer:
                assert answer.status == 200


async def test_a_person_on_bale_is_answered_by_polling_and_by_the_secret_door(
    url: str, tmp_path: Path, free_port: int
):
    token, secret = "7110000001:AAinvented-token-of-the-bot-on-bale", "an-invented-secret"
    bale = Bot("employers", token, "bimeyar_employers_bot", "bale")
    async with a_desk(bots=[bale]) as desk:
        common = {
            "CHANNELS_EMPLOYERS_BALE_TOKEN": token,
            "CHANNELS_EMPLOYERS_BALE_API_ROOT": desk.url,
            "CHANNELS_EMPLOYERS_BALE_SECRET": secret,
        }
        await desk.post("/desk/say", person=MINA, text="/start")
        async with serving(an_environment(url, tmp_path, **common)) as process:
            [text] = await answers(desk, 1)
            assert "Choose your language:" in text
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0
        by_webhook = an_environment(
            url,
            tmp_path,
            BOTS_MODE="webhook",
            BOTS_PORT=str(free_port),
            BOTS_PUBLIC_URL=f"http://127.0.0.1:{free_port}",
            **common,
        )
        async with serving(by_webhook):
            await desk.post("/desk/say", person=MINA, text="menu")
            assert len(await answers(desk, 2)) == 2
        _status, told = await desk.call("getWebhookInfo", token=token)
        assert told["result"]["url"].endswith(f"/bale/employers/{secret}")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"BOTS_DATABASE_URL": ""}, "BOTS_DATABASE_URL is not set"),
        ({"BOTS_DATABASE_URL": "bots.db"}, "BOTS_DATABASE_URL is no database address"),
        ({"BOTS_CORE_KEY": "short"}, "BOTS_CORE_KEY is wrong"),
        ({"BOTS_KEYS": "/nowhere/keys.json"}, "is not there"),
        ({"BOTS_MODE": "pigeon"}, "write polling or webhook"),
        ({"BOTS_MODE": "webhook"}, "BOTS_PUBLIC_URL is not set"),
        ({"BOTS_PORT": "99999"}, "BOTS_PORT is wrong"),
        ({"BOTS_LOG_LEVEL": "LOUD"}, "BOTS_LOG_LEVEL is wrong"),
        ({"BOTS_CORE_URL": "banana"}, "BOTS_CORE_URL is wrong"),
        ({}, "not migrated: run `python -m bots migrate`"),
    ],
    ids=lambda value: next(iter(value), "unmigrated") if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_said_in_one_sentence(
    changed: dict[str, str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(os, "environ", {})
    environment = an_environment(f"sqlite:///{tmp_path / 'new.db'}", tmp_path, **changed)
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr(sys, "argv", ["bots", "serve"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert told in said
    assert len(said.strip().splitlines()) == 1


def test_a_busy_port_is_said_in_one_sentence(
    tmp_path: Path,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    migrations.upgrade(url)
    monkeypatch.setattr(os, "environ", an_environment(url, tmp_path, BOTS_PORT=str(free_port)))
    monkeypatch.setattr(sys, "argv", ["bots", "serve"])
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(SystemExit):
        main()
    assert "cannot be used" in capsys.readouterr().err


def test_migrating_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(os, "environ", an_environment(f"sqlite:///{tmp_path / 'new.db'}", tmp_path))
    monkeypatch.setattr(sys, "argv", ["bots", "migrate"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out == "migrated\n"


async def test_replies_by_sms_leave_over_a_bind_where_there_is_a_centre(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTIFIER_SMPP_URL", "smpp://bimeyar:pa55word@127.0.0.1:9")
    monkeypatch.setenv("NOTIFIER_SMS_SENDER", "10001420")
    settings = Settings.model_construct(inbound_secret=SecretStr("an invented secret"))
    line = _line(settings)
    assert line is not None
    adapter, secret = line
    assert secret == "an invented secret"
    assert isinstance(adapter.channel, SmsMouth)
    assert isinstance(adapter.channel._line, SmppChannel)
    monkeypatch.setenv("NOTIFIER_SMPP_URL", "smpp://127.0.0.1:9")
    with pytest.raises(CannotStart, match="NOTIFIER_SMPP_URL is no centre's address"):
        _line(settings)
