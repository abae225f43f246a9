"""The client knocks at the real core, and raises what the core refuses."""

import asyncio
import importlib
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from pydantic import TypeAdapter
from sqlalchemy import select

import api
import api.client
from api.access import queries, service
from api.access.refusals import GrantEnded, NotLinked, OtherBodySameKey
from api.access.rules import ChatAddress, Level
from api.client import Core, knock
from api.client.knock import Knock
from api.db import Store
from api.debts.rules import Kind, Step
from api.debts.schemas import DebtIn
from api.errors import NotFound, NotKnown, TooMany, Unavailable
from api.identity.refusals import WrongFact
from api.kit.language import Language
from api.notices.models import Notice
from tests.support import core, make

CHAT = "telegram:employers:1001"


@contextmanager
def knocking(
    key: str | None = None, grant: UUID | None = None, chat: str | None = CHAT
) -> Iterator[None]:
    token = knock.current.set(Knock(chat=chat, grant=grant, key=key, language="en"))
    try:
        yield
    finally:
        knock.current.reset(token)


@dataclass(frozen=True)
class World:
    """A core, and a linked contact of a workplace that owes something."""

    hub: core.Running
    national_code: str
    workshop_code: str
    debt: UUID
    grant: UUID
    machine: str


@pytest.fixture
def world(fresh_store: Store) -> Iterator[World]:
    with core.running(fresh_store) as hub, fresh_store.writing("test") as session:
        make.rules(session)
        person = make.person(session, phone="+989990000451")
        branch = make.branch(session, name="شعبه یک", city="تهران")
        workshop = make.workshop(session, contacts=[person], branch=branch)
        debt = make.debt(session, workshop=workshop)
        link = service.link(
            session,
            chat=ChatAddress.parse(CHAT),
            person_id=person.id,
            masked_name="م*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )
        grant = queries.lasting_grants(session, link.id)[0].id
        machine = service.new_key(session, name="ledger", scopes=["debts"], now=make.NOW)
        made = World(hub, person.national_code, workshop.code, debt.id, grant, machine)
        session.commit()
        yield made


async def test_identity_is_proved_through_the_client(world: World):
    chat = "telegram:employers:2002"
    async with world.hub.client() as ours:
        with knocking(key="1", chat=chat):
            claim = await ours.identity.claim(
                national_code=world.national_code, phone="+989990000451"
            )
        with knocking(key="2", chat=chat):
            sent = await ours.identity.fact(claim=claim.id, month="1398-04")
        assert sent.to == "0999•••0451"
        world.hub.clock.now += timedelta(minutes=1)
        with knocking(key="3", chat=chat):
            await ours.identity.resend(claim=claim.id)
        with world.hub.store.reading() as session:
            told = select(Notice).where(Notice.template == "link_code").order_by(Notice.id.desc())
            code = json.loads(str(session.scalars(told.limit(1)).one().secret))["code"]
        with knocking(key="4", chat=chat):
            welcome = await ours.identity.code(claim=claim.id, code=code)
        with knocking(chat=chat):
            me = await ours.access.me()
    assert me.linked
    assert (me.language, me.grants) == ("en", welcome.grants)


async def test_linked_chat_reads_through_the_client(world: World):
    async with world.hub.client() as ours:
        with knocking(grant=world.grant):
            assert [one.id for one in (await ours.access.me()).grants] == [world.grant]
            assert (await ours.organisation.today()).day == make.TODAY
            assert (await ours.organisation.services()).day == make.TODAY
            assert (await ours.organisation.branch()).name == "شعبه یک"
            assert len((await ours.organisation.branches(city="تهران")).items) == 1
            assert [one.id for one in (await ours.debts.mine()).items] == [world.debt]
            shown = await ours.debts.show(debt=world.debt)
            assert sum(line.amount for line in shown.lines) == shown.total
            assert (await ours.notices.mine()).items
            with pytest.raises(NotFound):
                await ours.notices.opened(code="0000-0000")


async def test_linked_chat_changes_things_through_the_client(world: World):
    async with world.hub.client() as ours:
        with knocking(key="1"):
            assert (await ours.preferences.language(language=Language.EN)).language == "en"
        with knocking(key="2"):
            assert (await ours.preferences.consent(on=False)).consent is False
        with knocking(key="3"):
            assert (await ours.notices.check(code="K7Q2-M4XD")).genuine is False
        with knocking(key="4"):
            await ours.notices.waits(messenger="telegram", audience="employers", seconds=30)
        with knocking():
            await ours.access.me()
        assert ours.wait_until == {("telegram", "employers"): make.NOW + timedelta(seconds=30)}
        world.hub.clock.now += timedelta(seconds=31)
        with knocking(key="5"):
            await ours.access.unlink()
        assert ours.wait_until == {}
        with knocking(grant=world.grant), pytest.raises(GrantEnded):
            await ours.debts.mine()


async def test_machine_registers_and_closes_debts_through_the_client(world: World):
    row = DebtIn(
        number="0000000099999",
        workshop_code=world.workshop_code,
        reason="05",
        period_from="1405-01",
        period_to="1405-02",
        principal=1000,
        kind=Kind.DEFINITE,
        step=Step.NOTICE,
        issued_on=make.TODAY,
        due_on=make.TODAY,
        objection_until=make.TODAY,
    )
    async with world.hub.client(world.machine) as theirs:
        with knocking(key="1", chat=None):
            assert (await theirs.debts.register(rows=[row])).loaded == 1
        with knocking(key="2", chat=None):
            await theirs.debts.close(number=row.number)


async def test_refusals_come_back_as_their_own_class(fresh_store: Store):
    with core.running(fresh_store) as hub:
        async with hub.client() as ours:
            with knocking(), pytest.raises(NotLinked):
                await ours.notices.mine()
            with knocking(key="1"):
                claim = await ours.identity.claim(
                    national_code=make.new_national_code(), phone="+989990000001"
                )
            with knocking(key="2"), pytest.raises(WrongFact) as wrong:
                await ours.identity.fact(claim=claim.id, month="1398-04")
            assert wrong.value.params == {"left": 4}
            with knocking(key="2"), pytest.raises(OtherBodySameKey):
                await ours.identity.fact(claim=claim.id, month="1398-05")
        async with hub.client("a wrong key") as stranger:
            with knocking(), pytest.raises(NotKnown):
                await stranger.access.me()


@asynccontextmanager
async def answering(said: bytes | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers everything with these bytes, or never."""
    heard: list[bytes] = []
    serving: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        try:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.IncompleteReadError:
            # Somebody who looks for another at this port, which was theirs a moment ago.
            writer.close()
            return
        if said is None:
            await reader.read()
        else:
            writer.write(said)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", heard
        await asyncio.gather(*(one for one in serving if one))


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("said", "reason", "retry_after"),
    [
        (http("503 No", b'{"code": "busy", "params": {}}', "Retry-After: 7"), "busy", 7),
        (http("503 No", b'{"code": "away", "params": {}}', "Retry-After: soon"), "away", 1),
        (
            http("409 No", b'{"code": "still_running", "params": {}}', "Retry-After: 2"),
            "still_running",
            2,
        ),
        (http("500 No", b'{"code": "fault", "params": {"event": "x"}}'), "fault", 1),
        (http("502 No", b"<html>"), "status_502", 1),
        (http("404 No", b"<html>"), "status_404", 1),
        (http("404 No", b'["code"]'), "status_404", 1),
        (http("302 No", b"", "Location: http://elsewhere/"), "status_302", 1),
        (http("200 OK", b'{"linked": "perhaps"}'), "answer_not_understood", 1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", "connection: ClientPayloadError", 1),
        (b"", "connection: ServerDisconnectedError", 1),
        (None, "timeout", 1),
    ],
)
async def test_what_is_no_answer_is_unavailable(
    said: bytes | None, reason: str, retry_after: float
):
    # Only who never answers is waited for in vain; a busy machine may take its time to answer.
    patience = 0.3 if said is None else 30
    async with answering(said) as (url, _), Core(url, "k", timeout_seconds=patience) as ours:
        with knocking(), pytest.raises(Unavailable) as away:
            await ours.access.me()
    assert (away.value.reason, away.value.retry_after) == (reason, retry_after)


async def test_dead_port_is_unavailable():
    async with Core("http://127.0.0.1:1", "k") as ours:
        with pytest.raises(Unavailable, match="connection"):
            await ours.access.me()


async def test_refusal_of_a_newer_core_falls_back_to_its_family():
    said = http("429 No", b'{"code": "brand_new", "params": {"wait_seconds": 3}}')
    async with answering(said) as (url, _), Core(url, "k") as ours:
        with pytest.raises(TooMany) as refused:
            await ours.access.me()
    assert refused.value.params == {"wait_seconds": 3}


async def test_the_core_is_asked_whether_it_is_ready(world: World):
    async with Core(world.hub.url, "no key is needed") as ours:
        # The tables of this one were made by no migration, so that it says no.
        # As before anybody has knocked.
        assert (ours.is_away, await ours.is_ready(), ours.is_away) == (True, False, True)
    async with answering(http("200 OK", b'{"ready": true}')) as (url, heard), Core(url, "") as ours:
        assert (ours.is_away, await ours.is_ready(), ours.is_away) == (True, True, False)
        assert heard[0].startswith(b"GET /health/ready ")


@pytest.mark.parametrize(
    ("said", "is_away"),
    [
        (http("503 No", b"{}"), True),
        (http("502 No", b"<html>"), True),
        (http("500 No", b"{}"), False),
        (b"", True),
        (None, True),
    ],
)
async def test_who_cannot_answer_is_away_and_not_ready(said: bytes | None, *, is_away: bool):
    async with answering(said) as (url, _), Core(url, "k") as ours:
        assert not await ours.is_ready()
        assert ours.is_away is is_away


async def test_headers_come_from_the_context():
    grant = UUID(int=7)
    async with answering(http("204 OK")) as (url, heard), Core(url + "/", "the key") as ours:
        with knocking(key="talk.7.send", grant=grant):
            await ours.access.unlink()
        with pytest.raises(Unavailable):
            await ours.access.me()
    first, second = (one.decode().lower() for one in heard)
    assert first.startswith("post /v1/access/unlink http/1.1")
    for line in (
        "x-key: the key",
        f"x-chat: {CHAT}",
        f"x-for: {grant}",
        "idempotency-key: talk.7.send",
        "accept-language: en",
    ):
        assert line in first
    for name in ("x-chat", "x-for", "idempotency-key", "accept-language:"):
        assert name not in second


async def test_arguments_of_a_path_are_quoted():
    async with answering(http("404 No", b"{}")) as (url, heard), Core(url, "k") as ours:
        with pytest.raises(Unavailable):
            await ours.notices.opened(code="../../x?y")
    assert heard[0].startswith(b"GET /v1/notices/opened/..%2F..%2Fx%3Fy HTTP")


def methods() -> list[Callable[..., Awaitable[object]]]:
    ours = Core("http://x", "k")
    parts = [
        part
        for part in vars(ours).values()
        if type(part).__module__.startswith("api.client.") and hasattr(part, "knock")
    ]
    return [
        method
        for part in parts
        for _, method in inspect.getmembers(part, inspect.iscoroutinefunction)
        if not method.__name__.startswith("_")
    ]


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.__qualname__)
def test_result_can_be_rebuilt_by_the_methods_type(method: Callable[..., Awaitable[object]]):
    hints = get_type_hints(method)
    assert TypeAdapter(hints.pop("return")).json_schema()
    for parameter in inspect.signature(method).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY


def test_client_has_a_door_for_each_method():
    assert len(methods()) == len(core.doors_of_the_client())


def test_client_knows_every_refusal():
    there = {
        importlib.import_module(f"api.{path.parent.name}.refusals")
        for path in Path(api.__path__[0]).glob("*/refusals.py")
    }
    assert set(api.client.REFUSALS) == there
