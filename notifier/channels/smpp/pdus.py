"""PDUs of SMPP 3.4: aiosmpplib builds what leaves, what comes is read here.

aiosmpplib 0.7.4 has a session of its own, and a reader. Both stay unused, for what they do with a
centre that is not as they expect: a status or command they do not know, a receipt whose `err` is no
number or whose date has seconds end the session, and as the centre brings the same receipt after
each bind, all that follow; a receipt made of parameters alone is answered with generic_nack; every
delivery is acknowledged, whatever became of it; broken ones are logged with the text. Here what is
not understood is kept as it came.

Source: SMPP Protocol Specification v3.4, issue 1.2, sections 3.2, 4 and 5.
"""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from aiosmpplib.protocol import (
    BindTransceiver,
    BindTransmitter,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SmppMessage,
    SubmitSm,
    Unbind,
    UnbindResp,
)
from aiosmpplib.state import NPI, TON, PhoneNumber, SmppCommandStatus

from notifier.channels.smpp.centres import Source

_HEADER = struct.Struct("!IIII")
_TLV = struct.Struct("!HH")
_LONGEST = 70_000
"""A message_payload of 65,535 octets, and what stands before it."""


class Command(IntEnum):
    """Those that we say or hear."""

    GENERIC_NACK = 0x80000000
    BIND_TRANSMITTER = 0x00000002
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015


class Status(IntEnum):
    """The words of a centre, and ours, that are told apart here; vendors have more."""

    OK = 0x00
    INVALID_COMMAND = 0x03
    WRONG_BIND_STATE = 0x04
    SYSTEM_ERROR = 0x08
    INVALID_SOURCE = 0x0A
    INVALID_DESTINATION = 0x0B
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    INVALID_SERVICE_TYPE = 0x15
    SUBMIT_FAILED = 0x45
    INVALID_SOURCE_TON = 0x48
    INVALID_SOURCE_NPI = 0x49
    INVALID_SYSTEM_TYPE = 0x53
    THROTTLED = 0x58
    NOT_NOW = 0x64
    """ESME_RX_T_APPN: bring it again later."""
    NEVER = 0x65
    """ESME_RX_P_APPN: do not bring it again."""
    DELIVERY_FAILED = 0xFE
    UNKNOWN_ERROR = 0xFF


class Tag(IntEnum):
    """Parameters that are read."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


UDH = 0x40
"""The bit of esm_class by which a header stands before the text."""


class BadPdu(ValueError):
    """What came is no PDU; where the next one begins nobody knows."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """A PDU with its body unread. Its repr shows no body."""

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a deliver_sm says; `octets` are the text's, with their header if they have one."""

    sender: str = field(repr=False)
    line: str
    esm_class: int
    coding: int
    octets: bytes = field(repr=False)
    parameters: Mapping[int, bytes] = field(repr=False)


async def read(reader: asyncio.StreamReader) -> Pdu:
    """Read the next PDU. Raises BadPdu, and OSError or EOFError when the line ends."""
    length, command, status, sequence = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    if not _HEADER.size <= length <= _LONGEST:
        raise BadPdu(f"a PDU of {length} octets")
    return Pdu(command, status, sequence, await reader.readexactly(length - _HEADER.size))


def message_id(body: bytes) -> str:
    """Read the centre's name for a message, from a submit_sm_resp; empty where it gives none."""
    return _text(body.partition(b"\0")[0])


def delivered(body: bytes) -> Delivered:
    """Read a deliver_sm. Raises BadPdu where it ends too soon."""
    try:
        return _delivered(_Body(body))
    except (IndexError, ValueError, struct.error):
        raise BadPdu("a deliver_sm that ends too soon") from None


def bind(
    sequence: int, system_id: str, password: str, system_type: str, *, receives: bool
) -> bytes:
    """Build the request of a bind, for both directions or for sending alone."""
    kind = BindTransceiver if receives else BindTransmitter
    return _built(kind(sequence, system_id=system_id, password=password, system_type=system_type))


def submit(
    sequence: int, *, source: Source, to: str, octets: bytes, is_ucs2: bool, has_header: bool
) -> bytes:
    """Build a submit_sm that asks for a receipt. `to` is an E.164 number without its plus."""
    message = SubmitSm(
        sequence_num=sequence,
        # The library wants a text; what leaves are the octets, with their header.
        short_message="-",
        source=PhoneNumber(source.line, TON(source.ton), NPI(source.npi)),
        destination=PhoneNumber(to, TON.INTERNATIONAL, NPI.ISDN),
        esm_class=UDH if has_header else 0,
        registered_delivery=1,
        encoding="ucs2" if is_ucs2 else None,
    )
    message.set_encoded_message(octets)
    return _built(message)


def enquire_link(sequence: int) -> bytes:
    """Ask whether the other side is still there."""
    return _built(EnquireLink(sequence))


def unbind(sequence: int) -> bytes:
    """Take leave."""
    return _built(Unbind(sequence))


def answer(request: Pdu, status: int = Status.OK) -> bytes:
    """Answer what a centre asked of us; what we do not know, with generic_nack."""
    kind = _ANSWERS.get(request.command)
    if kind is None:
        kind, status = GenericNack, Status.INVALID_COMMAND
    return _built(kind(request.sequence, SmppCommandStatus(status)))


_ANSWERS: Mapping[int, type[SmppMessage]] = {
    Command.DELIVER_SM: DeliverSmResp,
    Command.ENQUIRE_LINK: EnquireLinkResp,
    Command.UNBIND: UnbindResp,
}


def _built(message: SmppMessage) -> bytes:
    pdu: bytes = message.pdu()
    return pdu


class _Body:
    """A body, read from its beginning; IndexError or struct.error at its end."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def word(self) -> str:
        end = self._octets.index(b"\0", self._at)
        word = self._octets[self._at : end]
        self._at = end + 1
        return _text(word)

    def number(self) -> int:
        self._at += 1
        return self._octets[self._at - 1]

    def take(self, size: int) -> bytes:
        taken = self._octets[self._at : self._at + size]
        if len(taken) < size:
            raise IndexError
        self._at += size
        return taken

    def parameters(self) -> dict[int, bytes]:
        found = {}
        while self._at < len(self._octets):
            tag, size = _TLV.unpack(self.take(_TLV.size))
            found[tag] = self.take(size)
        return found


def _delivered(body: _Body) -> Delivered:
    body.word()  # service_type
    body.take(2)  # source_addr_ton, source_addr_npi
    sender = body.word()
    body.take(2)  # dest_addr_ton, dest_addr_npi
    line = body.word()
    esm_class = body.number()
    body.take(2)  # protocol_id, priority_flag
    body.word()  # schedule_delivery_time
    body.word()  # validity_period
    body.take(2)  # registered_delivery, replace_if_present_flag
    coding = body.number()
    body.take(1)  # sm_default_msg_id
    octets = body.take(body.number())
    parameters = body.parameters()
    return Delivered(
        sender=sender,
        line=line,
        esm_class=esm_class,
        coding=coding,
        octets=octets or parameters.get(Tag.MESSAGE_PAYLOAD, b""),
        parameters=parameters,
    )


def _text(octets: bytes) -> str:
    return octets.decode("ascii", errors="replace")
