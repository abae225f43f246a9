"""How soon each process is ready, and what it holds of the memory.

What is measured, on the embedded defaults: `--help` of each room; the core, a notifier without
Telegram, a clock, and the bots of Bale alone and of Telegram, from their start until they say that
they are ready, and the memory they hold then. Messengers are a bare loop of bytes. The limit named
beside is Python itself, which starts and ends. Bars are performance.md's; start-up has a bar for
`--help` alone, half a second.
"""

import argparse
import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from bench import _core, _outside

TURNS = 3
MOST_HELP_SECONDS = 0.5
MOST_MIB = {"core": 100, "notifier": 70, "clock": 70, "bots bale": 90, "bots telegram": 200}
MOST_TOGETHER_MIB = 500
_ROOT = Path(__file__).resolve().parent.parent
_YES = '{"ok":true,"result":true}'


def run(*options: str) -> bool:
    """Print a line for each command and process; gives whether every bar was met."""
    given = argparse.ArgumentParser(prog="python -m bench start")
    given.add_argument("--turns", type=int, default=TURNS)
    given.add_argument("--only", choices=list(MOST_MIB), nargs="+", default=list(MOST_MIB))
    asked = given.parse_args(options)
    bare, bare_cpu = _seconds([sys.executable, "-c", "pass"], asked.turns)
    met = []
    for room in ("api", "notifier", "bots"):
        took, cpu = _seconds([sys.executable, "-m", room, "--help"], asked.turns)
        line = {
            "figure": "start",
            "process": f"{room} --help",
            "seconds": round(took, 2),
            "cpu_seconds": round(cpu, 2),
            "limit": "bare Python",
            "limit_seconds": round(bare, 2),
            "limit_cpu_seconds": round(bare_cpu, 2),
            "met": took <= MOST_HELP_SECONDS,
        }
        print(json.dumps(line), flush=True)
        met.append(line["met"])
    with tempfile.TemporaryDirectory() as folder, _outside.http(_YES) as root:
        met += _processes(Path(folder), root, asked.only)
    return all(met)


def _processes(folder: Path, root: str, names: Sequence[str]) -> list[bool]:
    environment = _environment(folder, root)
    for command in ("api keys new", "api migrate", "bots migrate"):
        named = [str(folder / "keys")] if command.endswith("new") else []
        _core.done([*command.split(), *named], environment)
    met, together = [], 0.0
    with ExitStack() as stack:
        for name in names:
            began = time.perf_counter()
            running = _running(name, environment)
            pid = stack.enter_context(running)
            seconds = time.perf_counter() - began
            held = _resident_mib(pid)
            # One of the two kinds of bots runs at a desk; the larger one counts.
            together += 0 if name == "bots bale" and "bots telegram" in names else held
            line = {
                "figure": "start",
                "process": name,
                "seconds": round(seconds, 2),
                "memory_mib": round(held),
                "limit_mib": MOST_MIB[name],
                "met": held <= MOST_MIB[name],
            }
            print(json.dumps(line), flush=True)
            met.append(bool(line["met"]))
    print(
        json.dumps(
            {
                "figure": "start",
                "process": "all together",
                "memory_mib": round(together),
                "limit_mib": MOST_TOGETHER_MIB,
                "met": together <= MOST_TOGETHER_MIB,
            }
        ),
        flush=True,
    )
    return [*met, together <= MOST_TOGETHER_MIB]


def _environment(folder: Path, root: str) -> dict[str, str]:
    key = secrets.token_urlsafe(32)
    return {
        **os.environ,
        "API_DATABASE_URL": f"sqlite:///{folder}/core.db",
        "API_KEYS": str(folder / "keys"),
        "API_BOTS_KEY": key,
        "API_PUBLIC_URL": "http://127.0.0.1:8000",
        "API_LOG_LEVEL": "ERROR",
        "NOTIFIER_LOG_LEVEL": "ERROR",
        "NOTIFIER_KAVENEGAR_ROOT": root,
        "NOTIFIER_KAVENEGAR_KEY": "0" * 40,
        "NOTIFIER_SMS_SENDER": "10001420",
        "NOTIFIER_REPORT_SECRET": secrets.token_urlsafe(24),
        "BOTS_DATABASE_URL": f"sqlite:///{folder}/bots.db",
        "BOTS_KEYS": str(folder / "keys"),
        "BOTS_CORE_KEY": key,
        "BOTS_MODE": "webhook",
        "BOTS_PUBLIC_URL": "http://127.0.0.1:8002",
        "BOTS_LOG_LEVEL": "ERROR",
        "BENCH_ROOT": root,
    }


def _running(name: str, environment: Mapping[str, str]) -> AbstractContextManager[int]:
    room, _, which = name.partition(" ")
    command, at = {
        "core": (["api", "serve"], "API_PORT"),
        "notifier": (["notifier", "serve"], "NOTIFIER_PORT"),
        "clock": (["notifier", "clock"], "NOTIFIER_CLOCK_PORT"),
        "bots": (["bots", "serve"], "BOTS_PORT"),
    }[room]
    messenger = {
        f"CHANNELS_PEOPLE_{which.upper()}_{part}": value
        for part, value in (
            ("TOKEN", "123456:" + "A" * 35),
            ("API_ROOT", environment["BENCH_ROOT"]),
            ("SECRET", secrets.token_urlsafe(24)),
            ("USERNAME", "a_bot"),
        )
        if which
    }
    # Each with a port of its own: two kinds of bots run here one beside the other.
    port = str(_core.port())
    address = f"http://127.0.0.1:{port}"
    return _core.process(command, {**environment, **messenger, at: port}, address)


def _resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    [held] = [line for line in lines if line.startswith("VmRSS:")]
    return int(held.split()[1]) / 1024


def _seconds(command: Sequence[str], turns: int) -> tuple[float, float]:
    """The quickest of so many runs, and the CPU of it: what the machine did beside is none of ours."""
    took = []
    for _turn in range(turns):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append((seconds, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime))
    return min(took)
