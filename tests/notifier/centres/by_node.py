"""The centre of the npm package `smpp`, in a process of node's own.

The package is installed beside the repository's other things that can be made again, from the lock
file of this folder, when it is first wanted.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.notifier.centres.centre import NEVER_ANSWERED, OK, Centre, Delivery, Taken

FOLDER = Path(__file__).parent
INSTALLED = FOLDER.parents[2] / "var" / "centres"
_PARAMETERS = frozenset(
    {
        "message_payload",
        "receipted_message_id",
        "message_state",
        "sar_msg_ref_num",
        "sar_total_segments",
        "sar_segment_seqnum",
    }
)


def install() -> Path:
    """Give the folder of the package, and fill it first where it is not there yet.

    Raises OSError or SubprocessError where npm is not there, or cannot have it.
    """
    modules = INSTALLED / "node_modules"
    if not modules.exists():
        INSTALLED.parent.mkdir(exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=INSTALLED.parent, prefix="centres-"))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(FOLDER / name, making)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        try:
            subprocess.run(command, cwd=making, check=True, stdout=subprocess.DEVNULL, timeout=120)
        except (OSError, subprocess.SubprocessError):
            shutil.rmtree(making)
            raise
        try:
            making.rename(INSTALLED)
        except OSError:
            # Another test process was quicker.
            shutil.rmtree(making)
    return modules


@dataclass
class NodeCentre(Centre):
    """One process; its sessions are known by number."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._tokens, self._names = count(1), count(1)
        self._sessions: list[str] = []
        # Of each delivery on its way the session it went over, and who waits for its answer.
        self._answers: dict[int, tuple[str, asyncio.Future[int | None]]] = {}
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._listening_at: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(FOLDER / "centre.js"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "NODE_PATH": str(install())},
        )
        self._listening = asyncio.create_task(self._listen())
        self.port = await asyncio.wait_for(self._listening_at, 30)

    async def stop(self) -> None:
        await self._end_bringing()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._listening

    def is_bound(self) -> bool:
        return bool(self._sessions)

    async def bring(self, delivery: Delivery) -> int | None:
        if not self._sessions:
            return None
        assert set(delivery.parameters) <= _PARAMETERS, "the script knows no other"
        token, session = next(self._tokens), self._sessions[-1]
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._answers[token] = session, answer
        self._order(
            "deliver",
            session=session,
            token=token,
            sender=delivery.sender,
            line=delivery.line,
            esm_class=delivery.esm_class,
            coding=delivery.coding,
            octets=delivery.octets.hex(),
            parameters={
                name: value.hex() if isinstance(value, bytes) else value
                for name, value in delivery.parameters.items()
            },
        )
        try:
            return await answer
        finally:
            del self._answers[token]

    def mute(self) -> None:
        """Answer no enquire_link any more."""
        self._order("mute", mute=True)

    async def ask(self, command: str) -> str:
        """Ask something of the other side over the newest bind; gives the command of its answer."""
        session = self._sessions[-1]
        self._asked[session] = asyncio.get_running_loop().create_future()
        self._order("ask", session=session, command=command)
        return await self._asked[session]

    def _order(self, do: str, **order: Any) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps({"do": do, **order}).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._meet(json.loads(line))

    def _meet(self, met: dict[str, Any]) -> None:
        getattr(self, f"_met_{met['met']}")(met)

    def _met_listening(self, met: dict[str, Any]) -> None:
        self._listening_at.set_result(met["port"])

    def _met_bind(self, met: dict[str, Any]) -> None:
        self.binds.append(met)
        status = self.bind_statuses.popleft() if self.bind_statuses else OK
        self._answer(met, status)
        if status == OK:
            self._sessions.append(met["session"])
            self._news.set()

    def _met_submit(self, met: dict[str, Any]) -> None:
        name = f"n{next(self._names):x}"
        facts = ("to", "line", "coding", "header", "text", "wants_receipt")
        status = self.decide(Taken(**{one: met[one] for one in facts}, name=name))
        if status != NEVER_ANSWERED:
            self._answer(met, status, name)

    def _met_taken(self, met: dict[str, Any]) -> None:
        # Of a session that has closed meanwhile nobody waits for an answer any more.
        _, answer = self._answers.get(met["token"], ("", None))
        if answer is not None and not answer.done():
            answer.set_result(met["status"])

    def _met_asked(self, met: dict[str, Any]) -> None:
        asked = self._asked[met["session"]]
        if not asked.done():
            asked.set_result(met["command"])

    def _met_enquire_link(self, _met: dict[str, Any]) -> None:
        self.enquiries += 1

    def _met_close(self, met: dict[str, Any]) -> None:
        session = met["session"]
        if session in self._sessions:
            self._sessions.remove(session)
        for over, answer in self._answers.values():
            if over == session and not answer.done():
                answer.set_result(None)

    def _answer(self, met: dict[str, Any], status: int, name: str | None = None) -> None:
        more = {} if name is None or status else {"name": name}
        self._order(
            "answer", session=met["session"], sequence=met["sequence"], status=status, **more
        )


if __name__ == "__main__":
    try:
        install()
    except (OSError, subprocess.SubprocessError) as error:
        raise SystemExit(f"The SMPP centre of node is not tried: {error}.") from None
