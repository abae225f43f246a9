"""The bots' doors: who may bring an update, and when it is acknowledged."""

import json
from collections.abc import AsyncIterator
from io import BytesIO
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bots import doors as doors_module
from bots.adapters.sms import SmsAdapter, SmsMouth
from bots.adapters.terminal import TerminalAdapter
from bots.doors import SECRET_HEADER, Watched, doors
from bots.memory import Memory
from bots.turns import Worker

Door = TestClient[web.Request, web.Application]
SECRET = "an-invented-secret"


@pytest.fixture
async def door(memory: Memory) -> AsyncIterator[Door]:
    async def ready() -> bool:
        return True

    watched = [
        Watched(_adapter("telegram", "employers"), SECRET),
        Watched(_adapter("telegram", "people"), ""),
        Watched(_adapter("bale", "employers"), SECRET, in_path=True),
        Watched(_adapter("bale", "people"), "", in_path=True),
    ]
    application = doors(memory.inbox.receive, watched, ready=ready)
    client = TestClient(TestServer(application))
    await client.start_server()
    yield client
    await client.close()


def _adapter(messenger: str, audience: str) -> TerminalAdapter:
    adapter = TerminalAdapter(audience, lambda _chat, _message: None)
    adapter.messenger = messenger
    return adapter


def an_update(number: int = 1) -> str:
    return json.dumps({"update_id": number, "chat": "7", "text": "سلام"})


async def test_an_update_is_acknowledged_when_it_is_kept(door: Door, memory: Memory):
    given = {SECRET_HEADER: SECRET}
    answer = await door.post("/telegram/employers", data=an_update(), headers=given)
    assert answer.status == 200
    assert await memory.inbox.waiting() == 1
    again = await door.post("/telegram/employers", data=an_update(), headers=given)
    assert again.status == 200
    assert await memory.inbox.waiting() == 1


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("employers", None),
        ("employers", ""),
        ("employers", "an-invented-secreT"),
        ("employers", "راز"),
        ("employers", SECRET * 300),
        ("employers", "\udcff\udcfe"),
        ("people", ""),
        ("nobody", SECRET),
    ],
)
async def test_a_forged_update_is_not_kept(
    door: Door, memory: Memory, path: str, secret: str | None
):
    headers = {} if secret is None else {SECRET_HEADER: secret}
    answer = await door.post(f"/telegram/{path}", data=an_update(), headers=headers)
    assert answer.status in {404, 400}
    assert await memory.inbox.waiting() == 0


async def test_a_secret_in_the_address_is_as_good_as_one_in_a_header(door: Door, memory: Memory):
    answer = await door.post(f"/bale/employers/{SECRET}", data=an_update())
    assert answer.status == 200
    assert await memory.inbox.waiting() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/bale/employers",
        "/bale/employers/",
        "/bale/employers/an-invented-secreT",
        "/bale/employers/%F0%9F",
        "/bale/employers/" + SECRET * 300,
        f"/bale/employers/{SECRET}/more",
        "/bale/people/",
        f"/bale/people/{SECRET}",
        f"/bale/nobody/{SECRET}",
        f"/telegram/employers/{SECRET}",
        f"/rubika/employers/{SECRET}",
    ],
)
@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: SECRET}])
async def test_a_forged_address_is_not_found(
    door: Door, memory: Memory, path: str, headers: dict[str, str]
):
    answer = await door.post(path, data=an_update(), headers=headers)
    assert answer.status == 404
    assert await memory.inbox.waiting() == 0


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "7", '{"update_id": "x"}', '{"update_id": 1e400}', "[" * 100_000, "\x00"],
)
async def test_what_is_no_update_is_refused_and_not_kept(door: Door, memory: Memory, body: str):
    answer = await door.post("/telegram/employers", data=body, headers={SECRET_HEADER: SECRET})
    assert answer.status == 400
    assert await memory.inbox.waiting() == 0


async def test_what_is_not_packed_as_it_says_is_refused(door: Door, line: Door):
    packed = {"Content-Encoding": "gzip"}
    given = {SECRET_HEADER: SECRET, **packed}
    answer = await door.post("/telegram/employers", data=b"{}", headers=given)
    assert answer.status == 400
    answer = await line.post(f"/sms/inbound/{SMS_SECRET}", data=b"a=b", headers=packed)
    assert answer.status == 400


