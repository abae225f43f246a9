"""Thousands of chats at once, brought to the door twice and out of order, while bots and core die.

Every line of a chat is a check code of its own, which nobody was given; the answer repeats it. So
an answer tells whose it is, and in the outside's log each must stand in its own chat, once.
"""

import asyncio
import json
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from operator import or_
from typing import Any

import aiohttp
from sqlalchemy import insert, text

from api import db
from api.kit.text import ascii_digits
from bots import log, replies, tables
from bots.doors import SECRET_HEADER
from bots.inbox import ADDRESS
from bots.saying import REPEATS
from tests.faults.reaper import Place, Reaper
from tests.faults.tally import Tally
from tests.faults.world import AUDIENCE, Opener, World
from tests.support.ports import free

STEPS = 5
DOUBLED, REORDERED = 0.05, 0.01
_AT_ONCE = 40
_FIRST_CHAT = 7_000_000_000
_CODE = re.compile(r"\d{4}-\d{4}")


@dataclass(frozen=True)
class Size:
    """How many chats, kills, and processes of the bots."""

    chats: int
    kills: int
    bots: int = 3


@dataclass
class Outcome:
    """What it came to; `crossed` are answers in the chat of somebody else."""

    tally: Tally
    crossed: int
    brought: int
    kills: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.brought} updates brought, {self.kills} kills: lost {self.tally.lost}"
            f"  twice {self.tally.twice}  crossed {self.crossed}  uncertain {self.tally.uncertain}"
            f"  in {self.seconds:.0f} s"
        )


def speak_freely() -> None:
    """Lift the messenger's limit of a bot from this process, called in it before its main."""
    replies.BOT_RATE = replies.BOT_BURST = 10_000.0


