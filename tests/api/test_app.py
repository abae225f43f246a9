"""The core as a process: its health, its pages, its refusal to start wrongly."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api import app as app_module
from api import db, migrations
from api.access import queries, service
from api.access.rules import ChatAddress, Level
from api.app import create_app
from api.db import Store
from api.kit.sealing import Keyring
from api.settings import Settings
from tests.conftest import new_database
from tests.support import core, make, ports


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path, dialect: str) -> str:
    """A database that the core's own migrations made."""
    folder = tmp_path / "store"
    folder.mkdir()
    url = new_database(request, dialect, folder)
    store = db.open_store(url)
    migrations.upgrade(store)
    store.bind.engine.dispose()
    return url


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "keys.json"
    Keyring.new().save(file)
    return file


async def test_live_asks_nobody():
    app = core.app(db.open_store("sqlite:////nonexistent/core.db"))
    async with core.doors(app) as doors:
        assert (await doors.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    "url", ["sqlite:////nonexistent/core.db", "postgresql://nobody@/x?host=/nonexistent"]
)
async def test_ready_is_red_where_there_is_no_store(url: str):
    async with core.doors(core.app(db.open_store(url))) as doors:
        answer = await doors.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


async def test_ready_is_red_within_a_second_when_the_store_hangs(
    monkeypatch: pytest.MonkeyPatch, migrated_url: str
):
    back = threading.Event()

    def hang(_connection: object) -> bool:
        return back.wait(20)

    monkeypatch.setattr(migrations, "is_ready", hang)
    store = db.open_store(migrated_url)
    async with core.doors(core.app(store)) as doors:
        began = time.monotonic()
        answers = await asyncio.gather(*(doors.get("/health/ready") for _ in range(3)))
        # A second on a quiet machine; surely less than the store hangs.
        assert time.monotonic() - began < 15
    assert [answer.status_code for answer in answers] == [503] * 3
    back.set()
    # The thread that was left behind gives its connection back before the pool is closed.
    while store.bind.engine.pool.checkedout():  # type: ignore[attr-defined]  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    store.bind.engine.dispose()


async def test_ready_goes_red_with_the_store_and_back_by_itself(migrated_url: str):
    app = create_app(core.settings(database_url=migrated_url), clock=core.Clock())
    async with (
        core.doors(app, X_Chat="telegram:employers:1") as doors,
        app.router.lifespan_context(app),
    ):
        assert (await doors.get("/health/ready")).status_code == 200
        with away(app, migrated_url):
            assert (await doors.get("/health/ready")).status_code == 503
            answer = await doors.get("/v1/access/me")
            assert (answer.status_code, answer.json()["code"]) == (503, "away")
        assert (await doors.get("/health/ready")).status_code == 200


