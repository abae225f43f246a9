"""A process at work on a memory, with a mouth that is its witness: what tests of turns stand at."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from api import db
from api.client import Core
from api.kit import points
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected
from bots.adapters.terminal import TerminalAdapter
from bots.inbox import Update
from bots.memory import Memory
from bots.tables import replies
from bots.talk import Dialogues
from bots.turns import Worker
from notifier.channels.mouths import Address
from tests.bots import trials
from tests.bots.conftest import Clock
from tests.bots.pretend import PretendKnocker

BOT = "terminal:employers"


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Mouth:
    """A channel that says what it is told to, and logs what was heard: the witness.

    `asked` are the messages it was asked to send, heard or not.
    """

    heard: list[tuple[str, str]] = field(default_factory=list)
    asked: list[Message] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    when_heard: Callable[[], None] = lambda: None
    can = TerminalAdapter("employers", lambda _chat, _message: None).channel.can

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        self.asked.append(message)
        with points.around("test.mouth"):
            outcome = self.outcomes.pop(0) if self.outcomes else Accepted("1")
            if not isinstance(outcome, Rejected):
                self.heard.append((to.chat_id, message.text))
                self.when_heard()
        return outcome

    async def ask(self, reference: str) -> Outcome | None:
        return None

    async def close(self) -> None:
        pass


@dataclass
class Bench:
    """A process at work on a memory; a new one can take its place."""

    memory: Memory
    clock: Clock
    dialogues: Dialogues = trials.DIALOGUES
    knocker: PretendKnocker = field(default_factory=trials.new_knocker)
    mouth: Mouth = field(default_factory=Mouth)
    number: int = 0
    core: Core = field(init=False)

    def __post_init__(self) -> None:
        self.core = trials.new_core(self.knocker)

    def worker(self, *, chats_at_once: int = 16) -> Worker:
        adapter = TerminalAdapter("employers", lambda _chat, _message: None)
        adapter.channel = self.mouth
        return Worker(
            self.memory,
            {BOT: adapter},
            self.dialogues,
            self.core,
            db.keys(),
            chats_at_once=chats_at_once,
            sleep=self.clock.sleep,
        )

    def update(self, words: str, chat: str = "1", **more: Any) -> Update:
        self.number += 1
        raw = {"update_id": self.number, "chat": chat, "text": words, **more}
        return Update(self.number, chat, json.dumps(raw))

    async def send(self, words: str, chat: str = "1", **more: Any) -> None:
        await self.memory.inbox.receive(BOT, [self.update(words, chat, **more)])

    async def settle(self, worker: Worker | None = None, *, times: int = 8) -> None:
        """Work until nothing is due, the waits of the rates passed over."""
        worker = worker or self.worker()
        for _again in range(times):
            await worker.drain()
            self.clock.pass_(2)

    def texts(self, chat: str = "1") -> list[str]:
        return [text for who, text in self.heard if who == chat]

    @property
    def heard(self) -> list[tuple[str, str]]:
        return self.mouth.heard

    async def outcomes(self) -> list[str]:
        with self.memory.store.reading() as connection:
            rows = connection.execute(select(replies.c.outcome).order_by(replies.c.id))
            return [row.outcome for row in rows]


async def until_dead(worker: Worker) -> None:
    """Work until the process is killed, and let nothing of it go on."""
    try:
        while await worker.look() or worker._held:
            done, _rest = await asyncio.wait(list(worker._held.values()))
            for task in done:
                task.result()
    except Killed:
        for task in worker._held.values():
            task.cancel()
        await asyncio.gather(*worker._held.values(), return_exceptions=True)
