"""The whole hub as `make up` runs it, in a folder and on ports of its own."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from api.client import Core
from api.client.knock import Knock, current
from api.debts.schemas import DebtIn
from tests.support.ports import free

ROOT = Path(__file__).resolve().parents[2]
PORTS = ("API_PORT", "NOTIFIER_PORT", "BOTS_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT")
ROOMS = ("API_", "NOTIFIER_", "BOTS_", "CHANNELS_", "SANDBOX_")
READY_SECONDS = 240  # Two busy cores; some twenty seconds on idle ones.
STOP_SECONDS = 20
QUIET_SECONDS = 3


class Hub:
    """Five rooms, the desk and an invented country, started with nothing but a folder."""

    def __init__(self, var: Path) -> None:
        ports = dict(zip(PORTS, free(len(PORTS)), strict=True))
        # What somebody has set for a hub of their own must not reach this one.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ROOMS)}
        self._environment = {
            **kept,
            **{name: str(port) for name, port in ports.items()},
            "BIMEYAR_VAR": str(var),
        }
        self._var = var
        self._core = f"http://127.0.0.1:{ports['API_PORT']}"
        self.talk = f"http://127.0.0.1:{ports['BOTS_PORT']}/talk"
        self.desk = f"http://127.0.0.1:{ports['SANDBOX_PORT']}"
        self._process: subprocess.Popen[bytes] | None = None
        self._machine = ""

    def start(self) -> None:
        """Start every room and wait until each says it is ready; else the test fails and says why."""
        said = self._var / "said.txt"
        with said.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.hub"],
                cwd=ROOT,
                env=self._environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + READY_SECONDS
        while "bimeyar is running" not in said.read_text(encoding="utf-8"):
            if self._process.poll() is not None or time.monotonic() > until:
                self._end()
                pytest.fail(said.read_text(encoding="utf-8") + self.log()[-4000:])
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop as Ctrl-C does; AssertionError when it takes long, ends badly or leaves a process."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(STOP_SECONDS)
            left = self._mine()
        except subprocess.TimeoutExpired:
            code, left = None, self._mine()
        self._end()
        assert (code, left) == (0, []), self.log()[-2000:]

    def _end(self) -> None:
        assert self._process is not None
        for pid in self._mine():
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def _mine(self) -> list[int]:
        """Every process that was started with this hub's folder and still lives."""
        mark = f"BIMEYAR_VAR={self._var}".encode()
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in environ.read_bytes().split(b"\0"):
                    found.append(int(environ.parent.name))
            except OSError:
                continue  # It has just ended, or is somebody else's.
        return found

    def log(self) -> str:
        """What the rooms have logged."""
        path = self._var / "log" / "hub.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self, *command: str) -> str:
        """Run a command with the hub's settings, as `make job` does; gives its last line."""
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.hub", "run", "python", "-m", *command],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip().splitlines()[-1]

    def job(self, name: str) -> str:
        """Run a job of the timetable for today, and wait until what it posted has left."""
        said = self.run("notifier", "run", name, "--on", "today")
        self.settled()
        return said

    def settled(self) -> int:
        """Wait until the outside world has heard nothing new for a while; gives its log's length."""
        heard, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            now = self.heard()
            if now != heard:
                heard, since = now, time.monotonic()
            time.sleep(0.25)
        return heard

    def heard(self) -> int:
        """How many calls, letters and reports the outside world has had so far.

        What the bank was asked does not count: the sweeper asks about other walks' payments.
        """
        log = self.ask("/desk/log?last=50")["log"]
        return next((int(one["seq"]) for one in reversed(log) if one["service"] != "bank"), 0)

    def ask(self, path: str) -> Any:
        """What the desk answers at a door of its JSON."""
        with urllib.request.urlopen(self.desk + path, timeout=30) as answer:
            return json.load(answer)

    def tell(self, path: str, **facts: Any) -> Any:
        """Do something at a door of the desk's JSON."""
        request = urllib.request.Request(
            self.desk + path,
            data=json.dumps(facts).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def people(self) -> list[dict[str, Any]]:
        """The people of the country, the newcomer first."""
        path = self._var / "country" / "people.json"
        return list(json.loads(path.read_text(encoding="utf-8"))["people"])

    def country(self, kind: str) -> list[dict[str, str]]:
        """The rows of one of the country's files."""
        path = self._var / "country" / f"{kind}.csv"
        with path.open(encoding="utf-8", newline="") as rows:
            return list(csv.DictReader(rows))

    def branch_of(self, person: dict[str, Any]) -> str:
        """The name of the branch of somebody's first workplace."""
        code = person["roles"][0]["workshop_code"]
        workshops = {line["workshop_code"]: line for line in self.country("workshops")}
        branches = {line["branch_code"]: line for line in self.country("branches")}
        return branches[workshops[code]["branch_code"]]["name"]

    def person(self, hint: str) -> dict[str, Any]:
        """The one of the country who is there for this."""
        return next(one for one in self.people() if one["hint"] == hint)

    def worker(self, nth: int) -> dict[str, Any]:
        """An insured person with children whom no other walk meets, for a walk of their own."""
        found = (
            one
            for one in self.people()
            if one["kinds"] == ["worker"]
            and not one["hint"]
            and any(kin["relation"] == "child" for kin in one["family"])
        )
        return next(islice(found, nth, None))

    def sms(self, person: dict[str, Any]) -> list[str]:
        """Every SMS that somebody has got."""
        return [one["text"] for one in self.ask(f"/desk/sms?person={person['id']}")["sms"]]

    def letter(self, person: dict[str, Any], page: str) -> str:
        """The HTML of somebody's letter, by the address of its page on the desk."""
        letters = self.ask(f"/desk/mail?person={person['id']}")["mail"]
        return next(str(one["html"]) for one in letters if page == f"/desk/mail/{one['id']}/page")

    async def owe(self, *debts: DebtIn) -> None:
        """Put debts in, as the organisation's own system would over the core's API."""
        async with self._machine_core() as core:
            taken = await core.debts.register(rows=debts)
        assert (taken.loaded, taken.refused) == (len(debts), [])

    async def pay(self, number: str) -> None:
        """Say that a debt is settled, as the organisation's own system would."""
        async with self._machine_core() as core:
            await core.debts.close(number=number)

    def _machine_core(self) -> Core:
        if not self._machine:
            self._machine = self.run("api", "machines", "add", "walk", "--scope", "debts")
        current.set(Knock(key=str(uuid.uuid4())))
        return Core(self._core, self._machine)