async def test_too_much_is_refused(door: Door):
    answer = await door.post(
        "/telegram/employers", data=BytesIO(b"x" * 2_000_000), headers={SECRET_HEADER: SECRET}
    )
    assert answer.status == 413


async def test_nothing_is_acknowledged_while_the_memory_is_away(
    door: Door, memory: Memory, monkeypatch: pytest.MonkeyPatch
):
    async def away(*_change: object) -> int:
        raise OSError("no such host")

    monkeypatch.setattr(memory.store, "write", away)
    answer = await door.post(
        "/telegram/employers", data=an_update(), headers={SECRET_HEADER: SECRET}
    )
    assert answer.status == 503


async def test_health_and_figures_answer(door: Door):
    assert Worker.__name__ == "Worker", "whose figures these are"
    assert (await door.get("/health/live")).status == 200
    assert (await door.get("/health/ready")).status == 200
    assert "bots_turns" in await (await door.get("/metrics")).text()


SMS = {"messageid": "85000001", "from": "09990000501", "to": "10001420", "message": "سابقه"}
SMS_SECRET = "an-invented-sms-secret"


@pytest.fixture
async def line(memory: Memory) -> AsyncIterator[Door]:
    async def ready() -> bool:
        return True

    mouth = SmsMouth(TerminalAdapter("people", lambda _chat, _message: None).channel)
    application = doors(memory.inbox.receive, [], ready=ready, line=(SmsAdapter(mouth), SMS_SECRET))
    client = TestClient(TestServer(application))
    await client.start_server()
    yield client
    await client.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_sms_is_acknowledged_when_it_is_kept_and_kept_once(
    line: Door, memory: Memory, method: str
):
    given = {"params": SMS} if method == "GET" else {"data": SMS}
    for _push in range(2):
        answer = await line.request(method, f"/sms/inbound/{SMS_SECRET}", **given)  # type: ignore[arg-type]
        assert answer.status == 200
    assert await memory.inbox.waiting() == 1


@pytest.mark.parametrize("secret", ["", "x", SMS_SECRET[:-1], SMS_SECRET + "x", "راز", "%FF%FE"])
@pytest.mark.parametrize("path", ["inbound", "missed"])
async def test_a_forged_push_is_not_kept(line: Door, memory: Memory, path: str, secret: str):
    assert (await line.post(f"/sms/{path}/{secret}", data=SMS)).status == 404
    assert await memory.inbox.waiting() == 0


@pytest.mark.parametrize("sender", ["50001234", "IRANCELL", "+4915123456789", "02112345678"])
async def test_what_is_no_mobile_has_no_turn(line: Door, memory: Memory, sender: str):
    answer = await line.post(f"/sms/inbound/{SMS_SECRET}", data={**SMS, "from": sender})
    assert answer.status == 200
    assert await memory.inbox.waiting() == 0


@pytest.mark.parametrize("lacking", ["messageid", "from"])
async def test_a_push_that_names_nothing_is_refused(line: Door, memory: Memory, lacking: str):
    answer = await line.post(f"/sms/inbound/{SMS_SECRET}", data={**SMS, lacking: ""})
    assert answer.status == 400
    assert await memory.inbox.waiting() == 0


async def test_a_missed_call_is_kept_once_a_minute(
    line: Door, memory: Memory, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(doors_module, "time", SimpleNamespace(time=lambda: 60_000.0))
    for _push in range(2):
        answer = await line.get(f"/sms/missed/{SMS_SECRET}", params={"from": "0999 000 0501"})
        assert answer.status == 200
    assert await memory.inbox.waiting() == 1


def test_a_number_is_one_chat_however_it_is_written():
    adapter = SmsAdapter(SmsMouth(TerminalAdapter("people", lambda _c, _m: None).channel))
    numbers = ("09990000501", "+989990000501", "989990000501", "9990000501", "۰۹۹۹۰۰۰۰۵۰۱")
    assert {adapter.chat_of({"from": one}) for one in numbers} == {"+989990000501"}
