"""A payment gateway that hangs, and a chat that does not notice.

What is measured: a real core on each store, whose gateway takes every question and answers none.
Chats ask for their bill at a steady rate, first while nobody pays, then while a thousand payers wait
for the gateway, and so on in turns; their p99 may be at most a fifth longer. Told beside it: the p99
while the thousand press Pay, within five seconds, and while they are told that the bank does not
answer. There the core works, and does not wait.
"""

import asyncio
import gc
import json
import re
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import db
from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.bills import queries as bill_queries
from api.bills import service as bills
from api.bills.rules import NewBill, Purpose
from api.db import Store
from api.kit import calendar
from api.kit.calendar import Month
from api.kit.language import Language
from api.kit.sealing import Keyring
from api.payments import service as payments
from api.payments.models import PaymentAttempt
from bench import _patient
from bench._core import core
from tests.support import make, postgres

PAYERS = 1000
CHATS = 50
A_SECOND = 40
SECONDS = 12.0
TURNS = 3
PRESSING_SECONDS = 5.0
_AWAY = 503
_FORM = re.compile(r'name="form" value="([^"]+)"')


def run() -> bool:
    """Print a line for each store; gives whether the bar was met on both."""
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        stores = {"sqlite": f"sqlite:///{folder}/core.db", "postgresql": server}
        met = [_measure(name, url, Path(folder) / name) for name, url in stores.items()]
        return all(met)


def _measure(name: str, url: str, folder: Path) -> bool:
    folder.mkdir()
    gateway = _SilentGateway()
    settings = {
        "API_ZARINPAL_ROOT": gateway.address,
        "API_ZARINPAL_MERCHANT": "b" * 36,
        # Whoever presses gets a turn, however long the line is: nobody is sent away here.
        "API_WAITING_REQUESTS": str(PAYERS),
        "API_WAITING_SECONDS": str(_patient.SECONDS),
    }
    with core(url, folder, ("bench._patient",), **settings) as (address, key):
        db.use_keys(Keyring.load(folder / "keys"))
        store = db.open_store(url, size=2)
        line = asyncio.run(_run(store, gateway, address, key))
        store.bind.engine.dispose()
    met = line["p99_ms_waiting"] <= 1.2 * line["p99_ms_quiet"]
    met = met and line["waiting_to_the_end"] == PAYERS
    print(json.dumps({"figure": "gateway", "store": name, **line, "met": met}), flush=True)
    return met


async def _run(store: Store, gateway: "_SilentGateway", address: str, key: str) -> dict[str, float]:
    chats, tokens = _people(store)
    quiet: list[float] = []
    pressing: list[float] = []
    waiting: list[float] = []
    leaving: list[float] = []
    fewest = PAYERS
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=3 * _patient.SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        ask = partial(_ask, session, address, key, chats)
        # A pause of whoever asks would be taken for one of the core.
        gc.freeze()
        await ask()
        for turn in range(TURNS):
            quiet += await ask()
            pages = tokens[turn * PAYERS : (turn + 1) * PAYERS]
            with gateway.hanging():
                paying = [
                    asyncio.create_task(
                        _pay(session, address, one, PRESSING_SECONDS * place / PAYERS)
                    )
                    for place, one in enumerate(pages)
                ]
                begun = (turn + 1) * PAYERS
                while await asyncio.to_thread(_attempts, store) < begun:
                    _still(paying)
                    pressing += await ask(seconds=0.25)
                waiting += await ask()
                fewest = min(fewest, _still(paying))
            while _still(paying):
                leaving += await ask(seconds=0.25)
    return {
        "payers": PAYERS,
        "waiting_to_the_end": fewest,
        "asked_a_second": A_SECOND,
        "p50_ms_quiet": _ms(quiet, 50),
        "p99_ms_quiet": _ms(quiet, 99),
        "p50_ms_waiting": _ms(waiting, 50),
        "p99_ms_waiting": _ms(waiting, 99),
        "p99_ms_while_they_press": _ms(pressing, 99),
        "p99_ms_while_they_leave": _ms(leaving, 99),
    }


