"""Runs the whole hub on this machine: what `make up` does.

Settings, keys and secrets are made once in `var/`, which git ignores; the environment goes before
them. The rooms are started from the Procfile as an operator would, with the desk beside them; what
they log goes to `var/log/hub.log`, so that the terminal keeps the few lines a newcomer needs.

    python -m sandbox.hub                  everything, until Ctrl-C
    python -m sandbox.hub run COMMAND …    one command with the same settings

BIMEYAR_VAR names another folder than `var/`: a second hub beside the first, or one for a test.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from honcho import environ as procfile
from honcho import manager as starter
from honcho.printer import Printer

from sandbox.messenger.dialects import MESSENGERS

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("BIMEYAR_VAR") or ROOT / "var").resolve()
LOG = VAR / "log" / "hub.log"
SETTINGS = VAR / "settings.env"
COUNTRY = VAR / "country"
LOADED = COUNTRY / "loaded"
KINDS = (
    "branches",
    "holidays",
    "people",
    "dependants",
    "employers",
    "workshops",
    "contacts",
    "debts",
    "contracts",
    "records",
)
AUDIENCES = ("employers", "people")
READY_SECONDS = 60
STOP_SECONDS = 15
TEHRAN = timedelta(hours=3, minutes=30)


class CannotStart(Exception):
    """The hub cannot start; the text says why and what to do."""


def settings() -> dict[str, str]:
    """The settings of the rooms on this desk, made at the first call and kept.

    Raises CannotStart when they were made by a version that knew fewer of them.
    """
    if not SETTINGS.exists():
        VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
        SETTINGS.touch(mode=0o600)
        lines = (f"{name}={value}" for name, value in _fresh_settings().items())
        SETTINGS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    kept = dict(
        line.split("=", 1)
        for line in SETTINGS.read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    if missing := sorted(set(_fresh_settings()) - set(kept) - set(os.environ)):
        raise CannotStart(
            f"{SETTINGS} is of an earlier version and lacks {', '.join(missing)}: "
            "`make reset` starts over."
        )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**kept, **os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


def _fresh_settings() -> dict[str, str]:
    ports = {
        name: int(os.environ.get(name, port))
        for name, port in {
            "API_PORT": 8000,
            "NOTIFIER_PORT": 8001,
            "BOTS_PORT": 8002,
            "SANDBOX_PORT": 8010,
            "SANDBOX_SMTP_PORT": 8025,
        }.items()
    }
    desk = f"http://127.0.0.1:{ports['SANDBOX_PORT']}"
    bots_key = secrets.token_urlsafe(32)
    bots = {
        (messenger, audience): f"71{place}000000{number}:{secrets.token_urlsafe(26)[:35]}"
        for place, messenger in enumerate(MESSENGERS)
        for number, audience in enumerate(AUDIENCES, 1)
    }
    merchant = str(uuid.uuid4())
    report_secret = secrets.token_urlsafe(24)
    inbound_secret = secrets.token_urlsafe(24)
    inbound = f"http://127.0.0.1:{ports['BOTS_PORT']}/sms"
    return {
        **{name: str(port) for name, port in ports.items()},
        "API_DATABASE_URL": f"sqlite:///{VAR / 'core.db'}",
        "API_KEYS": str(VAR / "core.keys"),
        "API_ANCHORS": str(VAR),
        "API_BOTS_KEY": bots_key,
        "API_PUBLIC_URL": f"http://127.0.0.1:{ports['API_PORT']}",
        "API_ZARINPAL_ROOT": desk,
        "API_ZARINPAL_MERCHANT": merchant,
        "BOTS_DATABASE_URL": f"sqlite:///{VAR / 'bots.db'}",
        "BOTS_KEYS": str(VAR / "bots.keys"),
        "BOTS_CORE_URL": f"http://127.0.0.1:{ports['API_PORT']}",
        "BOTS_CORE_KEY": bots_key,
        "BOTS_MODE": "polling",
        "BOTS_WEB_URL": f"http://127.0.0.1:{ports['BOTS_PORT']}",
        "BOTS_INBOUND_SECRET": inbound_secret,
        "NOTIFIER_REPORT_SECRET": report_secret,
        "NOTIFIER_KAVENEGAR_ROOT": desk,
        "NOTIFIER_KAVENEGAR_KEY": secrets.token_hex(16),
        "NOTIFIER_SMS_SENDER": "10001420",
        "NOTIFIER_SMTP_URL": f"smtp://127.0.0.1:{ports['SANDBOX_SMTP_PORT']}",
        "NOTIFIER_MAIL_FROM": "notices@example.org",
        **{
            f"CHANNELS_{audience.upper()}_{messenger.upper()}_{name}": value
            for (messenger, audience), token in bots.items()
            for name, value in {
                "TOKEN": token,
                "API_ROOT": desk,
                "FILE_ROOT": desk,
                "SECRET": secrets.token_urlsafe(24),
                "USERNAME": f"bimeyar_{audience}_bot",
            }.items()
        },
        "SANDBOX_BOTS": ",".join(
            f"{messenger}:{audience}:{token}:bimeyar_{audience}_bot"
            for (messenger, audience), token in bots.items()
        ),
        "SANDBOX_MERCHANT": merchant,
        "SANDBOX_WEB_URL": f"http://127.0.0.1:{ports['BOTS_PORT']}",
        "SANDBOX_INBOUND_URL": f"{inbound}/inbound/{inbound_secret}",
        "SANDBOX_MISSED_URL": f"{inbound}/missed/{inbound_secret}",
        "SANDBOX_REPORT_URL": (
            f"http://127.0.0.1:{ports['NOTIFIER_PORT']}/reports/kavenegar/{report_secret}"
        ),
    }


def prepare(setting: dict[str, str]) -> None:
    """Make keys, bring the stores to the newest schema and load the invented country, once each."""
    for room in ("API", "BOTS"):
        if not Path(setting[f"{room}_KEYS"]).exists():
            _run(setting, "api", "keys", "new", setting[f"{room}_KEYS"])
    for command in _procfile()["release"].split("&&"):
        _run(setting, *command.split()[2:])
    if LOADED.exists():
        return
    today = (datetime.now(UTC) + TEHRAN).date().isoformat()
    _run(setting, "sandbox", "country", "--out", str(COUNTRY), "--on", today)
    for kind in KINDS:
        print(f"  loading {kind} …", flush=True)
        _run(setting, "api", "load", kind, str(COUNTRY / f"{kind}.csv"))
    # The bills of last month, so that whoever pays for themselves has one to pay at once.
    _run(setting, "notifier", "run", "bills", "--on", "today")
    LOADED.touch()


def _run(setting: dict[str, str], module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=setting,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise CannotStart(f"`python -m {module} {' '.join(arguments)}` said: {said}")


def _procfile() -> dict[str, str]:
    text = (ROOT / "Procfile").read_text(encoding="utf-8")
    return dict(procfile.parse_procfile(text).processes)


def check_ports(setting: dict[str, str]) -> None:
    """Raise CannotStart when somebody already listens where the hub would."""
    for name in ("API_PORT", "NOTIFIER_PORT", "BOTS_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT"):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", int(setting[name])))
            except OSError:
                raise CannotStart(
                    f"Port {setting[name]} is in use: stop what listens there, or choose another "
                    f"with `make reset` and `{name}=… make up`."
                ) from None


def start(setting: dict[str, str], log: IO[str]) -> int:
    """Run every room until one of them ends or Ctrl-C; gives the exit code."""
    # A room may take fifteen seconds to end what it has in hand (guarantees.md, G14).
    starter.KILL_WAIT = STOP_SECONDS
    manager = starter.Manager(Printer(output=log, colour=False))
    commands = _procfile()
    rooms = [name for name in commands if name != "release"]
    manager.add_process(
        "desk",
        f"{sys.executable} -m sandbox --var {VAR / 'desk'} --country {COUNTRY}",
        env=setting,
        cwd=str(ROOT),
    )
    for name in rooms:
        manager.add_process(name, commands[name], env=setting, cwd=str(ROOT))
    threading.Thread(target=_welcome, args=(setting,), daemon=True).start()
    manager.loop()
    code = int(manager.returncode or 0)
    if code in {128 + signal.SIGINT, 128 + signal.SIGTERM}:
        return 0
    if code:
        print(f"A room stopped by itself: the last lines of {log.name} say which and why.")
    return code


def _welcome(setting: dict[str, str]) -> None:
    doors = [
        f"http://127.0.0.1:{setting['SANDBOX_PORT']}/",
        *(
            f"http://127.0.0.1:{setting[port]}/health/ready"
            for port in ("API_PORT", "NOTIFIER_PORT", "BOTS_PORT")
        ),
    ]
    until = time.monotonic() + READY_SECONDS
    while doors and time.monotonic() < until:
        doors = [door for door in doors if not _answers(door)]
        time.sleep(0.2)
    if doors:
        print(f"Still waiting for {', '.join(doors)}: see {LOG}.")
        return
    people = json.loads((COUNTRY / "people.json").read_text(encoding="utf-8"))["people"]
    who = {one["hint"]: f"{one['first_name']} {one['last_name']}" for one in people if one["hint"]}
    print(
        f"""
