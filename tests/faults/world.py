"""A whole organisation for one fault: stores, settings, rooms to start and kill, and a desk outside.

Everything runs as in production, by `python -m …` and settings alone; only the processes are forked
from the nursery. Nothing is left behind, however a test ends.
"""

import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from api import db
from api.db import Base, Store
from tests.faults.nursery import Death, Nursery, Process
from tests.support.ports import free

BOTS_KEY = "an invented key of the bots, long enough for all"
TOKEN = "7100000001:AAinvented-token-of-the-employers-bot"
AUDIENCE = "employers"
TOKENS = {"telegram": TOKEN, "bale": "7110000001:AAinvented-token-of-the-bot-on-bale"}
REPORT_SECRET = "an-invented-secret-of-reports"
MERCHANT = "00000000-invented-merchant-000000000"
# Far more than anything here takes alone, for a machine that does much besides.
PATIENCE = 40.0

COMMANDS: Mapping[str, Sequence[str]] = {
    "web": ("api", "serve"),
    "notifier": ("notifier", "serve"),
    "clock": ("notifier", "clock"),
    "bots": ("bots", "serve"),
}


@dataclass(frozen=True)
class Holder:
    """Somebody of the invented country who holds a phone on the desk."""

    national_code: str
    phone: str = ""
    email: str = ""