def _still(paying: Sequence[asyncio.Task[None]]) -> int:
    """How many wait still; what went wrong with one of the others is raised."""
    for one in paying:
        if one.done():
            one.result()
    return sum(not one.done() for one in paying)


def _ms(seconds: Sequence[float], part: int) -> float:
    return round(statistics.quantiles(seconds, n=100)[part - 1] * 1000, 1)


async def _ask(
    session: aiohttp.ClientSession,
    address: str,
    key: str,
    chats: Sequence[str],
    seconds: float = SECONDS,
) -> list[float]:
    """Ask for bills at a steady rate, answered or not, and give how long each answer took."""
    asked = []
    began = time.perf_counter()
    for number in range(int(A_SECOND * seconds)):
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
        chat = chats[number % len(chats)]
        asked.append(asyncio.create_task(_once(session, address, key, chat)))
    return await asyncio.gather(*asked)


async def _once(session: aiohttp.ClientSession, address: str, key: str, chat: str) -> float:
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {key}", "X-Chat": chat}
    async with session.get(f"{address}/v1/bills", headers=headers) as answer:
        answer.raise_for_status()
        await answer.read()
    return time.perf_counter() - began


async def _pay(session: aiohttp.ClientSession, address: str, token: str, after: float) -> None:
    await asyncio.sleep(after)
    async with session.get(f"{address}/pay/{token}") as page:
        found = _FORM.search(await page.text())
    if found is None:
        raise RuntimeError(f"the pay page has no form (status {page.status})")
    async with session.post(f"{address}/pay/{token}", data={"form": found[1]}) as answer:
        await answer.read()
    if answer.status != _AWAY:
        raise RuntimeError(f"the bank answered nobody, and this page says {answer.status}")


def _attempts(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(PaymentAttempt)) or 0


class _SilentGateway:
    """Takes whatever is said and answers nothing: nobody ever accepts what knocks."""

    def __init__(self) -> None:
        self._where = ("127.0.0.1", 0)
        with self.hanging():
            pass
        self.address = f"http://127.0.0.1:{self._where[1]}"

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Hang until the end of the block, and then be away: who waits is told at once."""
        with socket.create_server(self._where, backlog=100) as listening:
            self._where = listening.getsockname()
            yield


def _people(store: Store) -> tuple[list[str], list[str]]:
    """Give the chats of some payers, and a pay link's token for each payer and turn."""
    now = datetime.now(UTC)
    with store.writing("bench") as session:
        make.rules(session)
        chats = [_payer(session, number, now)[0] for number in range(CHATS)]
        tokens = [_payer(session, CHATS + one, now)[1] for one in range(TURNS * PAYERS)]
    return chats, tokens


def _payer(session: Session, number: int, now: datetime) -> tuple[str, str]:
    person = make.person(session, now=now)
    chat = ChatAddress("telegram", "people", str(7_000_000_000 + number))
    link = access.link(
        session,
        chat=chat,
        person_id=person.id,
        masked_name="م*** آ***",
        language=Language.FA,
        level=Level.CODE,
        now=now,
    )
    today = calendar.today(now)
    about = f"contract:{person.id}"
    bills.issue(
        session,
        [
            NewBill(
                person_id=person.id,
                payer_of=person.id,
                about=about,
                purpose=Purpose.CONTRIBUTION,
                period=str(Month.of(today)),
                file_code=f"{10_000_000 + number}",
                assessed=4_250_000,
                amount=4_250_000,
                carried=0,
                lines=[{"code": "contribution", "amount": 4_250_000, "facts": {}}],
                issued_on=today,
                due_on=today + timedelta(days=30),
            )
        ],
        now,
    )
    [bill] = bill_queries.of_about(session, [about])
    _, token, _ = payments.make_link(
        session,
        bill_ids=[bill.id],
        person_id=person.id,
        made_by=person.id,
        link_id=link.id,
        language=Language.FA,
        lasts=timedelta(minutes=20),
        now=now,
    )
    return str(chat), token
