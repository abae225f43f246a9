"""What a centre brings over our bind: receipts for the core's reports, and SMS of people.

Everything is answered after its commit and never before; many are committed together. While the
store is away the centre is told to bring it again later.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from api.db import Store
from api.inbound import service as inbound
from api.inbound.service import NewPart
from api.notices import service as notices
from api.notices.service import NewReport
from notifier import crossing, receipts
from notifier.channels.smpp import texts
from notifier.channels.smpp.pdus import Delivered, Status
from notifier.crossing import AWAY, Now, cross

log = structlog.get_logger("notifier.incoming")

_AT_ONCE = 200
_REMEMBERED_SECONDS = inbound.REMEMBERED.total_seconds()


@dataclass(slots=True)
class _Brought:
    """One thing, the bind it came over, and the answer its bringer waits for."""

    what: NewReport | NewPart = field(repr=False)
    bind: UUID
    answer: asyncio.Future[int]


class Incoming:
    """Keeps what is brought. Without `hands_on` SMS of people are refused for good: nobody reads them."""

    def __init__(self, store: Store, *, hands_on: bool, now: Now = crossing.now_of) -> None:
        self.news = asyncio.Event()
        """Set when an SMS was kept."""
        self._store = store
        self._hands_on = hands_on
        self._now = now
        self._brought: list[_Brought] = []
        self._keeping: asyncio.Task[None] | None = None
        self._broken: dict[UUID, float] = {}

    async def take(self, brought: Delivered, bind: UUID) -> int:
        """Keep one thing and give the status to answer with, once it is committed."""
        what: NewReport | NewPart
        if receipts.is_receipt(brought):
            what = receipts.read(brought)
        elif self._hands_on:
            what = _part(brought)
        else:
            log.warning("inbound.nobody")
            return Status.NEVER
        one = _Brought(what, bind, asyncio.get_running_loop().create_future())
        self._brought.append(one)
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_all())
        return await one.answer

    def ended(self, bind: UUID) -> None:
        """Remember a bind that has ended: what it brought last may be brought again."""
        now = time.monotonic()
        self._broken = {
            one: at for one, at in self._broken.items() if at > now - _REMEMBERED_SECONDS
        } | {bind: now}

    async def _keep_all(self) -> None:
        while self._brought:
            batch, self._brought = self._brought[:_AT_ONCE], self._brought[_AT_ONCE:]
            await self._keep(batch)

    async def _keep(self, batch: Sequence[_Brought]) -> None:
        """Commit a batch and answer it; what spoils it is found by taking each alone."""
        status: int = Status.OK
        try:
            await cross(self._write, batch)
        except AWAY as error:
            log.warning("store.away", reason=type(error).__name__)
            status = Status.NOT_NOW
        except Exception:
            log.exception("incoming.fault", count=len(batch))
            if len(batch) > 1:
                for one in batch:
                    await self._keep([one])
                return
            status = Status.NEVER
        for one in batch:
            if not one.answer.done():
                one.answer.set_result(status)
        if any(isinstance(one.what, NewPart) for one in batch):
            self.news.set()

    def _write(self, batch: Sequence[_Brought]) -> None:
        with self._store.writing("notifier.incoming") as session:
            now = self._now(session)
            reports = [one.what for one in batch if isinstance(one.what, NewReport)]
            if reports:
                notices.take_reports(session, reports, now=now)
            passed = time.monotonic()
            broken = {
                bind: now - timedelta(seconds=passed - at) for bind, at in self._broken.items()
            }
            for one in batch:
                if isinstance(one.what, NewPart):
                    inbound.keep(session, one.what, bind=one.bind, broken=broken, now=now)


def _part(brought: Delivered) -> NewPart:
    piece = texts.piece(brought)
    return NewPart(
        sender=brought.sender,
        line=brought.line,
        coding=brought.coding,
        octets=piece.octets,
        reference=piece.reference,
        number=piece.number,
        total=piece.total,
    )
