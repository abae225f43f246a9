"""The disk is full for a while: whoever knocks meanwhile is refused clearly, and nothing is forgotten.

The kernel refuses a process to let its files grow (RLIMIT_FSIZE), which needs no disk of its own and
is lifted again from outside, while the process runs.
"""

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url

from api.db import Store
from bots.doors import SECRET_HEADER
from tests.faults import country, doors
from tests.faults.doors import Hand
from tests.faults.world import AUDIENCE, PATIENCE, REPORT_SECRET, Opener, World

MARGIN = 200_000
"""How many bytes a file of the store may still grow."""
IN_TIME = 30.0
"""Within so many seconds of there being room again a process must take what is brought."""
_ENOUGH = 4000


Knock = Callable[[int], httpx.Response]


@dataclass(frozen=True)
class Door:
    """A room, a hand that knocks at it for the nth time, and where what was taken then stands."""

    room: str
    hand: Callable[[World], Knock]
    stored: str


@dataclass
class Outcome:
    """`taken` and `present` are the numbers acknowledged and found, `refused` counts the 503s."""

    taken: set[int]
    present: set[int]
    refused: int
    recovered_after: float

    def __str__(self) -> str:
        return (
            f"{len(self.taken)} acknowledged, {len(self.present)} present, {self.refused} refused,"
            f" well again after {self.recovered_after:.1f} s"
        )


def run(open_world: Opener, door: Door) -> Outcome:
    """Knock until the disk is full and for a while longer, make room, and knock until one is taken.

    AssertionError where an answer is neither a taking nor a clear refusal.
    """
    world = open_world("sqlite", talks=True, BOTS_MODE="webhook")
    hand = door.hand(world)
    process = world.start(door.room)
    world.ready(door.room)
    taken: set[int] = set()
    refused = 0

    def knock(number: int) -> bool:
        nonlocal refused
        answer = hand(number)
        if answer.is_success:
            taken.add(number)
            return True
        assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
        assert int(answer.headers["Retry-After"]) > 0
        refused += 1
        return False

    assert knock(1)
    _let_grow(process.pid, _largest(_store(world, door)) + MARGIN)
    number = 2
    while knock(number):
        number += 1
        assert number < _ENOUGH, "the disk is never full"
    for later in range(number + 1, number + 20):
        knock(later)
    _let_grow(process.pid, resource.RLIM_INFINITY)
    begun = time.monotonic()
    world.until(lambda: knock(number), "what is brought is taken again", seconds=IN_TIME)
    recovered_after = time.monotonic() - begun
    process.stop()
    with _store(world, door).reading() as session:
        present = {int(one) for one in session.scalars(text(door.stored))}
    return Outcome(taken, present, refused, recovered_after)


def _let_grow(pid: int, size: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _store(world: World, door: Door) -> Store:
    if door.room != "bots":
        return world.store
    assert world.memory is not None
    return world.memory


def _largest(store: Store) -> int:
    """The bytes of the largest file of a store."""
    file = Path(make_url(str(store.bind.engine.url)).database or "")
    return max(one.stat().st_size for one in file.parent.glob(f"{file.name}*"))


def _reporting(world: World) -> Knock:
    port = world.env["NOTIFIER_PORT"]
    url = f"http://127.0.0.1:{port}/reports/kavenegar/{REPORT_SECRET}"

    def report(number: int) -> httpx.Response:
        told = {"messageid": str(number), "status": "10"}
        return httpx.get(url, params=told, timeout=PATIENCE)

    return report


def _writing(world: World) -> Knock:
    headers = {SECRET_HEADER: world.env[f"CHANNELS_{AUDIENCE.upper()}_TELEGRAM_SECRET"]}
    url = f"http://127.0.0.1:{world.env['BOTS_PORT']}/telegram/{AUDIENCE}"

    def write(number: int) -> httpx.Response:
        who = {"id": 5_000_000_000 + number, "first_name": "مینا"}
        message = {
            "message_id": number,
            "date": 1_790_000_000,
            "chat": {**who, "type": "private"},
            "from": {**who, "is_bot": False},
            "text": "a line",
        }
        update = {"update_id": number, "message": message}
        return httpx.post(url, json=update, headers=headers, timeout=PATIENCE)

    return write


def _registering(world: World) -> Knock:
    with world.store.writing("arranged") as session:
        contact = country.settle(session, 1, country.holder(1))
    hand = Hand(world, contact)
    asked = doors.DOORS["debts.register"](hand)
    assert isinstance(asked.said, Mapping)
    [row] = asked.said["rows"]
    url = f"http://127.0.0.1:{world.env['API_PORT']}{asked.path}"

    def register(number: int) -> httpx.Response:
        rows = [{**row, "number": f"{number:013d}"}]
        headers = {**asked.headers, "Idempotency-Key": f"full:{number}"}
        return httpx.put(url, json={"rows": rows}, headers=headers, timeout=PATIENCE)

    return register


DOORS = (
    Door("notifier", _reporting, "SELECT provider_id FROM reports"),
    Door("bots", _writing, "SELECT update_id FROM inbox"),
    Door("web", _registering, "SELECT number FROM debts WHERE number < '7'"),
)
