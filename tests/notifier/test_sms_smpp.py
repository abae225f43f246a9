"""The mouth of a line at a centre, tried on two centres that were not written here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from api.kit import sms
from api.kit.message import Message
from api.kit.outcome import Accepted, Rejected, Unknown
from notifier.channels.mouths import Address
from notifier.channels.smpp.centres import Centre as Where
from notifier.channels.smpp.centres import Source
from notifier.channels.smpp.pdus import Delivered, Status
from notifier.channels.sms_smpp import SmppChannel
from tests.notifier import servers
from tests.notifier.centres.by_node import NodeCentre
from tests.notifier.centres.by_smpp34 import Smpp34Centre
from tests.notifier.centres.centre import NEVER_ANSWERED, Centre, Delivery
from tests.support import cutting, ports

TO = Address(phone="+989990000001")
PERSIAN = "بدهی کارگاه *۴۵۲۱ ثبت شد."
LONG = {"ucs2": PERSIAN * 8, "gsm7": "The debt [of] workplace {4521} was registered. €" * 8}
BOTH = [
    pytest.param(Smpp34Centre, id="smpp34"),
    pytest.param(NodeCentre, id="node", marks=pytest.mark.node),
]


@dataclass
class Ear:
    """Keeps what is brought, and answers with a status."""

    status: int = 0
    brought: list[Delivered] = field(default_factory=list)
    ends: list[UUID] = field(default_factory=list)

    async def take(self, brought: Delivered, bind: UUID) -> int:
        self.brought.append(brought)
        return self.status

    def ended(self, bind: UUID) -> None:
        self.ends.append(bind)


@pytest.fixture(params=BOTH)
async def centre(request: pytest.FixtureRequest) -> AsyncIterator[Centre]:
    made: Centre = request.param()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
async def of_node() -> AsyncIterator[NodeCentre]:
    made = NodeCentre()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def speaking_to(
    port: int,
    *,
    ear: Ear | None = None,
    answer_seconds: float = 30.0,
    enquire_seconds: float = 30.0,
) -> AsyncIterator[SmppChannel]:
    where = Where("127.0.0.1", port, False, "bimeyar", "secret", "notices")
    channel = SmppChannel(
        where,
        Source("10001420"),
        ear=ear,
        answer_seconds=answer_seconds,
        enquire_seconds=enquire_seconds,
    )
    channel.begin()
    try:
        yield channel
    finally:
        await channel.close()


async def until(condition: Callable[[], object]) -> None:
    for _ in range(6_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("still not")


async def bound(channel: SmppChannel) -> None:
    await asyncio.wait_for(channel._up.wait(), 30)


async def test_a_message_leaves_whole_and_asks_for_a_receipt(centre: Centre) -> None:
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        outcome = await channel.send(TO, Message(PERSIAN), "42")
    (taken,) = centre.taken
    assert outcome == Accepted(taken.name)
    assert (taken.to, taken.line, taken.coding) == ("989990000001", "10001420", 8)
    assert (taken.header, taken.text, taken.wants_receipt) == ("", PERSIAN, True)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
async def test_a_long_text_leaves_in_parts_that_are_counted_as_before(
    centre: Centre, text: str
) -> None:
    if isinstance(centre, Smpp34Centre) and sms.coding(text) is sms.Coding.GSM7:
        # It gives the octets as they came, and those of an extension are no ASCII.
        text = text.translate(dict.fromkeys(map(ord, "[]{}€")))
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        outcome = await channel.send(TO, Message(text), "42")
    names = tuple(taken.name for taken in centre.taken)
    assert outcome == Accepted(names[0], parts=names)
    assert len(names) == sms.parts(text) > 1
    assert "".join(taken.text for taken in centre.taken) == text
    header = centre.taken[0].header[-10:-4]
    for number, taken in enumerate(centre.taken, 1):
        assert taken.header.endswith(f"{header}{len(names):02x}{number:02x}")


async def test_a_part_that_leaves_again_is_known_for_the_one_it_was(centre: Centre) -> None:
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        for reference in ("42", "42", "43"):
            await channel.send(TO, Message(LONG["ucs2"]), reference)
    headers = [taken.header for taken in centre.taken]
    size = len(headers) // 3
    assert headers[:size] == headers[size : 2 * size] != headers[2 * size :]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.INVALID_DESTINATION, Rejected("no_such_number", address_dead=True)),
        (Status.INVALID_SOURCE, Rejected("smpp_00a", account=True)),
        (Status.SYSTEM_ERROR, Rejected("smpp_008", again=True)),
        (Status.UNKNOWN_ERROR, Rejected("smpp_0ff", again=True)),
        (0x01, Rejected("smpp_001")),
    ],
)
async def test_every_status_is_one_of_three_outcomes(centre: Centre, status, outcome) -> None:
    centre.statuses.append(status)
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        assert await channel.send(TO, Message(PERSIAN), "42") == outcome
        assert centre.taken == []
        assert isinstance(await channel.send(TO, Message(PERSIAN), "43"), Accepted)


@pytest.mark.node
async def test_a_status_of_the_vendors_own_may_pass(of_node: NodeCentre) -> None:
    of_node.statuses.append(0x40B)
    async with speaking_to(of_node.port) as channel:
        await bound(channel)
        outcome = await channel.send(TO, Message(PERSIAN), "42")
    assert outcome == Rejected("smpp_40b", again=True)


@pytest.mark.parametrize("status", [Status.THROTTLED, Status.QUEUE_FULL])
async def test_all_wait_once_a_throttle_is_told_and_nobody_asks_again_meanwhile(
    centre: Centre, status
) -> None:
    centre.statuses.extend([status] * 3)
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        sends = [channel.send(TO, Message(PERSIAN), str(one)) for one in range(3)]
        outcomes = await asyncio.gather(*sends)
        outcomes += [await channel.send(TO, Message(PERSIAN), "3")]
    assert len(centre.refused) == 3
    assert centre.taken == []
    for outcome in outcomes:
        assert isinstance(outcome, Rejected)
        assert (outcome.reason, outcome.again) == ("too_many", True)
        assert 0 < outcome.wait_seconds <= 1


async def test_a_throttle_waits_longer_each_time_until_something_is_taken(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.channels.sms_smpp._THROTTLED_SECONDS", 0.02)
    centre.statuses.extend([Status.THROTTLED] * 3 + [0, Status.THROTTLED])
    waits = []
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        for number in range(5):
            outcome = await channel.send(TO, Message(PERSIAN), str(number))
            if isinstance(outcome, Rejected):
                waits.append(outcome.wait_seconds)
                await asyncio.sleep(outcome.wait_seconds + 0.01)
    assert waits == pytest.approx([0.02, 0.04, 0.08, 0.02])


async def test_behind_a_part_that_was_taken_a_throttle_is_waited_out(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.channels.sms_smpp._THROTTLED_SECONDS", 0.01)
    centre.statuses.extend([0, Status.THROTTLED, Status.QUEUE_FULL])
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        outcome = await channel.send(TO, Message(LONG["ucs2"]), "42")
    assert isinstance(outcome, Accepted)
    assert "".join(taken.text for taken in centre.taken) == LONG["ucs2"]


async def test_what_is_refused_behind_a_part_that_was_taken_is_not_repeated(
    centre: Centre,
) -> None:
    centre.statuses.extend([0, 0x01])
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        assert await channel.send(TO, Message(LONG["ucs2"]), "42") == Unknown("in_part")
    assert (len(centre.taken), len(centre.refused)) == (1, 1)


async def test_a_first_part_that_is_refused_holds_the_others_back(centre: Centre) -> None:
    centre.statuses.append(Status.SYSTEM_ERROR)
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        outcome = await channel.send(TO, Message(LONG["ucs2"]), "42")
    assert outcome == Rejected("smpp_008", again=True)
    assert centre.taken == []


async def test_what_is_never_answered_is_unknown(centre: Centre) -> None:
    centre.statuses.append(NEVER_ANSWERED)
    async with speaking_to(centre.port) as first:
        await bound(first)
    async with speaking_to(centre.port, answer_seconds=0.5) as channel:
        await bound(channel)
        assert await channel.send(TO, Message(PERSIAN), "42") == Unknown("timeout")
    assert len(centre.taken) == 1


async def test_what_the_line_broke_off_is_unknown_and_the_next_bind_comes_by_itself(
    centre: Centre,
) -> None:
    centre.statuses.append(NEVER_ANSWERED)
    async with cutting.line(centre.port) as line, speaking_to(line.port) as channel:
        await bound(channel)
        sending = asyncio.create_task(channel.send(TO, Message(PERSIAN), "42"))
        await until(lambda: centre.taken)
        line.cut()
        assert await sending == Unknown("broken_off", alone=True)
        await bound(channel)
        assert isinstance(await channel.send(TO, Message(PERSIAN), "43"), Accepted)
    assert len(centre.binds) == 2


async def test_a_centre_that_is_not_there_surely_has_nothing() -> None:
    async with speaking_to(ports.a_free_one()) as channel:
        outcome = await channel.send(TO, Message(PERSIAN), "42")
    assert outcome == Rejected("not_reached", again=True)


async def test_a_silent_stranger_at_the_port_is_no_centre() -> None:
    async with servers.http(servers.never) as stranger:
        port = int(stranger.url.rpartition(":")[2])
        async with speaking_to(port, answer_seconds=0.1) as channel:
            outcome = await channel.send(TO, Message(PERSIAN), "42")
    assert outcome == Rejected("not_reached", again=True)


@pytest.mark.node
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.INVALID_PASSWORD, Rejected("bind_refused", account=True)),
        (Status.BIND_FAILED, Rejected("not_reached", again=True)),
    ],
)
async def test_a_refused_bind_is_ours_to_mend_where_it_is_of_our_name(
    of_node: NodeCentre, status, outcome
) -> None:
    of_node.bind_statuses.extend([status] * 50)
    async with speaking_to(of_node.port) as channel:
        await until(lambda: of_node.binds)
        assert await channel.send(TO, Message(PERSIAN), "42") == outcome
        of_node.bind_statuses.clear()
        await bound(channel)
        assert isinstance(await channel.send(TO, Message(PERSIAN), "42"), Accepted)


@pytest.mark.node
async def test_a_bind_tells_who_we_are_and_whether_we_listen(of_node: NodeCentre) -> None:
    async with speaking_to(of_node.port) as channel:
        await bound(channel)
    async with speaking_to(of_node.port, ear=Ear()) as channel:
        await bound(channel)
    told = [(one["system_id"], one["password"], one["system_type"]) for one in of_node.binds]
    assert told == [("bimeyar", "secret", "notices")] * 2
    assert [one["receives"] for one in of_node.binds] == [False, True]


@pytest.mark.node
async def test_after_a_silence_the_centre_is_asked_and_a_dead_line_is_left(
    of_node: NodeCentre,
) -> None:
    async with speaking_to(of_node.port, enquire_seconds=0.05, answer_seconds=0.2) as channel:
        await until(lambda: of_node.enquiries > 2)
        assert len(of_node.binds) == 1
        of_node.mute()
        await until(lambda: len(of_node.binds) > 1)
        await channel.close()


@pytest.mark.node
async def test_what_a_centre_asks_is_answered(of_node: NodeCentre) -> None:
    async with speaking_to(of_node.port, ear=Ear()) as channel:
        await bound(channel)
        assert await of_node.ask("enquire_link") == "enquire_link_resp"
        # We know no such request of a centre.
        assert await of_node.ask("query_sm") == "generic_nack"
        assert await of_node.ask("unbind") == "unbind_resp"
        await until(lambda: len(of_node.binds) == 2)


async def test_who_leaves_says_so(centre: Centre) -> None:
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        await until(centre.is_bound)
    await until(lambda: not centre.is_bound())


@pytest.mark.parametrize("status", [Status.OK, Status.NOT_NOW, Status.NEVER])
async def test_what_is_brought_is_answered_as_the_ear_says(centre: Centre, status) -> None:
    ear = Ear(status=status)
    brought = Delivery("989990000001", "10001420", "1".encode("utf-16-be"), coding=8)
    async with speaking_to(centre.port, ear=ear) as channel:
        await bound(channel)
        await until(centre.is_bound)
        assert await centre.bring(brought) == status
    (heard,) = ear.brought
    assert (heard.sender, heard.line, heard.coding) == ("989990000001", "10001420", 8)
    assert heard.octets.decode("utf-16-be") == "1"
    assert len(ear.ends) == 1


async def test_a_receipt_of_parameters_alone_is_heard(centre: Centre) -> None:
    ear = Ear()
    told = {"receipted_message_id": "a1", "message_state": 2}
    async with speaking_to(centre.port, ear=ear) as channel:
        await bound(channel)
        await until(centre.is_bound)
        receipt = Delivery("989990000001", "10001420", b"", esm_class=0x04, parameters=told)
        assert await centre.bring(receipt) == 0
    (heard,) = ear.brought
    assert heard.parameters == {0x001E: b"a1\0", 0x0427: b"\x02"}


@pytest.mark.parametrize("phone", ["+" + "9" * 21, "+۹۸۹۹۹۰۰۰۰۰۰۱"])
async def test_what_is_no_number_does_not_leave(centre: Centre, phone: str) -> None:
    async with speaking_to(centre.port) as channel:
        await bound(channel)
        outcome = await channel.send(Address(phone=phone), Message(PERSIAN), "42")
        assert isinstance(await channel.send(TO, Message(PERSIAN), "43"), Accepted)
    assert outcome == Rejected("no_such_number", address_dead=True)


@pytest.mark.parametrize("text", ["", "x" * 901])
async def test_what_is_no_sms_does_not_leave(text: str) -> None:
    async with speaking_to(ports.a_free_one()) as channel:
        outcome = await channel.send(TO, Message(text), "42")
    assert outcome == Rejected("too_long" if text else "empty")