@contextmanager
def away(app: FastAPI, url: str) -> Iterator[None]:
    """Take a database away for a while."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        folder = Path(str(parsed.database)).parent
        for store in (app.state.hub.store, app.state.probe.store):
            store.bind.engine.dispose()
        hidden = folder.rename(folder.with_name("hidden"))
        yield
        hidden.rename(folder)
        return
    admin = create_engine(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = parsed.database
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": name},
        )
        yield
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    admin.dispose()


async def test_store_of_an_older_schema_is_not_ready(migrated_url: str):
    store = db.open_store(migrated_url)
    behind(store)
    async with core.doors(core.app(store)) as doors:
        assert (await doors.get("/health/ready")).status_code == 503
    store.bind.engine.dispose()


def behind(store: Store) -> None:
    with store.writing("test") as session:
        session.execute(text("DELETE FROM alembic_version"))


async def test_store_of_a_newer_release_is_ready(migrated_url: str):
    store = db.open_store(migrated_url)
    with store.writing("test") as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'of_a_newer_release'"))
    async with core.doors(core.app(store)) as doors:
        assert (await doors.get("/health/ready")).status_code == 200
    store.bind.engine.dispose()


async def test_metrics_count_by_door_and_status(store: Store):
    async with core.doors(core.app(store)) as doors:
        await doors.get("/v1/organisation/today")
        page = (await doors.get("/metrics")).text
    assert 'api_requests_total{door="organisation.today",status="200"}' in page
    assert 'api_requests_waiting{line="all"} 0.0' in page
    assert "api_requests_inside 0.0" in page


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/debts/", 404, "not_found"),
        ("DELETE", "/v1/debts", 405, "method_not_allowed"),
        ("GET", "/v1/debts/none", 422, "invalid"),
    ],
)
async def test_what_is_no_door_is_answered_like_a_refusal(
    store: Store, method: str, path: str, status: int, code: str
):
    async with core.doors(core.app(store)) as doors:
        answer = await doors.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def operations(page: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in page["paths"].items()
        for method, operation in methods.items()
    }


def test_each_door_has_a_client_method_and_each_method_a_door(store: Store):
    def bare(path: str) -> str:
        return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))

    there = {(method, bare(path)) for method, path in operations(core.app(store).openapi())}
    assert {(door.method, bare(door.path)) for door in core.doors_of_the_client()} == there


def test_page_names_each_door_by_a_plain_word(store: Store):
    page = operations(core.app(store).openapi())
    for operation in page.values():
        feature, _, verb = operation["operationId"].partition(".")
        assert feature == operation["tags"][0]
        assert verb.isidentifier()
        assert operation["summary"][0].isupper()
        assert {"401", "422", "503"} <= set(operation["responses"])


BODIES: dict[str, Any] = {
    "access.end_person": None,
    "access.end_persons": None,
    "access.sign_in": None,
    "access.unlink": None,
    "access.unlink_everywhere": None,
    # Its body is a file: these bytes are none.
    "files.keep": {},
    "booklets.offer": {"kind": "first", "how": "registered"},
    "booklets.request": {"offer": str(db.new_id())},
    "contracts.register": {
        "rows": [
            {
                "number": "00000001",
                "national_code": "0012345679",
                "kind": "voluntary",
                "monthly_base": 1,
                "branch_code": "001",
                "starts_on": "1405-01",
            }
        ]
    },
    "contracts.remind": {"day": 1},
    "debts.close": None,
    "debts.register": {
        "rows": [
            {
                "number": "0000000000001",
                "workshop_code": "0010000001",
                "reason": "05",
                "period_from": "1405-01",
                "period_to": "1405-02",
                "principal": 1,
                "kind": "definite",
                "step": "notice",
                "issued_on": "2026-11-22",
                "due_on": "2026-11-22",
                "objection_until": "2026-12-22",
            }
        ]
    },
    "identity.add_person": {"national_code": "0012345679"},
    "identity.added_person": {"code": "123456"},
    "identity.ask_to_confirm": None,
    "identity.choose_pin": {"pin": "4831"},
    "identity.confirm": {"code": "123456"},
    "identity.unlock": {"pin": "4831"},
    "identity.claim": {"national_code": "0012345679", "phone": "+989990000001"},
    "identity.code": {"code": "123456"},
    "identity.fact": {"month": "1398-04"},
    "identity.resend": None,
    "identity.workplaces": None,
    "notices.check": {"code": "K7Q2-M4XD"},
    "notices.waits": {"messenger": "telegram", "audience": "employers", "seconds": 1},
    "payments.link": {"bills": [str(db.new_id())]},
    "payments.refund": None,
    "preferences.consent": {"on": True},
    "preferences.language": {"language": "fa"},
    "requests.satisfied": {"satisfaction": "neither"},
}
HOLES = {
    "bill": str(db.new_id()),
    "contract": str(db.new_id()),
    "credit": str(db.new_id()),
    "debt": str(db.new_id()),
    "claim_id": str(db.new_id()),
    "confirmation_id": str(db.new_id()),
    "code": "K7Q2-M4XD",
    "grant": str(db.new_id()),
    "number": "0" * 13,
    "year": "1405",
}
_REQUEST = {"number": "0" * 10}
HOLES_OF = {"requests.show": _REQUEST, "requests.satisfied": _REQUEST}


async def test_each_door_refuses_whom_it_is_not_for(store: Store):
    """Routes by personas: who may not enter is refused, the same whatever lies behind."""
    app = core.app(store)
    with store.writing("test") as session:
        key = service.new_key(session, name="poor", scopes=[], now=make.NOW)
        stranger = make.person(session)
        make.workshop(session, contacts=[stranger])
        other = service.link(
            session,
            chat=ChatAddress.parse("telegram:employers:2002"),
            person_id=stranger.id,
            masked_name="م*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )
        foreign = str(queries.lasting_grants(session, other.id)[0].id)
        make.dependant(session, of=stranger)
        family = service.link(
            session,
            chat=ChatAddress.parse("telegram:people:2002"),
            person_id=stranger.id,
            masked_name="م*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )
        child = str(queries.lasting_grants(session, family.id)[0].id)
        linked = make.person(session)
        for chat in ("telegram:employers:1001", "telegram:people:1001"):
            service.link(
                session,
                chat=ChatAddress.parse(chat),
                person_id=linked.id,
                masked_name="م*** آ***",
                language="fa",
                level=Level.CODE,
                now=make.NOW,
            )
    unlinked = {"X-Key": core.BOTS_KEY, "X-Chat": "telegram:employers:3003", "X-For": foreign}
    another = {"X-Key": core.BOTS_KEY, "X-Chat": "telegram:employers:1001", "X-For": foreign}
    anothers_child = {"X-Key": core.BOTS_KEY, "X-Chat": "telegram:people:1001", "X-For": child}
    machine = {"X-Key": key, "X-Chat": "telegram:employers:2002", "X-For": foreign}
    nobody = {"X-Key": "wrong", "X-Chat": "telegram:employers:2002", "X-For": foreign}
    probed = 0
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://c") as doors:
        for (method, path), operation in operations(app.openapi()).items():
            needs = {one["name"] for one in operation["parameters"] if one.get("required")}
            takes = {one["name"] for one in operation["parameters"]}
            name = operation["operationId"]

            async def knocked(
                who: dict[str, str], method: str = method, path: str = path, name: str = name
            ) -> tuple[int, str]:
                nonlocal probed
                probed += 1
                answer = await doors.request(
                    method,
                    path.format(**{**HOLES, **HOLES_OF.get(name, {})}),
                    headers={**who, "Idempotency-Key": f"k{probed}"},
                    json=None if method == "GET" else BODIES[name],
                    params={"city": "تهران", "purpose": "loss_paper"},
                )
                return answer.status_code, answer.json()["code"] if answer.is_error else ""

            assert await knocked(nobody) == (401, "not_known"), name
            assert await knocked(machine) == (403, "scope_missing"), name
            if "X-For" in takes:
                assert await knocked(unlinked) == (403, "not_linked"), name
                assert await knocked(another) == (404, "not_found"), name
                assert await knocked(anothers_child) == (404, "not_found"), name
            elif "X-Chat" in needs:
                assert await knocked(unlinked) == (403, "not_linked"), name
            elif "X-Chat" not in takes:
                assert await knocked(another) == (403, "scope_missing"), name
    assert probed > 30


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"{", {}),
        (b"{}", {}),
        (b"\xff\xfe{", {}),
        (b"x" * 2_000_000, {}),
        (b"{}", {"X-Chat": "no address of a chat"}),
        (b"{}", {"Idempotency-Key": ""}),
    ],
    ids=["torn", "empty", "no text", "too large", "chat of another form", "no idempotency key"],
)
async def test_stranger_learns_of_no_door_what_it_would_read(
    store: Store, content: bytes, shown: dict[str, str]
):
    app = core.app(store)
    probed = 0
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://c") as doors:
        for method, path in operations(app.openapi()):
            # Holes filled with what is no id: a path that cannot be read is no answer either.
            for key in ({}, {"X-Key": "wrong"}):
                answer = await doors.request(
                    method,
                    re.sub(r"{\w+}", "x", path),
                    content=None if method == "GET" else content,
                    headers={"content-type": "application/json", **shown, **key},
                )
                assert (answer.status_code, answer.json()["code"]) == (401, "not_known"), path
                probed += 1
    assert probed > 60


def refusal_to_start(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stopped:
        app_module.serve(settings)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_serving_needs_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    settings = core.settings(keys=tmp_path / "none.json")
    assert "keys new" in refusal_to_start(settings, capsys)


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody@/x?host=/nonexistent", "mysql://x/y", "sqlite:////nonexistent/core.db"],
)
def test_serving_needs_a_store(
    url: str, key_file: Path, capsys: pytest.CaptureFixture[str], own_keys: None
):
    settings = core.settings(keys=key_file, database_url=url)
    assert "API_DATABASE_URL" in refusal_to_start(settings, capsys)


def test_serving_needs_the_schema_of_this_code(
    migrated_url: str, key_file: Path, capsys: pytest.CaptureFixture[str], own_keys: None
):
    store = db.open_store(migrated_url)
    behind(store)
    store.bind.engine.dispose()
    settings = core.settings(keys=key_file, database_url=migrated_url)
    assert "python -m api migrate" in refusal_to_start(settings, capsys)


def test_serving_needs_a_free_port(
    migrated_url: str, key_file: Path, capsys: pytest.CaptureFixture[str], own_keys: None
):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = core.settings(keys=key_file, database_url=migrated_url, port=port)
        said = refusal_to_start(settings, capsys)
    assert f"Port {port}" in said
    assert "API_PORT" in said


@pytest.fixture
def own_keys() -> Iterator[None]:
    """Put the suite's keys back after a test that takes others in use."""
    ring, file = db._ring[:], db._ring_file[:]
    yield
    db._ring[:], db._ring_file[:] = ring, file


