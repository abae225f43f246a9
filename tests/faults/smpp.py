"""Codes leave over a bind of ours, receipts and SMS of people come over it, and the notifier dies.

The centre is not written here; as a real one it brings again what nobody acknowledged. Its own list
of what it took is held against deliveries and attempts, and what a door like the bots' was brought
against what people wrote: each message under one id, however often that came.
"""

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from aiohttp import web
from sqlalchemy import select, text

from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Notice
from api.notices.rules import AttemptState, Status
from api.people.models import Person
from tests.faults import country
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import Opener, World
from tests.notifier.centres.by_smpp34 import Smpp34Centre
from tests.notifier.centres.centre import OK
from tests.notifier.centres.centre import Delivery as Brought

HOLDERS = [country.holder(number, email=False) for number in range(1, 9)]
WRITTEN = {
    "989998000001": ["1", "1 ", "2"],
    "989998000002": ["یک پیامک دراز که در دو پاره می‌رسد"],
}
"""What people write, by number; the long one comes in two parts, the second first."""

POINTS = (
    "channels.smpp.send",
    "notifier.inbound.claim",
    "notifier.inbound.done",
    "notifier.inbound.post",
    "notifier.incoming",
)
NTH: Mapping[str, int] = {"channels.smpp.send": 6, "notifier.incoming": 2}

T = TypeVar("T")


class Outside:
    """A centre and a door like the bots', in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.heard: list[dict[str, str]] = []
        self.door = 0
        self.run(self._open())

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def is_silent(self) -> bool:
        """Whether everything that was to be brought has been taken."""
        return not self.centre.waiting and all(task.done() for task in self._writing)

    async def _open(self) -> None:
        self.centre = Smpp34Centre()
        await self.centre.start()
        self.centre.brings_receipts()
        application = web.Application()
        application.router.add_post("/sms/inbound/s", self._hear)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.door = self._runner.addresses[0][1]
        self._writing = [asyncio.create_task(self._write(who)) for who in WRITTEN]

    async def _close(self) -> None:
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self._runner.cleanup()
        await self.centre.stop()

    async def _hear(self, request: web.Request) -> web.Response:
        self.heard.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response()

    async def _write(self, sender: str) -> None:
        """Bring what somebody wrote, each until it is taken."""
        for said in WRITTEN[sender]:
            octets = said.encode("utf-16-be")
            parts = [(0, octets)]
            if len(said) > 2:
                first, second = octets[:20], octets[20:]
                parts = [(0x40, b"\x05\x00\x03\x07\x02\x02" + second),
                         (0x40, b"\x05\x00\x03\x07\x02\x01" + first)]  # fmt: skip
            for esm_class, part in parts:
                brought = Brought(sender, "10001420", part, esm_class=esm_class, coding=8)
                while True:
                    if await self.centre.bring(brought) == OK:
                        break
                    await asyncio.sleep(0.05)


@contextmanager
def outside() -> Iterator[Outside]:
    """Open the outside of one fault."""
    opened = Outside()
    try:
        yield opened
    finally:
        opened.close()


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Send codes, let the notifier die at a point, start another, and compare."""
    with outside() as far:
        world = open_world(
            dialect,
            HOLDERS,
            NOTIFIER_KAVENEGAR_KEY="",
            NOTIFIER_SMPP_URL=f"smpp://bimeyar:secret@127.0.0.1:{far.centre.port}",
            NOTIFIER_INBOUND_URL=f"http://127.0.0.1:{far.door}/sms/inbound/s",
        )
        _post(world)
        notifier = world.start("notifier", death)
        world.until(lambda: notifier.poll() is not None, f"the notifier reaches {death.point}")
        assert notifier.code == -9, f"not killed but ended: {notifier.said()}"
        _leases_end(world)
        notifier = world.start("notifier")
        world.until(lambda: far.is_silent and _is_over(world), "everything has its end")
        notifier.stop()
        return _of_codes(world, far) + _of_people(far)


def _post(world: World) -> None:
    with world.store.writing("arranged") as session:
        for number, who in enumerate(HOLDERS, 1):
            contact = country.settle(session, number, who)
            notices.post(
                session,
                template="link_code",
                to=contact.person_id,
                about=f"claim:{number}",
                facts={"minutes": 3},
                secret={"code": f"{number:06d}"},
                key=f"code:{number}",
                now=country.now(),
            )


def _leases_end(world: World) -> None:
    """Let time pass for what a dead process held."""
    now: Any = country.now()
    if world.dialect == "sqlite":
        now = now.replace(tzinfo=None).isoformat(" ")
    with world.store.writing("arranged") as session:
        session.execute(
            text("UPDATE deliveries SET due_at = :now WHERE lease IS NOT NULL"), {"now": now}
        )
        session.execute(
            text("UPDATE inbound_sms SET due_at = :now WHERE due_at IS NOT NULL"), {"now": now}
        )


def _is_over(world: World) -> bool:
    """Whether every code has arrived, or nobody can know; and every message is with the bots."""
    with world.store.writing("arranged") as session:
        notices.match_late(session, now=country.now())
        statuses = set(session.scalars(select(Delivery.status)))
        said = session.scalar(text("SELECT count(*) FROM inbound_sms WHERE said IS NOT NULL"))
    return statuses <= {Status.DELIVERED, Status.UNCERTAIN} and not said


def _of_codes(world: World, far: Outside) -> Tally:
    taken = Counter(one.to for one in far.centre.taken)
    tally = Tally()
    with world.store.reading() as session:
        doubtful = set(
            session.scalars(
                select(Attempt.delivery_id).where(Attempt.state == AttemptState.UNKNOWN)
            )
        )
        rows = session.execute(
            select(Person.phone, Delivery)
            .select_from(Delivery)
            .join(Notice, Notice.id == Delivery.notice_id)
            .join(Person, Person.id == Notice.person_id)
        ).all()
    for phone, delivery in rows:
        times = taken.pop(str(phone).removeprefix("+"), 0)
        marked = delivery.id in doubtful
        tally += Tally(
            lost=int((not times and not marked) or (not times and delivery.status == "delivered")),
            twice=max(0, times - 1 - marked),
            uncertain=int(marked),
            notes=[] if times == 1 else [f"{delivery.status}, taken {times} times"],
        )
    return tally + Tally(twice=sum(taken.values()))


def _of_people(far: Outside) -> Tally:
    """Hold what the door was brought against what people wrote."""
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    order: dict[str, list[str]] = defaultdict(list)
    for form in far.heard:
        names[form["from"], form["message"]].add(form["messageid"])
        if form["message"] not in order[form["from"]]:
            order[form["from"]].append(form["message"])
    written = {(who, said) for who, all_of_it in WRITTEN.items() for said in all_of_it}
    assert {**order} == WRITTEN or written - set(names), f"out of order: {order}"
    return Tally(
        lost=len(written - set(names)) + len(set(names) - written),
        twice=sum(len(ids) - 1 for ids in names.values()),
    )
