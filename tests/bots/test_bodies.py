"""Fuzzed bodies at the doors of the messengers: answered, never with a fault of ours, and the next is kept."""

import gzip
import io
import json
import random
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bots.doors import SECRET_HEADER, Watched, doors
from bots.memory import Memory
from tests.bots import raws
from tests.bots.test_updates import LIBRARIES, an_adapter
from tests.support import luck

Door = TestClient[web.Request, web.Application]
SECRET = "an-invented-secret"
FEW, MANY = 150, 20_000
_LARGE = 1 << 20
_TYPES = (
    "application/json", "application/json; charset=utf-7", "application/json; charset=nothing",
    "text/plain", "multipart/form-data", "multipart/form-data; boundary=x", "image/png", "x", "",
    "application/x-www-form-urlencoded",
)  # fmt: skip
_BODIES = (
    b"", b"{", b"[]", b"7", b"null", b"\x00", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\xed\xa0\x80",
    b'{"update_id": 1e400}', b'{"update_id": NaN}', b'{"update_id": ' + b"9" * 5_000 + b"}",
    b'{"update_id": 1, "update_id": []}', b"[" * 100_000, b'{"a":' * 50_000, b"x" * 2_000_000,
)  # fmt: skip


@pytest.fixture
async def door(memory: Memory) -> AsyncIterator[Door]:
    async def ready() -> bool:
        return True

    watched = [
        Watched(one, SECRET, in_path=one.dialect.secret_in_path)
        for one in map(an_adapter, LIBRARIES)
    ]
    client = TestClient(TestServer(doors(memory.inbox.receive, watched, ready=ready)))
    await client.start_server()
    yield client
    await client.close()


async def test_no_body_is_broken_enough_for_a_fault_of_ours(door: Door, memory: Memory):
    await _brought(door, memory, FEW)


@pytest.mark.faults
@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_none_of_many_bodies_is(door: Door, memory: Memory):
    await _brought(door, memory, MANY)


async def _brought(door: Door, memory: Memory, count: int) -> None:
    """Bring each, and at once an update that is whole: that one is kept."""
    seed = luck.seed()
    chance = random.Random(seed)
    for turn in range(count):
        messenger = chance.choice(tuple(LIBRARIES))
        body, headers = _broken(chance, turn)
        where = f"seed {seed}, turn {turn}, {messenger}, {headers}, {body[:80]!r}"
        status = await _post(door, messenger, body, headers)
        assert status == 200 or 400 <= status < 500, f"{where}: {status}"
        before = await memory.inbox.waiting()
        whole = json.dumps(_whole(1_000_000 + turn)).encode()
        assert await _post(door, messenger, whole, {}) == 200, where
        assert await memory.inbox.waiting() == before + 1, where


async def _post(door: Door, messenger: str, body: bytes, headers: dict[str, str]) -> int:
    path = f"/{messenger}/employers"
    if messenger == "bale":
        path += f"/{SECRET}"
    given = {SECRET_HEADER: SECRET, "Content-Type": "application/json"} | headers
    # Of large bytes the client warns that they hold its loop up.
    data = io.BytesIO(body) if len(body) > _LARGE else body
    async with door.post(path, data=data, headers=given) as answer:
        return answer.status


def _broken(chance: random.Random, number: int) -> tuple[bytes, dict[str, str]]:
    """A body that is whole, cut, damaged, of another kind, or packed; and what is said of it."""
    body = json.dumps(raws.raw(chance, number)).encode()
    headers: dict[str, str] = {}
    match chance.randrange(8):
        case 0:
            body = body[: chance.randrange(len(body))]
        case 1:
            damaged = bytearray(body)
            for _bit in range(chance.randint(1, 8)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            body = bytes(damaged)
        case 2:
            body = chance.choice(_BODIES)
        case 3:
            body = json.dumps(_nested(number, chance.randint(1, 1_200))).encode()
        case 4:
            body = body.decode().encode(chance.choice(("utf-16", "utf-32", "utf-8-sig")))
        case 5:
            packed = chance.choice((gzip.compress(body), zlib.compress(body), body, b""))
            body, headers = packed, {"Content-Encoding": chance.choice(("gzip", "deflate"))}
    if chance.random() < 0.5:
        headers["Content-Type"] = chance.choice(_TYPES)
    return body, headers


def _nested(number: int, depth: int) -> dict[str, object]:
    """An update with something deep in it; built as text is, from the inside."""
    deep: object = "in"
    for _level in range(min(depth, 900)):
        deep = [deep]
    return {**_whole(number), "deep": deep}


def _whole(number: int) -> dict[str, object]:
    person = {"id": 12, "is_bot": False, "first_name": "م"}
    here = {"id": 12, "type": "private", "first_name": "م"}
    message = {"message_id": 1, "date": 1, "chat": here, "from": person, "text": "سلام"}
    return {"update_id": number, "message": message}
