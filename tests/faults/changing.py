"""A release follows another: the previous one works on while the schema becomes the new one's.

The previous release is what the repository held before its newest schema; its tree is taken out of
the history and its own processes serve. Requests come all the time, the migration is killed on its
way and typed again, then the new release serves beside the old one and goes on alone. What was
answered with success must be in the store at the end.
"""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
from alembic.script import ScriptDirectory
from sqlalchemy import create_mock_engine, select
from sqlalchemy.engine import make_url

from api import db
from api.db import Base
from api.debts.models import Debt
from api.kit import revisions
from tests.faults.restoring import Empty
from tests.faults.world import PATIENCE, Opener, World
from tests.support import make, models
from tests.support.ports import free

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = "api/migrations/versions"
HANDS = 4
KILLS = 5
_CHANCES = 5
"""How often a test that failed is asked again."""
DIALECTS: Mapping[str, str] = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}
_REGISTRY = {
    "branches": "branch_code,kind,name,province,city,address,phone,hours,latitude,longitude\n"
    "101,branch,شعبهٔ یک,تهران,تهران,خیابان ناپیدا,02100000000,۷ تا ۱۵,,\n",
    "employers": "employer_no,kind,name\n{employer},legal,نان سحر\n",
    "workshops": "workshop_code,employer_no,branch_code,name,activity,address,registered_on,active\n"
    "{workshop},{employer},101,نان سحر,نانوایی,خیابان ناپیدا,1400/01/15,yes\n",
}


@dataclass
class Outcome:
    """What came of the requests; `again` were answered *not now* and asked again."""

    accepted: int
    lost: int
    failed: Sequence[str]
    again: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.accepted} requests accepted while the schema changed under {KILLS} kills:"
            f" lost {self.lost}, failed {len(self.failed)}, asked again {self.again}"
            f"  in {self.seconds:.0f} s"
        )


def previous(folder: Path) -> Path:
    """Take the previous release out of the history; gives the root of its tree.

    It is the newest that stood on a schema which ours has grown out of: its migrations are the
    first of our own, as they are today. AssertionError where the history knows none.
    """
    ours = _migrations("HEAD")
    chain = ScriptDirectory.from_config(revisions.config(ROOT / "api" / "migrations"))
    order = [Path(one.path).name for one in chain.walk_revisions()][::-1]
    commits = _git("log", "--format=%H", "--", VERSIONS).decode().split()
    for commit in commits:
        theirs = _migrations(commit)
        older = order[: len(theirs)]
        if len(theirs) < len(ours) and theirs == {name: ours[name] for name in older}:
            return _taken_out(commit, folder / "previous")
    raise AssertionError("the history knows no release before this one: is it a whole clone?")


def _migrations(commit: str) -> dict[str, str]:
    """Give the files of a commit's migrations, each with what it holds."""
    lines = _git("ls-tree", commit, f"{VERSIONS}/").decode().splitlines()
    return {line.rpartition("/")[2]: line.split()[2] for line in lines if line.endswith(".py")}


