"""One connection to a centre, from its bind to its end.

Many requests are on their way at once, told apart by their sequence numbers. What a centre brings
is answered when whoever takes it says so, in whatever order that comes.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from notifier.channels.smpp import pdus
from notifier.channels.smpp.centres import Centre
from notifier.channels.smpp.pdus import BadPdu, Command, Delivered, Pdu, Status

log = structlog.get_logger("notifier.smpp")


class Ear(Protocol):
    """Whoever listens to what a centre brings; each bind has an id of its own."""

    async def take(self, brought: Delivered, bind: UUID) -> int:
        """Take one thing; gives the status to answer with."""
        ...

    def ended(self, bind: UUID) -> None:
        """Hear that a bind has ended."""
        ...


_ANSWER_SECONDS = 10.0
_LEAVE_SECONDS = 1.0
_BIND, _LAST_SEQUENCE = 1, 0x7FFFFFFF


class NotReached(Exception):
    """Nobody listens, or whoever does is silent: nothing was said."""


class BindRefused(Exception):
    """The centre does not let us in."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status:#x}")
        self.status = status


class Gone(Exception):
    """The line ended before the answer: nobody can say whether the request was heard."""


class Link:
    """A bound connection; `run` keeps it until it ends. `id` names this bind and no other."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ear: Ear | None
    ) -> None:
        self.id = uuid4()
        self.is_up = True
        self.answers = 0
        """How often the centre has answered since the bind."""
        self._reader = reader
        self._writer = writer
        self._ear = ear
        self._is_over = False
        self._sequence = _BIND
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._heard_at = 0.0
        self._errands: set[asyncio.Task[None]] = set()

    async def ask(self, build: Callable[[int], bytes], seconds: float = _ANSWER_SECONDS) -> Pdu:
        """Send a request and give its answer. Raises NotReached where it was not sent, Gone, TimeoutError."""
        if not self.is_up or self._writer.is_closing():
            raise NotReached
        self._sequence = sequence = self._sequence % _LAST_SEQUENCE + 1
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            self._writer.write(build(sequence))
            async with asyncio.timeout(seconds):
                return await answer
        finally:
            del self._waiting[sequence]

    async def run(self, enquire_seconds: float, answer_seconds: float = _ANSWER_SECONDS) -> None:
        """Read until the line ends, and ask after a silence of so many seconds whether it has."""
        keeper = asyncio.create_task(self._keep_alive(enquire_seconds, answer_seconds))
        try:
            while self.is_up:
                pdu = await pdus.read(self._reader)
                self._heard_at = asyncio.get_running_loop().time()
                self._meet(pdu)
        except BadPdu as error:
            log.warning("smpp.bad_pdu", reason=str(error))
        except (OSError, EOFError):
            pass
        finally:
            keeper.cancel()
            self._end()

    async def leave(self) -> None:
        """Say farewell, when what was brought is answered, and close."""
        if self._errands:
            await asyncio.wait(self._errands, timeout=_LEAVE_SECONDS)
        with suppress(NotReached, Gone, TimeoutError):
            await self.ask(pdus.unbind, _LEAVE_SECONDS)
        self._end()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._writer.wait_closed()

    def _meet(self, pdu: Pdu) -> None:
        waiting = self._waiting.get(pdu.sequence) if pdu.command & Command.GENERIC_NACK else None
        if waiting is not None and not waiting.done():
            self.answers += 1
            waiting.set_result(pdu)
        elif pdu.command & Command.GENERIC_NACK:
            # An answer that came too late: whoever asked has been told that nobody knows.
            log.info("smpp.late_answer", status=pdu.status)
        elif pdu.command == Command.DELIVER_SM:
            errand = asyncio.create_task(self._take_in(pdu))
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)
        else:
            self._say(pdus.answer(pdu))
            if pdu.command == Command.UNBIND:
                self.is_up = False

    async def _take_in(self, pdu: Pdu) -> None:
        """Answer a delivery as whoever takes it says; what cannot be read need not come again."""
        status: int = Status.NEVER
        try:
            brought = pdus.delivered(pdu.body)
            if self._ear is not None:
                status = await self._ear.take(brought, self.id)
        except BadPdu as error:
            log.warning("smpp.bad_pdu", reason=str(error))
        except Exception:
            log.exception("smpp.fault")
            status = Status.NOT_NOW
        self._say(pdus.answer(pdu, status))

    async def _keep_alive(self, seconds: float, answer_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        while True:
            await asyncio.sleep(max(0.0, self._heard_at + seconds - loop.time()))
            if loop.time() < self._heard_at + seconds:
                continue
            try:
                await self.ask(pdus.enquire_link, answer_seconds)
            except TimeoutError:
                log.warning("smpp.silent")
                self._writer.transport.abort()
                return
            except (Gone, NotReached):
                return

    def _say(self, pdu: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(pdu)

    def _end(self) -> None:
        self.is_up = False
        if self._is_over:
            return
        self._is_over = True
        self._writer.close()
        if self._ear is not None:
            self._ear.ended(self.id)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Gone())


async def bound(centre: Centre, ear: Ear | None, *, seconds: float = _ANSWER_SECONDS) -> Link:
    """Connect and bind; without an ear, for sending alone. Raises NotReached or BindRefused."""
    context = ssl.create_default_context() if centre.is_tls else None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(centre.host, centre.port, ssl=context)
    except (OSError, TimeoutError):
        raise NotReached from None
    try:
        async with asyncio.timeout(seconds):
            await _bind(centre, reader, writer, receives=ear is not None)
    except (OSError, EOFError, TimeoutError, BadPdu):
        writer.close()
        raise NotReached from None
    except BaseException:
        writer.close()
        raise
    return Link(reader, writer, ear)


async def _bind(
    centre: Centre,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    receives: bool,
) -> None:
    asked = pdus.bind(
        _BIND, centre.system_id, centre.password, centre.system_type, receives=receives
    )
    writer.write(asked)
    while True:
        pdu = await pdus.read(reader)
        if pdu.command & Command.GENERIC_NACK and pdu.sequence == _BIND:
            break
        writer.write(pdus.answer(pdu, Status.WRONG_BIND_STATE))
    if pdu.status != Status.OK:
        raise BindRefused(pdu.status)