bimeyar is running.

  Open      http://127.0.0.1:{setting["SANDBOX_PORT"]}/   the desk: phones of an invented country
  Be        whom you like: write /start to the bot and link (the fact it asks for stands beside)

            {who["start"]}, who owns workplaces with debts (the employers' bot)
              in another terminal: make job JOB=debt-notices
              read the notice in chat, by SMS and by mail on other phones; ask why, check the code
            {who["self_employed"]}, who pays for herself (the people's bot)
              open the bill, pay at the bank, see the receipt and the longer record
            {who["insured"]}, who is insured, with wife and children (the people's bot)
              read the record, ask for a booklet; a clerk moves the request on by
              .venv/bin/python -m sandbox.hub run python -m api request advance NUMBER STAGE
  API       http://127.0.0.1:{setting["API_PORT"]}/openapi.json

Ctrl-C stops it, make up goes on, make reset starts over. What the rooms log: {LOG}
""",
        flush=True,
    )


def _answers(door: str) -> bool:
    try:
        with urllib.request.urlopen(door, timeout=2) as answer:  # noqa: S310 - our own address.
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def main(arguments: list[str]) -> int:
    """Do what the command line says; gives the exit code."""
    try:
        setting = settings()
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 2
    if arguments[:1] == ["run"]:
        os.chdir(ROOT)
        os.execvpe(arguments[1], arguments[1:], setting)  # noqa: S606 - the operator's own command.
    try:
        check_ports(setting)
        prepare(setting)
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 2
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a", encoding="utf-8", buffering=1) as log:
        return start(setting, log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