def _taken_out(commit: str, tree: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", commit))) as packed:
        packed.extractall(tree, filter="data")
    for compiled in (ROOT / "locales").glob("*/LC_MESSAGES/*.mo"):
        shutil.copy(compiled, tree / compiled.relative_to(ROOT))
    return tree


def its_tests(tree: Path, tests: Sequence[str]) -> str:
    """Run tests of a tree on today's tables; gives their last line.

    A test that passes when it is asked again hangs on chance, and one that fails on its own tables
    too has something else: both say nothing of ours. AssertionError for any other that fails.
    """
    schema = tree / "newer.json"
    schema.write_text(json.dumps({one: _statements(url) for one, url in DIALECTS.items()}))
    plugin = Path(__file__).with_name("newer_schema.py")
    shutil.copy(plugin, tree / plugin.name)
    newer = partial(_ran, tree, {"NEWER_SCHEMA": str(schema)}, "-p", "newer_schema")
    said = newer(*tests)
    failed = _failed(said)
    assert failed or said.returncode == 0, said.stdout[-4000:]
    for _again in range(_CHANCES):
        if failed:
            failed &= _failed(newer(*sorted(failed)))
    ours = failed - _failed(_ran(tree, {}, *sorted(failed))) if failed else failed
    assert not ours, said.stdout[-4000:]
    return said.stdout.strip().splitlines()[-1]


def _ran(tree: Path, more: Mapping[str, str], *arguments: str) -> CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not faults", *arguments],
        cwd=tree,
        env={**os.environ, **more, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


def _failed(said: CompletedProcess[str]) -> set[str]:
    """The names of the tests that failed or could not begin."""
    lines = said.stdout.splitlines()
    return {
        line.split(" ", 1)[1].split(" - ")[0]
        for line in lines
        if line.startswith(("FAILED ", "ERROR "))
    }


def run(open_world: Opener, empty: Empty, dialect: str, requests: int) -> Outcome:
    """Change the release under load."""
    begun = time.monotonic()
    world = open_world(dialect)
    tree = previous(world.folder)
    with ExitStack() as stack:
        took = _length(world)
        (world.folder / "empty").mkdir()
        address = stack.enter_context(empty("api", dialect, world.folder))
        world.env["API_DATABASE_URL"] = address
        old = Release(tree, world)
        key = old.arranged()
        stack.enter_context(old.serving())
        load = Load([old.url], key, old.workshop)
        stack.enter_context(load.going_on())
        load.until(requests // 4)
        _migrate_under_fire(world, took)
        load.until(requests // 2)
        web = world.start("web")
        world.ready("web")
        load.doors = [old.url, world.env["API_PUBLIC_URL"]]
        load.until(3 * requests // 4)
        load.doors = load.doors[1:]
        old.stop()
        load.until(requests)
        load.end()
        web.stop()
        store = db.open_store(address)
        stack.callback(store.bind.engine.dispose)
        with store.reading() as session:
            kept = set(session.scalars(select(Debt.number)))
    return Outcome(
        len(load.accepted),
        len(load.accepted - kept),
        load.failed,
        load.again,
        time.monotonic() - begun,
    )


@dataclass
class Release:
    """The previous release, at work on a world's store with its own code."""

    tree: Path
    world: World
    workshop: str = "0183630045"
    employer: str = "14002300037"
    _web: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.port = str(free(1)[0])
        self.url = f"http://127.0.0.1:{self.port}"

    def arranged(self) -> str:
        """Make the store, load a workplace, and give a program's key."""
        self._run("migrate")
        for kind, rows in _REGISTRY.items():
            file = self.world.folder / f"{kind}.csv"
            file.write_text(
                rows.format(employer=self.employer, workshop=self.workshop), encoding="utf-8"
            )
            self._run("load", kind, str(file))
        return self._run("machines", "add", "loader", "--scope", "debts").split()[-1]

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve until `stop`, or the end."""
        self._web = subprocess.Popen(
            [sys.executable, "-m", "api", "serve"], cwd=self.tree, env=self._env()
        )
        try:
            self.world.until(self._is_ready, "the previous release is ready")
            yield
        finally:
            self._web.kill()
            self._web.wait()

    def stop(self) -> None:
        assert self._web is not None
        self._web.terminate()
        assert self._web.wait(PATIENCE) in {0, -signal.SIGTERM}

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health/ready").status_code == 200
        return False

    def _run(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "api", *arguments],
            cwd=self.tree,
            env=self._env(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def _env(self) -> dict[str, str]:
        return {**self.world.env, "API_PORT": self.port, "API_PUBLIC_URL": self.url}


@dataclass
class Load:
    """Programs that load a debt a request, each until it was taken."""

    doors: Sequence[str]
    key: str
    workshop: str
    accepted: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    again: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _hands: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        for hand in range(HANDS):
            thread = threading.Thread(target=self._bring, args=(hand,), daemon=True)
            self._hands.append(thread)
            thread.start()
        try:
            yield
        finally:
            self.end()

    def until(self, count: int) -> None:
        """Wait until so many were accepted; AssertionError when they come no more."""
        seen, at = len(self.accepted), time.monotonic()
        while len(self.accepted) < count:
            time.sleep(0.05)
            if len(self.accepted) > seen:
                seen, at = len(self.accepted), time.monotonic()
            assert time.monotonic() - at < PATIENCE, f"{seen} of {count}; {self.failed[:3]}"

    def end(self) -> None:
        self._over.set()
        for thread in self._hands:
            thread.join(PATIENCE)

    def _bring(self, hand: int) -> None:
        with httpx.Client(headers={"X-Key": self.key}, timeout=PATIENCE) as http:
            number = hand
            while not self._over.is_set():
                name = f"{number:013d}"
                doors = self.doors
                if self._taken(http, name, doors[number % len(doors)]):
                    number += HANDS

    def _taken(self, http: httpx.Client, name: str, door: str) -> bool:
        try:
            answer = http.put(
                f"{door}/v1/debts",
                json={"rows": [make.debt_row(self.workshop, number=name)]},
                headers={"Idempotency-Key": name},
            )
        except httpx.TransportError:
            # A door that has just closed: another one is asked.
            self.again += 1
            return False
        if answer.status_code == httpx.codes.OK and answer.json()["loaded"] == 1:
            self.accepted.add(name)
            return True
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.again += 1
            time.sleep(float(answer.headers.get("Retry-After", "1")))
            return False
        self.failed.append(f"{answer.status_code} {answer.text[:200]}")
        return True


def _migrate_under_fire(world: World, took: float) -> None:
    """Type the new release's migration until it ends, killed at times spread over its length."""
    for kill in range(KILLS):
        dying = world.run("api", "migrate")
        time.sleep(took * (kill + 0.5) / KILLS)
        dying.kill()
    whole = world.run("api", "migrate")
    assert whole.wait(PATIENCE) == 0, whole.said()


def _length(world: World) -> float:
    """How many seconds a migration takes that has nothing left to do."""
    began = time.monotonic()
    idle = world.run("api", "migrate")
    assert idle.wait(PATIENCE) == 0, idle.said()
    return time.monotonic() - began


def _statements(url: str) -> list[str]:
    """Say how today's tables are made."""
    models.import_all()
    said: list[str] = []
    dialect = make_url(url).get_dialect()()

    def say(made: Any, *_arguments: Any, **_named: Any) -> None:
        said.append(str(made.compile(dialect=dialect)))

    Base.metadata.create_all(create_mock_engine(url, say), checkfirst=False)
    return said


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout
