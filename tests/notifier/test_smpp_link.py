"""A bound connection, and a centre that says what no centre should."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from notifier.channels.smpp import link, pdus
from notifier.channels.smpp.centres import Centre, centre_of
from notifier.channels.smpp.link import BindRefused, Gone, Link, NotReached
from notifier.channels.smpp.pdus import BadPdu, Command, Delivered, Pdu, Status
from tests.support import ports

DELIVER = b"\0\0\0989990000001\0\0\x0010001420\0\0\0\0\0\0\0\0\x08\0\x02\0\x31"


def pdu(command: int, status: int = 0, sequence: int = 1, body: bytes = b"") -> bytes:
    return struct.pack("!IIII", 16 + len(body), command, status, sequence) + body


BOUND = pdu(0x80000009, body=b"centre\0")


@dataclass
class Ear:
    brought: list[Delivered] = field(default_factory=list)
    fault: Exception | None = None

    async def take(self, brought: Delivered, bind: UUID) -> int:
        if self.fault is not None:
            raise self.fault
        self.brought.append(brought)
        return 0

    def ended(self, bind: UUID) -> None:
        """Nobody asks."""


@dataclass
class Far:
    """The other end, byte by byte."""

    centre: Centre
    said: asyncio.Queue[Pdu] = field(default_factory=asyncio.Queue)
    writer: asyncio.StreamWriter | None = None

    def say(self, octets: bytes) -> None:
        assert self.writer is not None
        self.writer.write(octets)

    async def heard(self) -> Pdu:
        return await asyncio.wait_for(self.said.get(), 30)


@asynccontextmanager
async def a_far_end(*first: bytes) -> AsyncIterator[Far]:
    """Listen, and say something to whoever binds."""
    far = Far(Centre("127.0.0.1", 0, False, "bimeyar", "secret"))

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far.writer = writer
        try:
            await pdus.read(reader)
            for one in first:
                writer.write(one)
            while True:
                said = await pdus.read(reader)
                if said.command == Command.UNBIND:
                    writer.write(pdus.answer(said))
                far.said.put_nowait(said)
        except (EOFError, OSError):
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    far.centre = Centre("127.0.0.1", port, False, "bimeyar", "secret")
    try:
        yield far
    finally:
        server.close()
        if far.writer is not None:
            far.writer.close()


@asynccontextmanager
async def a_link(far: Far, ear: Ear | None = None) -> AsyncIterator[Link]:
    made = await link.bound(far.centre, ear, seconds=30)
    running = asyncio.create_task(made.run(30))
    try:
        yield made
    finally:
        await made.leave()
        await running


async def test_what_a_centre_says_before_its_answer_to_the_bind_is_no_answer() -> None:
    async with a_far_end(pdu(Command.ENQUIRE_LINK, sequence=1), BOUND) as far, a_link(far):
        assert (await far.heard()).command == Command.ENQUIRE_LINK_RESP


async def test_a_message_right_behind_the_bind_is_heard() -> None:
    ear = Ear()
    said = BOUND + pdu(Command.DELIVER_SM, sequence=7, body=DELIVER)
    async with a_far_end(said) as far, a_link(far, ear):
        answer = await far.heard()
    assert (answer.command, answer.status, answer.sequence) == (0x80000005, 0, 7)
    assert ear.brought[0].octets == b"\0\x31"


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x400])
async def test_a_refused_bind_tells_its_status(status: int) -> None:
    async with a_far_end(pdu(0x80000009, status)) as far:
        with pytest.raises(BindRefused) as told:
            await link.bound(far.centre, None)
    assert told.value.status == status


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", pdu(1)[:10], b""])
async def test_who_speaks_another_language_is_no_centre(said: bytes) -> None:
    async with a_far_end(said) as far:
        with pytest.raises(NotReached):
            await link.bound(far.centre, None, seconds=0.2)


async def test_nobody_listens() -> None:
    nobody = Centre("127.0.0.1", ports.a_free_one(), False, "bimeyar", "secret")
    with pytest.raises(NotReached):
        await link.bound(nobody, None)


@pytest.mark.parametrize(
    "odd",
    [
        pdu(0x80000004, 0x499, sequence=99),
        pdu(0x8000FFFF, sequence=99),
        pdu(Command.GENERIC_NACK, 0x03, sequence=0),
    ],
)
async def test_answers_nobody_waits_for_are_passed_by(odd: bytes) -> None:
    async with a_far_end(BOUND) as far, a_link(far) as made:
        far.say(odd + pdu(Command.ENQUIRE_LINK, sequence=5))
        assert (await far.heard()).sequence == 5
        assert made.is_up


@pytest.mark.parametrize("body", [b"", DELIVER[:-1], DELIVER + b"\x04\x24\x00\x05no", b"\xff" * 40])
async def test_a_delivery_that_cannot_be_read_need_not_come_again(body: bytes) -> None:
    ear = Ear()
    async with a_far_end(BOUND) as far, a_link(far, ear) as made:
        far.say(pdu(Command.DELIVER_SM, sequence=7, body=body))
        assert (await far.heard()).status == Status.NEVER
        assert made.is_up
    assert ear.brought == []


async def test_an_ear_that_stumbles_hears_it_again() -> None:
    async with a_far_end(BOUND) as far, a_link(far, Ear(fault=ValueError("a fault"))):
        far.say(pdu(Command.DELIVER_SM, sequence=7, body=DELIVER))
        assert (await far.heard()).status == Status.NOT_NOW


async def test_where_the_next_pdu_begins_is_lost_the_line_is_left() -> None:
    async with a_far_end(BOUND) as far, a_link(far) as made:
        asking = asyncio.create_task(made.ask(pdus.enquire_link))
        await far.heard()
        far.say(b"\0\0\0\x01" * 4)
        with pytest.raises(Gone):
            await asking
        assert not made.is_up
        with pytest.raises(NotReached):
            await made.ask(pdus.enquire_link)


@pytest.mark.parametrize(
    "speak", [lambda far: far.writer.transport.abort(), lambda far: far.writer.close()]
)
async def test_every_request_on_its_way_hears_that_the_line_ended(
    speak: Callable[[Far], None],
) -> None:
    async with a_far_end(BOUND) as far, a_link(far) as made:
        asking = [asyncio.create_task(made.ask(pdus.enquire_link)) for _ in range(3)]
        for _ in asking:
            await far.heard()
        speak(far)
        assert [type(one) for one in await asyncio.gather(*asking, return_exceptions=True)] == [
            Gone
        ] * 3


async def test_a_pdu_of_no_size_is_none() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(struct.pack("!IIII", 15, 1, 0, 1))
    with pytest.raises(BadPdu):
        await pdus.read(reader)


@pytest.mark.parametrize(
    ("url", "centre"),
    [
        ("smpp://a:b@h", Centre("h", 2775, False, "a", "b")),
        ("smpps://a%40x:b%3A@h", Centre("h", 3550, True, "a@x", "b:")),
        ("smpp://a@h:1", Centre("h", 1, False, "a", "")),
    ],
)
def test_an_address_says_where_and_who(url: str, centre: Centre) -> None:
    assert centre_of(url) == centre
    assert "b:" not in repr(centre)
