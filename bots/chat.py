"""A talk in the terminal, with the engine and the core as they are: `python -m bots chat`.

words            are said             :contact 09121234567    shares a number
:tap DATA        taps a button        :location 35.7 51.4     sends a pin
:start PAYLOAD   opens a deep link    :file paper.jpg         sends that file
"""

import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TextIO

import anyio
import anyio.to_thread

from api.client import Core
from api.errors import Refusal, Unavailable
from api.kit.identifiers import mobile
from api.kit.message import Message, Order, Wants
from api.kit.sealing import Keyring
from bots import log, papers
from bots.adapters.sms import MESSENGER
from bots.adapters.terminal import TerminalAdapter
from bots.address import Address
from bots.conversation import Conversation
from bots.reply import Reply
from bots.talk import Dialogues, Sent
from bots.texting import Texting
from notifier.channels import mouths


class Transcript:
    """Writes what was said as a transcript test: see tests/bots/transcripts.py."""

    def __init__(self, path: Path | None, language: str) -> None:
        self._file: TextIO | None = path.open("w", encoding="utf-8") if path else None
        if language:
            self._write(f"lang {language}")

    def said(self, line: str) -> None:
        self._write(f"> {line.removeprefix(':').replace('tap ', 'tap:', 1)}")

    def heard(self, reply: Reply) -> None:
        for line in reply.text.splitlines():
            if line.strip():
                self._write(f"< {line}")
        for order, _words in reply.papers:
            self._write("< [picture]" if order.picture else "< [paper]")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, line: str) -> None:
        if self._file is not None:
            self._file.write(line + "\n")


async def chat(
    dialogues: Dialogues,
    core: Core,
    *,
    audience: str,
    name: str,
    language: str,
    channel: str,
    transcript: Transcript,
) -> None:
    """Talk until the input ends.

    Replies have buttons on `telegram` and `bale`, numbers on `terminal`; on `sms` the number `name` writes,
    with the menu, the PIN and the codes of SMS; an empty line there is a missed call.
    """
    keys = Keyring.new()
    by_sms, buttons = channel == MESSENGER, channel in {"telegram", "bale"}
    address = Address(MESSENGER if by_sms else "terminal", audience, name)
    kind = Texting if by_sms else Conversation
    state = json.dumps(log.new_chat(secrets.token_hex(8), language))
    adapter = TerminalAdapter(audience, lambda _chat, message: _print(_worded(message)))
    async for line in _lines():
        raw = _raw(line)
        if not raw:
            _print(__doc__ or "")
            continue
        remembered: log.Chat = json.loads(state)
        conversation = kind(
            dialogues,
            core,
            remembered,
            address=address,
            keys=keys,
            now=time.time(),
            fetch=adapter.fetch,
        )
        sent = Sent(rang=True) if by_sms and not line else adapter.read({"chat": name, **raw})
        replies = await conversation.turn(sent) if sent else []
        if line:
            transcript.said(line)
        elif not by_sms:
            replies = await conversation.go_on()
        state = json.dumps(remembered)
        for reply in replies:
            if reply.pins and not buttons:
                continue
            transcript.heard(reply)
            for order, _words in () if by_sms else reply.papers:
                _print(await _saved(core, order, str(address)))
            if buttons:
                message = reply.message(conversation.speech, adapter.channel.can)
                await adapter.channel.send(mouths.Address(chat_id=name), message, "")
            else:
                _print(reply.numbered(conversation.speech, links=not by_sms))


async def _saved(core: Core, order: Order, chat: str) -> str:
    """Keep a paper in a folder of its own; gives where, or why there is none."""
    try:
        paper = await papers.fetched(core, order, chat=chat)
    except (Refusal, Unavailable):
        return papers.LATER.msgid
    path = anyio.Path(await anyio.mkdtemp(prefix="bimeyar-")) / Path(paper.name).name
    await path.write_bytes(paper.content)
    return f"[{path}]"


def _worded(message: Message) -> str:
    rows = [
        " ".join(f"[{one.label} ‹{one.url or one.data}›]" for one in row) for row in message.buttons
    ]
    shared = message.wants in {Wants.CONTACT, Wants.LOCATION}
    wants = [f"[{message.wants_label}]"] if shared else []
    return "\n".join([message.text, *rows, *wants])


def _print(text: str) -> None:
    sys.stdout.write(f"\n{text}\n\n")
    sys.stdout.flush()


async def _lines() -> AsyncIterator[str]:
    while True:
        sys.stdout.write("> ")
        sys.stdout.flush()
        line = await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
        if not line:
            return
        yield line.strip()


def _raw(line: str) -> dict[str, Any]:
    """What a line sends; nothing readable where a command is written wrongly."""
    word, _space, rest = line.partition(" ")
    try:
        return _COMMANDS[word](rest) if word in _COMMANDS else {"text": line}
    except ValueError:
        return {}


def _location(rest: str) -> dict[str, Any]:
    latitude, longitude = map(float, rest.split())
    return {"location": {"latitude": latitude, "longitude": longitude}}


_COMMANDS: dict[str, Callable[[str], dict[str, Any]]] = {
    ":tap": lambda rest: {"tap": rest},
    ":start": lambda rest: {"start": rest},
    ":file": lambda rest: {"file": {"name": Path(rest).name or "file", "reference": rest}},
    ":contact": lambda rest: {"contact": {"phone": mobile(rest), "own": True}},
    ":location": _location,
}