class Templates:
    """Empty, migrated databases to copy: migrating anew each time would cost more than the fault."""

    def __init__(self, nursery: Nursery, folder: Path, server: Callable[[], str]) -> None:
        self._nursery = nursery
        self._folder = folder
        self._server = server
        self._made: dict[str, Mapping[str, str]] = {}

    @contextmanager
    def copied(self, room: str, dialect: str, folder: Path) -> Iterator[str]:
        """Give the address of a fresh store of a room, `api` or `bots`."""
        if dialect not in self._made:
            self._made[dialect] = self._make(dialect)
        kept = make_url(self._made[dialect][room]).database or ""
        if dialect == "sqlite":
            yield f"sqlite:///{shutil.copy(kept, folder / room)}"
            return
        name = f"f{uuid.uuid4().hex}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {kept}")
        try:
            yield self._url(name)
        finally:
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def empty(self, room: str, dialect: str, folder: Path) -> Iterator[str]:
        """Give the address of a store that nothing has been put in."""
        if dialect == "sqlite":
            yield f"sqlite:///{folder / 'empty' / room}"
            return
        name = f"e{uuid.uuid4().hex}"
        self._administer(f"CREATE DATABASE {name}")
        try:
            yield self._url(name)
        finally:
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def _make(self, dialect: str) -> Mapping[str, str]:
        """Release each room once, as an operator does."""
        keys = self._folder / "keys"
        db.keys().save(keys)
        urls = {room: self._empty(room, dialect) for room in ("api", "bots")}
        for room, url in urls.items():
            release = self._nursery.start(
                room,
                "migrate",
                env={**_keys(keys), f"{room.upper()}_DATABASE_URL": url},
                log=self._folder / f"{dialect}-{room}.log",
            )
            assert release.wait(PATIENCE) == 0, release.said()
        return urls

    def _empty(self, room: str, dialect: str) -> str:
        if dialect == "sqlite":
            return f"sqlite:///{self._folder / room}"
        name = f"t{uuid.uuid4().hex}"
        self._administer(f"CREATE DATABASE {name}")
        return self._url(name)

    def _administer(self, statement: str) -> None:
        engine = create_engine(self._server(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _url(self, name: str) -> str:
        url = make_url(self._server()).set(database=name)
        return url.render_as_string(hide_password=False)


@dataclass
class World:
    """One organisation. `store` is its core's, `memory` its bots'; both may be read while it runs.

    Its one bot is on `messenger` and serves `audience`.
    """

    nursery: Nursery
    folder: Path
    dialect: str
    store: Store
    memory: Store | None
    env: dict[str, str]
    desk: httpx.Client
    witnessed: Path
    messenger: str = "telegram"
    audience: str = AUDIENCE
    started: list[Process] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def bot(self) -> str:
        """The bot as the rooms name it."""
        return f"{self.messenger}:{self.audience}"

    @property
    def bot_on_the_desk(self) -> str:
        """The bot as the desk names it."""
        return self.audience if self.messenger == "telegram" else self.bot

    def start(
        self,
        room: str,
        dies_at: Death | None = None,
        *,
        first: str | None = None,
        changed: Mapping[str, str] = MappingProxyType({}),
    ) -> Process:
        """Start a room's real main; see Nursery.start. `changed` are settings of this one alone."""
        module, *arguments = COMMANDS[room]
        return self.run(module, *arguments, dies_at=dies_at, first=first, changed=changed)

    def run(
        self,
        module: str,
        *arguments: str,
        dies_at: Death | None = None,
        first: str | None = None,
        changed: Mapping[str, str] = MappingProxyType({}),
    ) -> Process:
        """Start any command."""
        log = self.folder / f"{next(self._numbers)}-{module}-{arguments[0]}.log"
        process = self.nursery.start(
            module,
            *arguments,
            env={**self.env, **changed},
            log=log,
            dies_at=dies_at,
            first=first,
        )
        self.started.append(process)
        return process

    def forget(self, process: Process) -> None:
        """Let go of one that has ended, and of what it said: for worlds in which thousands die."""
        self.started.remove(process)
        process.log.unlink(missing_ok=True)

    def until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Wait until something holds; AssertionError, with the end of every log, when it does not."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"still not after {seconds} s: {what}\n{self.said()}")
            time.sleep(0.02)

    def ready(self, room: str) -> None:
        """Wait until a room says that it is ready."""
        port = self.env[{"web": "API", "notifier": "NOTIFIER", "bots": "BOTS"}[room] + "_PORT"]
        self.until(lambda: _answers(f"http://127.0.0.1:{port}/health/ready"), f"{room} is ready")

    def said(self) -> str:
        return "\n".join(f"{one.name} ({one.poll()}):\n{one.said()}" for one in self.started)

    def lines(self) -> list[dict[str, Any]]:
        """The witness: every call the outside has met, as it wrote them down itself."""
        written = self.witnessed.read_text(encoding="utf-8")
        # The last line may be half written.
        whole = written[: written.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    def rows(self) -> dict[str, int]:
        """How many rows each table of the core has."""
        with self.store.reading() as session:
            return {
                table.name: session.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }

    def tell(self, path: str, **body: Any) -> Any:
        """Do something at the desk."""
        answer = self.desk.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


Opener = Callable[..., World]
"""Opens a world on a store: (dialect, holders, **settings); it is gone when the test ends."""


@contextmanager
def a_world(
    nursery: Nursery,
    templates: Templates,
    dialect: str,
    folder: Path,
    holders: Sequence[Holder] = (),
    *,
    talks: bool = False,
    messenger: str = "telegram",
    audience: str = AUDIENCE,
    **changed: str,
) -> Iterator[World]:
    """Set up an organisation and its outside; `changed` are settings of the rooms.

    `talks`: its bots have a memory. `messenger` and `audience`: where its bot is, and for whom.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        core = stack.enter_context(templates.copied("api", dialect, folder))
        # A copy of one's own: a rotation changes it.
        keys = folder / "keys"
        db.keys().save(keys)
        rooms = ("API_PORT", "NOTIFIER_PORT", "BOTS_PORT")
        ports = {name: str(port) for name, port in zip(rooms, free(len(rooms)), strict=True)}
        witnessed = folder / "witness.jsonl"
        reports = f"http://127.0.0.1:{ports['NOTIFIER_PORT']}/reports/kavenegar/{REPORT_SECRET}"
        desk, doors = _open_desk(
            nursery, folder, witnessed, holders, reports=reports, audience=audience
        )
        stack.callback(desk.kill)
        url = f"http://127.0.0.1:{doors['port']}"
        channel = f"CHANNELS_{audience.upper()}_{messenger.upper()}"
        env = {
            "PATH": "/usr/bin:/bin",
            **_keys(keys),
            "API_DATABASE_URL": core,
            "API_PUBLIC_URL": f"http://127.0.0.1:{ports['API_PORT']}",
            "API_ZARINPAL_ROOT": url,
            "API_ZARINPAL_MERCHANT": MERCHANT,
            "BOTS_CORE_URL": f"http://127.0.0.1:{ports['API_PORT']}",
            "BOTS_MODE": "polling",
            "BOTS_PUBLIC_URL": f"http://127.0.0.1:{ports['BOTS_PORT']}",
            "NOTIFIER_REPORT_SECRET": REPORT_SECRET,
            "NOTIFIER_KAVENEGAR_ROOT": url,
            "NOTIFIER_KAVENEGAR_KEY": "an-invented-key",
            "NOTIFIER_SMS_SENDER": "10001420",
            "NOTIFIER_SMTP_URL": f"smtp://127.0.0.1:{doors['smtp_port']}",
            "NOTIFIER_MAIL_FROM": "notices@example.org",
            f"{channel}_TOKEN": TOKENS[messenger],
            f"{channel}_API_ROOT": url,
            f"{channel}_FILE_ROOT": url,
            f"{channel}_SECRET": "an-invented-secret-of-updates",
            f"{channel}_USERNAME": f"bimeyar_{audience}_bot",
            **ports,
            **changed,
        }
        store, memory = db.open_store(core, size=4), None
        stack.callback(store.bind.engine.dispose)
        if talks:
            env["BOTS_DATABASE_URL"] = stack.enter_context(
                templates.copied("bots", dialect, folder)
            )
            memory = db.open_store(env["BOTS_DATABASE_URL"], size=4)
            stack.callback(memory.bind.engine.dispose)
        hand = stack.enter_context(httpx.Client(base_url=url, timeout=PATIENCE))
        world = World(
            nursery, folder, dialect, store, memory, env, hand, witnessed, messenger, audience
        )
        try:
            yield world
        finally:
            for process in world.started:
                process.kill()


def _open_desk(
    nursery: Nursery,
    folder: Path,
    witnessed: Path,
    holders: Sequence[Holder],
    *,
    reports: str,
    audience: str,
) -> tuple[Process, Mapping[str, int]]:
    people = [
        {
            "id": one.national_code,
            "first_name": "مینا",
            "last_name": "آزمون",
            "phone": one.phone,
            "email": one.email,
            "language": "en",
        }
        for one in holders
    ]
    (folder / "people.json").write_text(json.dumps({"people": people}), encoding="utf-8")
    witnessed.touch()
    ready = folder / "doors.json"
    desk = nursery.start(
        "sandbox",
        *("--port", "0", "--smtp-port", "0", "--all-chats-open"),
        *(
            part
            for messenger, token in TOKENS.items()
            for part in ("--bot", f"{messenger}:{audience}:{token}:bimeyar_{audience}_bot")
        ),
        *("--country", str(folder), "--log", str(witnessed), "--ready-file", str(ready)),
        *("--report-url", reports, "--report-delay-ms", "100"),
        env={},
        log=folder / "desk.log",
    )
    until = time.monotonic() + PATIENCE
    while not ready.exists():
        if desk.poll() is not None or time.monotonic() > until:
            desk.kill()
            raise AssertionError(f"the desk does not open: {desk.said()}")
        time.sleep(0.005)
    return desk, json.loads(ready.read_text(encoding="utf-8"))


def _keys(file: Path) -> dict[str, str]:
    return {
        "API_KEYS": str(file),
        "API_BOTS_KEY": BOTS_KEY,
        "BOTS_KEYS": str(file),
        "BOTS_CORE_KEY": BOTS_KEY,
    }


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False
