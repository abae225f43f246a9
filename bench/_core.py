"""A real core to be measured: `python -m api serve` on a loopback port."""

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp

_ROOT = Path(__file__).resolve().parent.parent
_READY_SECONDS = 30.0


@contextmanager
def core(
    url: str, folder: Path, serve: Sequence[str] = ("api", "serve"), **settings: str
) -> Iterator[tuple[str, str]]:
    """Run a core on the store of a URL; gives its address and the bots' key. Its keys are in `folder`.

    `serve` is the module that serves it, with its arguments.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
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
    for arguments in (("keys", "new", str(folder / "keys")), ("migrate",)):
        command = [sys.executable, "-m", "api", *arguments]
        subprocess.run(command, cwd=_ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    web = subprocess.Popen([sys.executable, "-m", *serve], cwd=_ROOT, env=environment)
    try:
        asyncio.run(_ready(address))
        yield address, key
    finally:
        web.terminate()
        web.wait(20)


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
