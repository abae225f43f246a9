"""Real processes to be measured, on loopback ports: the core, and others until they are ready."""

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp

_ROOT = Path(__file__).resolve().parent.parent
_READY_SECONDS = 120.0


@contextmanager
def core(
    url: str, folder: Path, serve: Sequence[str] = ("api", "serve"), **settings: str
) -> Iterator[tuple[str, str]]:
    """Run a core on the store of a URL; gives its address and the bots' key. Its keys are in `folder`.

    `serve` is the module that serves it, with its arguments.
    """
    address = f"http://127.0.0.1:{port()}"
    key = secrets.token_urlsafe(32)
    environment = {
        **os.environ,
        "API_DATABASE_URL": url,
        "API_KEYS": str(folder / "keys"),
        "API_BOTS_KEY": key,
        "API_PORT": address.rpartition(":")[2],
        "API_PUBLIC_URL": address,
        "API_LOG_LEVEL": "ERROR",
        **settings,
    }
    done(["api", "keys", "new", str(folder / "keys")], environment)
    done(["api", "migrate"], environment)
    with process(serve, environment, address) as pid:
        _listeners[address] = pid
        yield address, key


_listeners: dict[str, int] = {}


def listening(address: str) -> int:
    """The id of the core's process that serves at an address."""
    return _listeners[address]


def done(module: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a module with its arguments to its end."""
    command = [sys.executable, "-m", *module]
    subprocess.run(command, cwd=_ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def process(module: Sequence[str], environment: Mapping[str, str], address: str) -> Iterator[int]:
    """Run a module with its arguments until the end of the block; gives its id once it is ready."""
    running = subprocess.Popen([sys.executable, "-m", *module], cwd=_ROOT, env=environment)
    try:
        asyncio.run(_ready(address))
        yield running.pid
    finally:
        running.terminate()
        running.wait(20)


def port() -> int:
    """Give a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processor until now."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def _ready(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until:
            try:
                async with session.get(f"{address}/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError(f"the core at {address} did not become ready")