@dataclass
class Bringer:
    """A messenger that brings updates to any door that is open, each until one takes it.

    It works in a thread of its own. `brought` is when each line was first brought, `taken` counts
    what a door took.
    """

    doors: Sequence[str]
    headers: Mapping[str, str]
    brought: dict[str, float] = field(default_factory=dict)
    taken: int = 0

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._going: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._http = self._wait_for(self._open())

    def bring(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Bring some, each by itself; returns at once."""
        self._loop.call_soon_threadsafe(self._begin, updates)

    def end(self) -> None:
        """Wait until all are taken."""
        self._wait_for(self._end())

    def close(self) -> None:
        self._wait_for(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait_for(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(3600)

    async def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self.headers,
            timeout=aiohttp.ClientTimeout(total=5),
        )

    def _begin(self, updates: Sequence[Mapping[str, Any]]) -> None:
        for update in updates:
            self.brought.setdefault(update["message"]["text"], time.time())
            task = self._loop.create_task(self._bring(update))
            self._going.add(task)
            task.add_done_callback(self._going.discard)

    async def _bring(self, update: Mapping[str, Any]) -> None:
        for attempt in count(update["update_id"]):
            try:
                # Who waits for a place is not yet under way: only a call may take too long.
                async with (
                    self._places,
                    self._http.post(self._door(attempt), json=update) as answer,
                ):
                    if answer.ok:
                        self.taken += 1
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.1)

    def _door(self, attempt: int) -> str:
        return self.doors[attempt % len(self.doors)]

    async def _end(self) -> None:
        while self._going:
            await asyncio.wait(self._going)

    async def _close(self) -> None:
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)
        await self._http.close()


def run(
    open_world: Opener, dialect: str, messenger: str, size: Size, chance: random.Random
) -> Outcome:
    """Talk under fire: with every kill more is said."""
    begun = time.monotonic()
    world = open_world(dialect, talks=True, messenger=messenger, BOTS_MODE="webhook")
    _acquaint(world, size.chats)
    places = [*_places(world, size.bots), Place("web")]
    bringer = _bringer(world, places)
    said = [*updates(size.chats, chance)]
    reaper = Reaper(world, places, chance)
    try:

        def between(kills: int) -> None:
            first, last = (len(said) * n // size.kills for n in (kills - 1, kills))
            bringer.bring(said[first:last])

        reaper.reap(size.kills, between)
        _leases_end(world)
        world.start("web")
        world.ready("web")
        world.start("bots", changed=places[0].changed, first=places[0].first)
        bringer.doors = _doors(world, places[:1])
        bringer.end()
        _until_answered(world, size.chats * STEPS)
    finally:
        bringer.close()
    tally, crossed = _held(world, size.chats)
    return Outcome(tally, crossed, bringer.taken, len(reaper.ended), time.monotonic() - begun)


def measured(
    open_world: Opener, dialect: str, *, chats: int, per_second: float
) -> tuple[Outcome, Sequence[float]]:
    """Talk in peace, at a pace; gives how many seconds each answer took, in growing order, too."""
    begun = time.monotonic()
    world = open_world(dialect, talks=True, BOTS_MODE="webhook")
    _acquaint(world, chats)
    [place] = _places(world, 1)
    bringer = _bringer(world, [place])
    world.start("web")
    world.ready("web")
    bots = world.start("bots", changed=place.changed, first=place.first)
    world.until(lambda: 'bots.ready"' in bots.said(), "the bots are ready")
    try:
        first = time.monotonic()
        for number, update in enumerate(_in_order(chats)):
            time.sleep(max(0.0, first + number / per_second - time.monotonic()))
            bringer.bring([update])
        bringer.end()
        _until_answered(world, chats * STEPS)
    finally:
        bringer.close()
    tally, crossed = _held(world, chats)
    took = sorted(at - bringer.brought[code] for codes, _, at in _answers(world) for code in codes)
    outcome = Outcome(tally, crossed, bringer.taken, 0, time.monotonic() - begun)
    return outcome, took


def updates(chats: int, chance: random.Random) -> Iterator[Mapping[str, Any]]:
    """Give what everybody says: some of it twice, some before what stands before it."""
    every = list(_in_order(chats))
    for place in range(len(every) - chats):
        if chance.random() < REORDERED:
            # With the next line of the same chat.
            every[place], every[place + chats] = every[place + chats], every[place]
    for update in every:
        yield update
        if chance.random() < DOUBLED:
            yield update


def _in_order(chats: int) -> Iterator[Mapping[str, Any]]:
    numbers = count(1)
    for step in range(STEPS):
        for chat in range(chats):
            number = next(numbers)
            who = {"id": _FIRST_CHAT + chat, "first_name": "مینا"}
            yield {
                "update_id": number,
                "message": {
                    "message_id": number,
                    "date": int(time.time()),
                    "chat": {**who, "type": "private"},
                    "from": {**who, "is_bot": False, "language_code": "en"},
                    "text": _code(chat, step),
                },
            }


def _acquaint(world: World, chats: int) -> None:
    """Let every chat have chosen its language, which is asked of a new one first."""
    assert world.memory is not None
    names = [str(_FIRST_CHAT + chat) for chat in range(chats)]
    rows = [
        {
            "key": _key(world, name),
            "bot": world.bot,
            "address": db.keys().seal(name, context=ADDRESS),
            "state": json.dumps(log.new_chat(name, "en")),
            # Who has been silent for months is forgotten.
            "spoken_at": time.time(),
        }
        for name in names
    ]
    with world.memory.writing("arranged") as session:
        session.execute(insert(tables.chats), rows)


def _key(world: World, name: str) -> str:
    return db.keys().blind("chat", f"{world.bot}:{name}").hex()


def _code(chat: int, step: int) -> str:
    return f"{chat // 100:04d}-{chat % 100:02d}{step}7"


def _places(world: World, bots: int) -> list[Place]:
    """Give the bots, each with a door of its own."""
    first = f"{__name__}:{speak_freely.__name__}"
    ports = [world.env["BOTS_PORT"], *map(str, free(bots - 1))]
    return [Place("bots", {"BOTS_PORT": port}, first) for port in ports]


def _doors(world: World, places: Sequence[Place]) -> Sequence[str]:
    end = f"/{_secret(world)}" if world.messenger == "bale" else ""
    return [
        f"http://127.0.0.1:{place.changed['BOTS_PORT']}/{world.messenger}/{AUDIENCE}{end}"
        for place in places
        if place.room == "bots"
    ]


def _bringer(world: World, places: Sequence[Place]) -> Bringer:
    return Bringer(_doors(world, places), {SECRET_HEADER: _secret(world)})


def _secret(world: World) -> str:
    return world.env[f"CHANNELS_{AUDIENCE.upper()}_{world.messenger.upper()}_SECRET"]


def _answers(world: World) -> Iterator[tuple[Sequence[str], str, float]]:
    """Give the codes of each answer, the chat it was said in, and when.

    One answer has several where what was asked meanwhile follows a talk that waited for the core.
    """
    for line in world.lines():
        if line["call"] == "sendMessage" and line["accepted"]:
            codes = _CODE.findall(ascii_digits(line["text"]))
            if codes:
                yield codes, line["address"].rpartition(":")[2], line["time"]


def _held(world: World, chats: int) -> tuple[Tally, int]:
    """Hold what was answered against what was said; gives how many answers strayed, too."""
    said: dict[str, list[Sequence[str]]] = defaultdict(list)
    for codes, name, _ in _answers(world):
        said[name].append(codes)
    unsure = _uncertain(world)
    tally, crossed = Tally(), 0
    for chat in range(chats):
        name = str(_FIRST_CHAT + chat)
        own = [_code(chat, step) for step in range(STEPS)]
        answers = said.pop(name, [])
        times = Counter(code for codes in answers for code in codes)
        marked = unsure[_key(world, name)]
        lost = sum(code not in times for code in own)
        # An answer is there twice where any of its codes was said before it.
        before: Iterator[set[str]] = accumulate(map(set, answers), or_, initial=set())
        twice = sum(
            not known.isdisjoint(codes) for known, codes in zip(before, answers, strict=False)
        )
        crossed += sum(code not in own for code in times)
        tally += Tally(lost=lost, twice=max(0, twice - REPEATS * marked), uncertain=marked)
        if lost or twice > REPEATS * marked:
            tally.notes.append(f"{name}: {[times[code] for code in own]}, {marked} uncertain")
    return tally, crossed + sum(map(len, said.values()))


def _uncertain(world: World) -> Counter[str]:
    assert world.memory is not None
    with world.memory.reading() as session:
        rows = session.execute(
            text("SELECT chat, count(*) AS n FROM replies WHERE uncertain GROUP BY chat")
        ).all()
    return Counter({row.chat: row.n for row in rows})


def _leases_end(world: World) -> None:
    assert world.memory is not None
    with world.memory.writing("arranged") as session:
        session.execute(text("UPDATE chats SET lease_until = 0"))


def _until_answered(world: World, lines: int) -> None:
    assert world.memory is not None
    memory = world.memory

    def is_over() -> bool:
        time.sleep(0.3)
        with memory.reading() as session:
            came = session.scalar(text("SELECT count(*) FROM inbox")) or 0
            left = sum(
                session.scalar(text(f"SELECT count(*) FROM {table} WHERE done_at IS NULL")) or 0
                for table in ("inbox", "replies")
            )
            waiting = session.scalar(text("SELECT count(*) FROM chats WHERE wake_at IS NOT NULL"))
        return came >= lines and not left and not waiting

    world.until(is_over, "every line has its answer", seconds=3600)
