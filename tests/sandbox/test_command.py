"""The sandbox as a program: it opens its doors, says where, and goes when told."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_it_says_where_its_doors_are_and_leaves_when_told(tmp_path):
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0"),
            *("--bot", "employers=71:secret", "--var", str(tmp_path / "var")),
            *("--log", str(tmp_path / "log.jsonl"), "--ready-file", str(ready)),
        ],
        cwd=ROOT,
    )
    try:
        until = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < until:
            time.sleep(0.05)
        ports = json.loads(ready.read_text())
        root = f"http://127.0.0.1:{ports['port']}"
        with urllib.request.urlopen(f"{root}/bot71:secret/getMe") as answer:
            assert json.load(answer)["result"]["username"] == "bimeyar_employers_bot"
        with urllib.request.urlopen(f"{root}/v1/K/sms/send.json?receptor=09000000001&message=x"):
            pass
        line = json.loads((tmp_path / "log.jsonl").read_text(encoding="utf-8"))
        assert (line["service"], line["address"]) == ("sms", "09000000001")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_busy_port_and_a_broken_bot_are_each_told_in_one_sentence(desk):
    port = desk.url.rpartition(":")[2]
    for arguments, words in (
        (["--port", port, "--smtp-port", "0"], "Choose --port"),
        (["--bot", "employers"], "A bot is written"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_neither_bot_library_is_imported():
    told = subprocess.run(
        [sys.executable, "-c", "import sandbox.app, sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"aiogram", "telegram", "api", "notifier", "bots"} & set(told)
