"""The notifier as processes: started, asked how they are, stopped; or refused with one sentence."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api import db, migrations
from api.kit.sealing import Keyring
from tests.conftest import new_database
from tests.support import ports

ROOT = Path(__file__).parents[2]


@pytest.fixture
def setting(request: pytest.FixtureRequest, tmp_path: Path, dialect: str) -> dict[str, str]:
    """The environment of a notifier over a migrated store."""
    url = new_database(request, dialect, tmp_path)
    store = db.open_store(url)
    migrations.upgrade(store)
    store.bind.engine.dispose()
    keys = tmp_path / "core.keys"
    Keyring.new().save(keys)
    return {
        "PATH": os.environ.get("PATH", ""),
        "API_DATABASE_URL": url,
        "API_KEYS": str(keys),
        "NOTIFIER_PORT": str(ports.a_free_one()),
        "NOTIFIER_CLOCK_PORT": str(ports.a_free_one()),
        "NOTIFIER_KAVENEGAR_KEY": "a-key",
        "NOTIFIER_KAVENEGAR_ROOT": "http://127.0.0.1:9",
        "NOTIFIER_SMS_SENDER": "10001420",
        "NOTIFIER_REPORT_SECRET": "a secret of the reports",
    }


@contextmanager
def process(setting: dict[str, str], *command: str) -> Iterator[subprocess.Popen[str]]:
    one = subprocess.Popen(
        [sys.executable, "-m", "notifier", *command],
        env=setting,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield one
    finally:
        one.kill()
        one.communicate()


def ask(port: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def wait_for(port: str) -> None:
    until = time.monotonic() + 60
    while ask(port, "/health/ready")[0] != 200:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("command", "port"), [("serve", "NOTIFIER_PORT"), ("clock", "NOTIFIER_CLOCK_PORT")]
)
def test_it_says_how_it_is_and_stops_when_told(setting, command, port) -> None:
    with process(setting, command) as one:
        wait_for(setting[port])
        assert ask(setting[port], "/health/live") == (200, '{"live": true}')
        assert "python_info" in ask(setting[port], "/metrics")[1]
        one.send_signal(signal.SIGTERM)
        _, told = one.communicate(timeout=15)
        assert one.returncode == 0
    events = [json.loads(line)["event"] for line in told.splitlines()]
    assert {"serve": "notifier.ready", "clock": "clock.ready"}[command] in events


def test_a_report_is_taken_by_the_process(setting) -> None:
    with process(setting, "serve"):
        wait_for(setting["NOTIFIER_PORT"])
        path = "/reports/kavenegar/a%20secret%20of%20the%20reports?messageid=1&status=10"
        assert ask(setting["NOTIFIER_PORT"], path)[0] == 204
        assert (
            ask(setting["NOTIFIER_PORT"], "/reports/kavenegar/wrong?messageid=1&status=10")[0]
            == 404
        )


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_missing_setting_is_one_sentence_and_exit_two(setting) -> None:
    del setting["API_DATABASE_URL"]
    with process(setting, "serve") as one:
        _, told = one.communicate(timeout=60)
    assert one.returncode == 2
    assert told.startswith("API_DATABASE_URL is not set: write sqlite:///")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_store_that_is_not_migrated_is_one_sentence(setting, tmp_path) -> None:
    setting["API_DATABASE_URL"] = f"sqlite:///{tmp_path / 'empty.db'}"
    with process(setting, "serve") as one:
        _, told = one.communicate(timeout=60)
    assert one.returncode == 2
    assert told == "The database is not migrated: run `python -m api migrate`.\n"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_busy_port_is_one_sentence(setting) -> None:
    with process(setting, "serve") as first:
        wait_for(setting["NOTIFIER_PORT"])
        with process(setting, "serve") as second:
            _, told = second.communicate(timeout=60)
        assert second.returncode == 2
        assert first.poll() is None
    assert "stop what holds it, or set NOTIFIER_PORT." in told.splitlines()[-1]


def test_help_imports_neither_a_bot_nor_a_store() -> None:
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "notifier", "--help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    imported = {line.rsplit("|")[-1].strip() for line in said.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {"aiogram", "sqlalchemy", "aiohttp", "pydantic_settings"}
