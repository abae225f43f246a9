"""Replies of python-telegram-bot's Bot: by our way to the wire beside the library's own, in one run.

What is measured, at 50 and at 500 chats that are answered at once, each with one message after the
other: messages a second, the slowest hundredth of the calls, and CPU a message. The messenger is a
bare loop of bytes in a process of its own. Bars: 2 times the library's own way (httpx) at 50 chats,
3 times at 500. The library's way gets a pool of as many connections as there are chats and no limit
of time: with its own settings it loses calls at 500. `mouth` is what a reply takes in all, by
`notifier/channels/bale.py`.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from statistics import median, quantiles
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.request import HTTPXRequest

from api.kit.message import Button, Message
from api.kit.outcome import Accepted
from bench import _outside
from notifier.channels.bale import BaleChannel
from notifier.channels.mouths import Address

LEAST = {50: 2.0, 500: 3.0}
MESSAGES = 2_000
TURNS = 3
TOKEN = "123456:" + "A" * 35
TEXT = "درخواست شما ثبت شد و تا یازدهم آذر به دست شما می‌رسد.\n" * 3
SECONDS = 60.0
ANSWER = _outside.message(TEXT)

Send = Callable[[int], Awaitable[Any]]


def run(*options: str) -> bool:
    """Print a line for each number of chats; gives whether every bar was met."""
    given = argparse.ArgumentParser(prog="python -m bench send")
    given.add_argument("--messages", type=int, default=MESSAGES)
    given.add_argument("--turns", type=int, default=TURNS)
    asked = given.parse_args(options)
    met = []
    with _outside.http(ANSWER) as root:
        for chats, least in LEAST.items():
            line = asyncio.run(_measure(root, chats, asked.messages, asked.turns))
            line["met"] = line["ratio"] >= least
            print(json.dumps(line), flush=True)
            met.append(line["met"])
    return all(met)


async def _measure(root: str, chats: int, messages: int, turns: int) -> dict[str, Any]:
    """Take turns, so that a busy moment of the machine falls on all three ways."""
    plain_wire = HTTPXRequest(
        connection_pool_size=chats,
        pool_timeout=SECONDS,
        connect_timeout=SECONDS,
        read_timeout=SECONDS,
        write_timeout=SECONDS,
    )
    plain = Bot(TOKEN, base_url=f"{root}/bot", request=plain_wire)
    channel = BaleChannel(TOKEN, root, timeout_seconds=SECONDS)
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("منو", callback_data="0.menu|~p0")]])
    message = Message(TEXT, buttons=((Button("منو", "0.menu|~p0"),),))

    def by(bot: Bot) -> Send:
        return lambda chat: bot.send_message(chat_id=chat, text=TEXT, reply_markup=markup)

    async def mouth(chat: int) -> None:
        said = await channel.send(Address(chat_id=str(chat)), message, "")
        if not isinstance(said, Accepted):
            raise TypeError(said)

    ways: dict[str, Send] = {"plain": by(plain), "ours": by(channel.bot), "mouth": mouth}
    figures: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
    for send in ways.values():
        await _sent(send, chats, chats)
    for _turn in range(turns):
        for way, send in ways.items():
            figures[way].append(await _sent(send, chats, messages))
    await plain_wire.shutdown()
    await channel.close()
    ratios = [
        ours[0] / theirs[0] for ours, theirs in zip(figures["ours"], figures["plain"], strict=True)
    ]
    line: dict[str, Any] = {"figure": "send", "chats": chats, "messages": messages}
    for way, measured in figures.items():
        rate, p99, cpu = (median(values) for values in zip(*measured, strict=True))
        line |= {
            f"{way}_per_s": round(rate),
            f"{way}_p99_ms": round(p99 * 1000, 1),
            f"{way}_cpu_ms": round(cpu * 1000, 2),
        }
    return line | {"limit": "the library's own way", "ratio": round(median(ratios), 2)}


async def _sent(send: Send, chats: int, messages: int) -> tuple[float, float, float]:
    """Send so many messages from so many chats; gives rate, slowest hundredth, CPU a message."""
    took: list[float] = []

    async def one(chat: int) -> None:
        for _message in range(max(1, messages // chats)):
            begun = time.perf_counter()
            await send(chat)
            took.append(time.perf_counter() - begun)

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(chat) for chat in range(1, chats + 1)))
    seconds = time.perf_counter() - begun
    return (
        len(took) / seconds,
        quantiles(took, n=100)[98],
        (time.process_time() - cpu) / len(took),
    )
