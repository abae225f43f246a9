"""A knock of the bots at the core, by the typed client, beside a bare call over loopback.

What is measured: CPU of the calling process for one question (`core.access.me`) and one change
(`core.access.end_person`), one after the other and fifty at once. The other side is a bare loop of
bytes in a process of its own, so that the client alone counts: headers of the chat, time limit,
status, and an answer checked against its type. The limit is aiohttp's plain call with the same
headers whose answer is read as JSON. Bar: at most twice the limit's CPU.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any
from uuid import UUID

import aiohttp

from api.access.schemas import GrantOut, Me
from api.client import Core, knock
from api.client.knock import Knock
from bench import _outside

CALLS = 2_000
TURNS = 5
MOST = 2.0
AT_ONCE = (1, 50)
GRANT = UUID(int=7)
KEY = "0" * 40
CHAT = "telegram:people:7000000001"
ANSWER = Me(
    linked=True,
    name="م*** آ***",
    language="fa",
    grants=[GrantOut(id=GRANT, kind="workshop", label="*4521 کارگاه نان سحر", role="owner")],
    person="mark",
).model_dump_json()


def run(*options: str) -> bool:
    """Print a line for a question and a change; gives whether every bar was met."""
    given = argparse.ArgumentParser(prog="python -m bench hop")
    given.add_argument("--calls", type=int, default=CALLS)
    given.add_argument("--turns", type=int, default=TURNS)
    asked = given.parse_args(options)
    met = []
    with _outside.http(ANSWER) as root:
        for at_once in AT_ONCE:
            for what in ("question", "change"):
                line = asyncio.run(_measure(root, what, at_once, asked.calls, asked.turns))
                print(json.dumps(line), flush=True)
                met.append(line["met"])
    return all(met)


async def _measure(root: str, what: str, at_once: int, calls: int, turns: int) -> dict[str, Any]:
    core = Core(root, KEY)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers={"X-Key": KEY}) as session:
        ours, bare = _ours(core, what), _bare(session, root, what)
        took = []
        for turn in range(turns + 1):
            both = [
                await _cpu(call, at_once, calls if turn else calls // 10) for call in (ours, bare)
            ]
            took += [both] if turn else []
    await core.close()
    mine, limit = (median(seconds) * 1000 for seconds in zip(*took, strict=True))
    ratio = round(median(ours / theirs for ours, theirs in took), 2)
    return {
        "figure": "hop",
        "what": what,
        "at_once": at_once,
        "calls": calls,
        "cpu_ms": round(mine, 3),
        "limit": "bare aiohttp call",
        "limit_cpu_ms": round(limit, 3),
        "ratio_to_limit": ratio,
        "met": ratio <= MOST,
    }


Call = Callable[[], Awaitable[Any]]


def _ours(core: Core, what: str) -> Call:
    async def ask() -> None:
        knock.current.set(Knock(chat=CHAT, grant=GRANT, language="fa"))
        await core.access.me()

    async def change() -> None:
        knock.current.set(Knock(chat=CHAT, grant=GRANT, key="talk:step:1", language="fa"))
        await core.access.end_person(grant=GRANT)

    return ask if what == "question" else change


def _bare(session: aiohttp.ClientSession, root: str, what: str) -> Call:
    headers = {"X-Chat": CHAT, "X-For": str(GRANT), "Accept-Language": "fa"}
    written = {**headers, "Idempotency-Key": "talk:step:1", "Content-Type": "application/json"}

    async def ask() -> None:
        async with session.get(f"{root}/v1/access/me", headers=headers) as answer:
            json.loads(await answer.read())

    async def change() -> None:
        url = f"{root}/v1/access/persons/{GRANT}/end"
        async with session.post(url, data=b"{}", headers=written) as answer:
            await answer.read()

    return ask if what == "question" else change


async def _cpu(call: Call, at_once: int, calls: int) -> float:
    """Make so many calls; gives the seconds of CPU a call."""

    async def one() -> None:
        for _call in range(max(1, calls // at_once)):
            await call()

    began = time.process_time()
    await asyncio.gather(*(one() for _ in range(at_once)))
    return (time.process_time() - began) / (max(1, calls // at_once) * at_once)
