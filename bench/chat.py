"""A turn of a chat through bots and core, beside a bare aiogram echo with one read and one write.

What is measured, at 1, 50 and 500 chats, with real processes and a messenger that is a bare loop of
bytes: linked people send /start by webhook; the bots keep the update, ask the core who it is, keep
the turn and its reply, and say the menu. First each chat sends its next message when it was
answered: messages a second, and the CPU of bots and core a turn. Then messages come at half that
rate, answered or not (open loop): how long until the reply leaves. The echo, which keeps neither
inbox nor log, does the same in turn. Bars: at most 3 times the echo's CPU, with everything kept; a
p99 of 100 ms at half the top rate. The rates that Telegram allows a bot are lifted for both.
"""

import argparse
import asyncio
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from api import db
from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.kit.language import Language
from api.kit.sealing import Keyring
from bench import _core, _outside, _stores
from tests.support import make

CHATS = (1, 50, 500)
TURNS = 1_000
MOST_OF_ECHO = 3.0
MOST_P99_MS = 100
TOKEN = "123456:" + "A" * 35
_FIRST = 7_000_000_000
_SECRET = secrets.token_urlsafe(24)
# As JSON, as a form, and as a form of parts.
_CHAT_ID = re.compile(
    rb'(?:"chat_id": ?"?|(?:^|&)chat_id=|name="chat_id"\r\n(?:[^\r]+\r\n)*\r\n)(\d+)'
)
_PATIENCE = 60.0
_BUSY = 503
_AGAIN_SECONDS = 0.1


def run(*options: str) -> bool:
    """Print a line for each store and number of chats; gives whether every bar was met."""
    asked = _stores.asked("chat", options, chats=CHATS, turns=TURNS)
    met = []
    with _stores.running(asked.store) as (folder, server):
        for store in asked.store:
            for line in _lines(store, folder / store, server, asked):
                print(json.dumps(line), flush=True)
                met.append(line["met"])
    return all(met)


def _lines(
    store: str, folder: Path, server: str, asked: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    folder.mkdir()
    home = _core.port()
    root = f"http://127.0.0.1:{home}"
    hub, memory, echo = (
        _stores.database(store, name, folder, server) for name in ("hub", "memory", "echo")
    )
    with _hub(hub, memory, folder, root, max(asked.chats)) as ours, _echo(echo, root) as theirs:
        for chats in asked.chats:
            turns = max(asked.turns, chats)
            mine, bare = (asyncio.run(_measured(one, home, chats, turns)) for one in (ours, theirs))
            ratio = round(mine.cpu_ms / bare.cpu_ms, 2)
            p50, p95, p99 = (round(mine.waits_ms[place], 1) for place in (49, 94, 98))
            yield {
                "figure": "chat",
                "store": store,
                "chats": chats,
                "turns": turns,
                "turns_per_s": round(mine.per_s, 1),
                "cpu_ms": round(mine.cpu_ms, 2),
                "cpu_ms_of": {name: round(ms, 2) for name, ms in mine.of.items()},
                "at_half_per_s": round(mine.per_s / 2, 1),
                "p50_ms": p50,
                "p95_ms": p95,
                "p99_ms": p99,
                "limit": "bare aiogram echo, one read, one write",
                "limit_per_s": round(bare.per_s, 1),
                "limit_cpu_ms": round(bare.cpu_ms, 2),
                "limit_p99_ms": round(bare.waits_ms[98], 1),
                "ratio_to_limit": ratio,
                "met": ratio <= MOST_OF_ECHO and p99 <= MOST_P99_MS,
            }


@dataclass(frozen=True, slots=True)
class _Bot:
    """Where updates are brought, and the processes that work on them."""

    address: str
    pids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Figures:
    per_s: float
    cpu_ms: float
    of: Mapping[str, float]
    waits_ms: Sequence[float]


@contextmanager
def _hub(hub: str, memory: str, folder: Path, root: str, chats: int) -> Iterator[_Bot]:
    with _core.core(hub, folder) as (address, key):
        db.use_keys(Keyring.load(folder / "keys"))
        _link(hub, chats)
        port = _core.port()
        environment = {
            **os.environ,
            "BOTS_DATABASE_URL": memory,
            "BOTS_KEYS": str(folder / "keys"),
            "BOTS_CORE_KEY": key,
            "BOTS_CORE_URL": address,
            "BOTS_PORT": str(port),
            "BOTS_MODE": "webhook",
            "BOTS_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BOTS_LOG_LEVEL": "ERROR",
            "CHANNELS_PEOPLE_TELEGRAM_TOKEN": TOKEN,
            "CHANNELS_PEOPLE_TELEGRAM_API_ROOT": root,
            "CHANNELS_PEOPLE_TELEGRAM_SECRET": _SECRET,
        }
        _core.done(["bots", "migrate"], environment)
        web = f"http://127.0.0.1:{port}"
        core = _core.listening(address)
        with _core.process(["bench._unpaced"], environment, web) as bots:
            yield _Bot(f"{web}/telegram/people", {"bots": bots, "core": core})


@contextmanager
def _echo(url: str, root: str) -> Iterator[_Bot]:
    port = _core.port()
    address = f"http://127.0.0.1:{port}"
    command = ["bench._echo", str(port), root, TOKEN, url]
    with _core.process(command, dict(os.environ), address) as pid:
        yield _Bot(f"{address}/telegram/people", {"echo": pid})


def _link(url: str, chats: int) -> None:
    now = datetime.now(UTC)
    store = db.open_store(url, size=2)
    with store.writing("bench") as session:
        make.rules(session)
        for number in range(chats):
            person = make.person(session, now=now)
            access.link(
                session,
                chat=ChatAddress("telegram", "people", str(_FIRST + number)),
                person_id=person.id,
                masked_name="م*** آ***",
                language=Language.FA,
                level=Level.CODE,
                now=now,
            )
    store.bind.engine.dispose()


async def _measured(bot: _Bot, home: int, chats: int, turns: int) -> _Figures:
    messenger = _Messenger()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Line(messenger), "127.0.0.1", home, backlog=1024)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        people = _People(bot.address, session, messenger)
        await people.in_turn(chats, chats)
        before = {name: _core.cpu_seconds(pid) for name, pid in bot.pids.items()}
        began = time.perf_counter()
        await people.in_turn(chats, turns)
        seconds = time.perf_counter() - began
        of = {
            name: (_core.cpu_seconds(pid) - before[name]) / turns * 1000
            for name, pid in bot.pids.items()
        }
        waits = await people.at_a_rate(chats, turns, turns / seconds / 2)
    server.close()
    messenger.hang_up()
    hundredths = quantiles((wait * 1000 for wait in waits), n=100)
    return _Figures(turns / seconds, sum(of.values()), of, hundredths)


