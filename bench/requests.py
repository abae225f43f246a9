"""Five hundred requests at once through the core: none may meet a pool time-out.

What is measured: a real core (`python -m api serve`) on each store, five hundred callers that knock
in the same moment, at a reading and at a writing door. Each gets its answer or 503 with
Retry-After; anything else, and any time-out, misses the bar. The limit named beside it is the same
number of calls to the liveness door, which crosses no thread and touches no store.
"""

import asyncio
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp

from bench._core import core
from tests.support import postgres

AT_ONCE = 500
PATIENCE = 30.0


def run() -> bool:
    """Print a line for each store and door; gives whether the bar was met everywhere."""
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        stores = {"sqlite": f"sqlite:///{folder}/core.db", "postgresql": server}
        met = {name: _measure(name, url, Path(folder) / name) for name, url in stores.items()}
        return all(met.values())


def _measure(store: str, url: str, folder: Path) -> bool:
    folder.mkdir()
    met = True
    with core(url, folder) as (address, key):
        limit = asyncio.run(_knock(address, key, "live"))
        for door in ("reading", "writing"):
            seconds, answers = asyncio.run(_knock(address, key, door))
            clean = set(answers) <= {"200", "503 with Retry-After"}
            met = met and clean
            line = {
                "figure": "requests",
                "store": store,
                "door": door,
                "at_once": AT_ONCE,
                "seconds": round(seconds, 3),
                "answers": dict(answers),
                "limit_seconds": round(limit[0], 3),
                "ratio_to_limit": round(seconds / limit[0], 1),
                "met": clean,
            }
            print(json.dumps(line), flush=True)
    return met


async def _knock(address: str, key: str, door: str) -> tuple[float, Counter[str]]:
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        began = time.perf_counter()
        said = await asyncio.gather(
            *(_once(session, address, key, door, number) for number in range(AT_ONCE))
        )
        return time.perf_counter() - began, Counter(said)


async def _once(
    session: aiohttp.ClientSession, address: str, key: str, door: str, number: int
) -> str:
    headers = {"Authorization": f"Bearer {key}", "X-Chat": f"telegram:employers:{number}"}
    try:
        if door == "live":
            call = session.get(f"{address}/health/live")
        elif door == "reading":
            call = session.get(f"{address}/v1/access/me", headers=headers)
        else:
            headers["Idempotency-Key"] = f"bench-{number}"
            call = session.post(
                f"{address}/v1/notices/check", headers=headers, json={"code": "K7Q2M4XD"}
            )
        async with call as answer:
            await answer.read()
            if answer.status == 503 and "Retry-After" in answer.headers:
                return "503 with Retry-After"
            return str(answer.status)
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