def test_process_serves_and_stops_cleanly(migrated_url: str, key_file: Path, dialect: str):
    # As a supervisor stops it, and as Ctrl-C does.
    by = signal.SIGTERM if dialect == "sqlite" else signal.SIGINT
    port = ports.a_free_one()
    environment = {
        **os.environ,
        "API_DATABASE_URL": migrated_url,
        "API_KEYS": str(key_file),
        "API_BOTS_KEY": core.BOTS_KEY,
        "API_PORT": str(port),
    }
    program = "from api.app import serve; from api.settings import Settings; serve(Settings())"
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as web:
            until(lambda: web.get("/health/ready").status_code == 200)
            # An open connection holds nothing up.
            process.send_signal(by)
            _, said = process.communicate(timeout=15)
    finally:
        process.kill()
        process.wait()
    assert process.returncode in {0, -by}
    assert "Traceback" not in said
    assert "web.ready" in said


def until(done: Callable[[], bool]) -> None:
    last = time.monotonic() + 60
    while True:
        try:
            if done():
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > last:
            raise TimeoutError
        time.sleep(0.1)


def test_an_answer_waits_for_no_acknowledgement_of_its_head():
    with (
        closing(app_module._listen("127.0.0.1", 0)) as listening,
        closing(socket.create_connection(listening.getsockname())),
        closing(listening.accept()[0]) as taken,
    ):
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
