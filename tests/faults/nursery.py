"""Forks processes from one that has imported everything, so that each start costs milliseconds.

    nursery = Nursery(log_folder)
    process = nursery.start("notifier", "serve", env=…, log=…, dies_at=Death("postman.claim.after", 2))
    process.wait(10)            # -9

`python -m tests.faults.nursery` is the other side: it reads orders, one line of JSON each, and
never runs a thread. When its standard input ends it kills whatever still runs and goes.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("api", "notifier", "bots", "sandbox")


@dataclass(frozen=True)
class Death:
    """Where a process dies by SIGKILL: at a point, when it is reached for the nth time."""

    point: str
    nth: int = 1


class Stuck(AssertionError):
    """A process did not end in time."""


class Nursery:
    """The server and a hand to give it orders."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        self._order("hello")

    def start(
        self,
        module: str,
        *arguments: str,
        env: dict[str, str],
        log: Path,
        dies_at: Death | None = None,
        first: str | None = None,
    ) -> "Process":
        """Run `python -m module arguments` in a process of its own; what it says goes to `log`.

        `first` is a function (`module:name`) that is called in it before anything else.
        """
        pid = self._order(
            "start",
            module=module,
            arguments=arguments,
            env=env,
            log=str(log),
            dies_at=None if dies_at is None else asdict(dies_at),
            first=first,
        )
        return Process(int(pid), f"{module} {' '.join(arguments)}", log, self._order)

    def close(self) -> None:
        """Kill everything that was started and still runs."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with contextlib.suppress(OSError):
            self._server.stdin.close()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            # Its children are in its session's group, and nobody else is.
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait(10)
        self._server.stdout.close()

    def _order(self, what: str, **order: Any) -> Any:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"what": what, **order}) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        if not answer:
            raise AssertionError("the nursery has died")
        return json.loads(answer)


class Process:
    """One that was started; `code` is as of subprocess: -9 for one that was killed."""

    def __init__(self, pid: int, name: str, log: Path, order: Callable[..., Any]) -> None:
        self.pid = pid
        self.name = name
        self.log = log
        self.code: int | None = None
        self._order = order

    def poll(self) -> int | None:
        """Its code if it has ended, None while it runs."""
        if self.code is None:
            self.code = self._order("poll", pid=self.pid)
        return self.code

    def wait(self, seconds: float) -> int:
        """Wait for its end; Stuck when it takes longer."""
        until = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > until:
                raise Stuck(f"{self.name} still runs after {seconds} s\n{self.said()}")
            time.sleep(0.005)
        assert self.code is not None
        return self.code

    def kill(self) -> None:
        """Kill it, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait(10)

    def ask_to_stop(self) -> None:
        """Send SIGTERM, as an operator does."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to end; AssertionError unless it does so within fifteen seconds (G14), with code 0."""
        self.ask_to_stop()
        code = self.wait(15)
        assert code in {0, -signal.SIGTERM}, f"{self.name} ended with {code}\n{self.said()}"

    def said(self) -> str:
        """The end of what it logged; nothing when it has hardly begun."""
        return self.all_said()[-4000:]

    def all_said(self) -> str:
        """All that it logged."""
        if not self.log.exists():
            return ""
        return self.log.read_text(encoding="utf-8", errors="replace")


def serve() -> None:
    """Take orders until the other side goes."""
    _import_everything()
    gc.collect()
    gc.freeze()
    # An interrupt at the terminal is the other side's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children: set[int] = set()
    try:
        for line in sys.stdin:
            print(json.dumps(_obey(json.loads(line), children)), flush=True)  # noqa: T201
    finally:
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _obey(order: dict[str, Any], children: set[int]) -> Any:
    match order["what"]:
        case "start":
            pid = os.fork()
            if pid == 0:
                _become(order)
            children.add(pid)
            return pid
        case "poll":
            pid, status = os.waitpid(order["pid"], os.WNOHANG)
            if pid == 0:
                return None
            children.discard(pid)
            return os.waitstatus_to_exitcode(status)
        case _:
            return "hello"


def _become(order: dict[str, Any]) -> NoReturn:
    """Turn this child into what was ordered; never comes back."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        quiet, said = os.open(os.devnull, os.O_RDONLY), _appending(order["log"])
        os.dup2(quiet, 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.environ.clear()
        os.environ.update(order["env"])
        if order["first"] is not None:
            module, _, name = order["first"].partition(":")
            getattr(importlib.import_module(module), name)()
        if order["dies_at"] is not None:
            _arm(Death(**order["dies_at"]))
        sys.argv = [order["module"], *order["arguments"]]
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - nothing may return into the nursery's own loop.
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _appending(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _arm(death: Death) -> None:
    from api.kit import points

    left = death.nth

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    points.arm(death.point, die)


def _import_everything() -> None:
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            last = module.name.rpartition(".")[2]
            if last not in {"__main__", "env", "hub"} and ".versions." not in module.name:
                importlib.import_module(module.name)
    for library in ("alembic.command", "psycopg", "uvicorn.protocols.http.httptools_impl"):
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    for room in ("api", "bots"):
        importlib.import_module(f"{room}.migrations").older()
    importlib.import_module("api.kit.language").open_catalogues()


if __name__ == "__main__":
    serve()