_updates = count(1)


@dataclass
class _Messenger:
    """Whom it was told to say something, and who waits for that."""

    waiting: dict[int, "asyncio.Future[float]"] = field(default_factory=dict)
    lines: set[asyncio.Transport] = field(default_factory=set)

    def said(self, chat: int) -> None:
        waits = self.waiting.pop(chat, None)
        if waits is not None and not waits.done():
            waits.set_result(time.perf_counter())

    def hang_up(self) -> None:
        for line in self.lines:
            line.close()


class _Line(_outside.HttpLine):
    """One connection of a bot to its messenger."""

    def __init__(self, messenger: _Messenger) -> None:
        super().__init__()
        self._messenger = messenger

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._messenger.lines.add(self._line)

    def asked(self, head: bytes, body: bytes) -> None:
        method = head.partition(b" HTTP/")[0].rpartition(b"/")[2]
        found = _CHAT_ID.search(body)
        if method == b"sendMessage" and found:
            self._messenger.said(int(found[1]))
        self._line.write(_SAID if method == b"sendMessage" else _TRUE)


_SAID = _outside.answer(_outside.message("آماده").encode())
_TRUE = _outside.answer(b'{"ok":true,"result":true}')


@dataclass
class _People:
    """They write, and wait for the reply."""

    address: str
    session: aiohttp.ClientSession
    messenger: _Messenger

    async def in_turn(self, chats: int, turns: int) -> None:
        """Write so many messages, each chat its next one when it was answered."""
        left = iter(range(turns))

        async def one(chat: int) -> None:
            for _turn in left:
                await self._turn(chat)

        await asyncio.gather(*(one(chat) for chat in range(chats)))

    async def at_a_rate(self, chats: int, turns: int, per_s: float) -> list[float]:
        """Write at an even pace, answered or not; gives the seconds until each reply left."""
        free: asyncio.Queue[int] = asyncio.Queue()
        for chat in range(chats):
            free.put_nowait(chat)
        took: list[float] = []

        async def one(due: float, chat: int) -> None:
            took.append(await self._turn(chat) - due)
            free.put_nowait(chat)

        writing = []
        began = time.perf_counter()
        for number in range(turns):
            due = began + number / per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            # Nobody writes twice before the reply: the wait counts from when it was due.
            writing.append(asyncio.create_task(one(due, await free.get())))
        await asyncio.gather(*writing)
        return took

    async def _turn(self, chat: int) -> float:
        who = _FIRST + chat
        reply: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.messenger.waiting[who] = reply
        number = next(_updates)
        person = {"id": who, "first_name": "مینا"}
        update = {
            "update_id": number,
            "message": {
                "message_id": number,
                "date": int(time.time()),
                "chat": {**person, "type": "private"},
                "from": {**person, "is_bot": False, "language_code": "fa"},
                "text": "/start",
                "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
            },
        }
        headers = {"X-Telegram-Bot-Api-Secret-Token": _SECRET}
        while True:
            async with self.session.post(self.address, json=update, headers=headers) as answer:
                if answer.status != _BUSY:
                    answer.raise_for_status()
                    break
            # As messengers do: what was not taken is brought again.
            await asyncio.sleep(_AGAIN_SECONDS)
        return await asyncio.wait_for(reply, _PATIENCE)
