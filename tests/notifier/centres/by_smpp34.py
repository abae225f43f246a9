"""The centre of the wheel `smpp34`: a Rust server with a thin cover of Python."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import smpp34

from tests.notifier.centres.centre import NEVER_ANSWERED, OK, Centre, Delivery, Taken
from tests.support import ports

_UDH, _UCS2 = 0x40, 8
_TAGS = {
    "message_payload": 0x0424,
    "receipted_message_id": 0x001E,
    "message_state": 0x0427,
    "sar_msg_ref_num": 0x020C,
    "sar_total_segments": 0x020E,
    "sar_segment_seqnum": 0x020F,
}
_ANSWER_SECONDS = 10.0


@dataclass
class Smpp34Centre(Centre):
    """One server in this process. It takes every bind, and answers enquire_link by itself."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._names = count(1)
        self._sessions: dict[str, smpp34.Esme] = {}
        # An event that is forgotten is answered: these never are.
        self._unanswered: list[Any] = []

    async def start(self) -> None:
        self.port = ports.a_free_one()
        self._server = smpp34.Server("127.0.0.1", self.port, system_id="centre")
        await self._server.start()
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        await self._end_bringing()
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        await self._server.stop()

    def is_bound(self) -> bool:
        return bool(self._sessions)

    async def bring(self, delivery: Delivery) -> int | None:
        if not self._sessions:
            return None
        esme = [*self._sessions.values()][-1]
        tlvs = [
            smpp34.Tlv(_TAGS[name], _octets(name, value))
            for name, value in delivery.parameters.items()
        ]
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await esme.deliver_sm(
                    delivery.line,
                    delivery.octets,
                    source_addr=delivery.sender,
                    esm_class=delivery.esm_class,
                    data_coding=delivery.coding,
                    tlvs=tlvs,
                )
        except (TimeoutError, smpp34.SmppError):
            return None
        return answer.command_status

    async def _listen(self) -> None:
        while True:
            met = await self._server.next()
            if isinstance(met, smpp34.Esme):
                self._sessions[met.session_id] = met
                self.binds.append({"system_id": met.system_id, "receives": met.can_receive})
                self._news.set()
            elif isinstance(met, smpp34.Unbound):
                self._sessions.pop(met.session_id, None)
            else:
                self._submitted(met)

    def _submitted(self, met: smpp34.SubmitSmEvent) -> None:
        octets = met.short_message
        size = octets[0] + 1 if met.esm_class & _UDH else 0
        text = octets[size:].decode("utf-16-be" if met.data_coding == _UCS2 else "ascii")
        name = f"r{next(self._names):x}"
        status = self.decide(
            Taken(
                met.destination_addr,
                met.source_addr,
                met.data_coding,
                octets[:size].hex(),
                text,
                name,
                met.registered_delivery == 1,
            )
        )
        if status == NEVER_ANSWERED:
            self._unanswered.append(met)
        elif status == OK:
            met.accept(name)
        else:
            met.reject(status)


def _octets(name: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode() + b"\0"
    return int(value).to_bytes(2 if name == "sar_msg_ref_num" else 1)
