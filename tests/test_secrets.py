"""No secret that anybody guesses is run with, and none stands in the repository."""

import os
import re
import subprocess
from typing import Any

import pytest

from api.commands import troubles
from api.commands.troubles import CannotDo
from api.kit.strength import is_weak
from bots import settings as bots
from notifier import settings as notifier
from notifier.channels.settings import BadBotSettings, ChannelSettings
from tests.faults.tree import ROOT

WEAK = (
    "x" * 40,
    "changeme" * 4,
    "change-me-change-me-change-me-1234",
    "0123456789" * 4,
    "bimeyar-secret-key-bimeyar-secret-key",
    "password-password-password-password",
    "your-api-key-your-api-key-your-api-key",
)
STRONG = "pLx7-Qv2RkJ0_uTn4WcE8sYb1ZaHd6Gm"
_TOKEN = "7100000001:AAinvented-token-of-the-employers-bot"
_KNOWN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."
    r"|\b\d{8,10}:AA(?!invented)[A-Za-z0-9_-]{30,}"
    r"|\bbk_[A-Za-z0-9_-]{30,}"
    r"|(?i:secret|passw(?:or)?d|token|api_?key)[\"']?\s*[:=]\s*[\"'][A-Za-z0-9+/_-]{32,}={0,2}[\"']"
)
# A canary of the tests of logs, made by hand.
_INVENTED = {"tests/api/kit/test_logs.py"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "API_DATABASE_URL": "sqlite:///nowhere/core.db",
        "API_KEYS": "nowhere/core.keys",
        "API_BOTS_KEY": STRONG,
        "BOTS_DATABASE_URL": "sqlite:///nowhere/bots.db",
        "BOTS_KEYS": "nowhere/bots.keys",
        "BOTS_CORE_KEY": STRONG,
        "CHANNELS_EMPLOYERS_TELEGRAM_TOKEN": _TOKEN,
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("secret", WEAK)
@pytest.mark.parametrize(
    ("name", "read", "refusal"),
    [
        ("API_BOTS_KEY", troubles.settings, CannotDo),
        ("BOTS_CORE_KEY", bots.read, bots.CannotStart),
        ("BOTS_INBOUND_SECRET", bots.read, bots.CannotStart),
        ("NOTIFIER_REPORT_SECRET", notifier.read, notifier.CannotStart),
        (
            "CHANNELS_EMPLOYERS_TELEGRAM_SECRET",
            lambda: list(ChannelSettings().bots()),
            BadBotSettings,
        ),
    ],
)
def test_a_weak_secret_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, name: str, read: Any, refusal: type[Exception], secret: str
):
    monkeypatch.setenv(name, STRONG)
    read()
    monkeypatch.setenv(name, secret)
    with pytest.raises(refusal) as refused:
        read()
    said = str(refused.value)
    assert said.startswith(f"{name} is ")
    assert said.endswith(".")
    assert "\n" not in said
    assert secret not in said


def test_a_secret_of_chance_is_not_weak():
    assert not is_weak(STRONG)
    assert not any(is_weak(os.urandom(24).hex()) for _ in range(100))


def test_no_secret_stands_in_the_repository():
    """What looks like a key of somebody's, in any file that git keeps."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    files = listed.split("\0") if listed else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*.py")]
    found = []
    for name in files:
        path = ROOT / name
        if not path.is_file() or name in _INVENTED or name.endswith((".lock", ".woff2", ".ttf")):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        found += [f"{name}: {hit[0][:20]}…" for hit in _KNOWN.finditer(text)]
    assert len(files) > 100
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        'TOKEN = "' + "a8" * 20 + '"',
        "8123456789:AAE" + "h" * 32,
    ],
)
def test_the_scan_sees_a_secret(line: str):
    assert _KNOWN.search(line)
