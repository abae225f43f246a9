"""Requests made from the core's own OpenAPI page: each is answered as the page declares (G13).

Nothing may be a fault or a hang, and an answer of a status or code that the page does not name is a
fault of the page.
"""

import asyncio
import json
import random
import re
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.db import Store
from tests.api.test_app import HOLES, operations
from tests.bots.dialogues.house import GATEWAY
from tests.matrix import knocks
from tests.matrix.drawing import Drawing
from tests.matrix.town import settle
from tests.support import core, luck

SHORT, LONG, PARTS = 80, 5_000, 10
"""Requests on each of two stores; the long run is ten times so long. A transaction of a test holds
every lock of its requests, and PostgreSQL has room for those of some ten thousand."""
HANGS = 30.0
_keys = count(1)


@pytest.mark.parametrize(
    ("requests", "part"),
    [(SHORT, 0), *(pytest.param(LONG, part, marks=pytest.mark.faults) for part in range(PARTS))],
)
async def test_whatever_is_sent_is_answered_as_declared(
    requests: int, part: int, store: Store, record_property: Any
):
    seed = luck.seed() + part
    chance = random.Random(seed)
    app = core.app(store, core.Clock(), threads=1, **GATEWAY)
    with store.writing("test") as session:
        town = settle(session)
    page = app.openapi()
    asked = list(operations(page).items())
    people = [one for house in town.houses for one in knocks.personas(town, house)]
    known = {
        **{
            name: town.houses[0].self.things.get(thing, "") for name, thing in knocks.THINGS.items()
        },
        **HOLES,
    }
    wrong: list[str] = []
    statuses: set[int] = set()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://core") as doors:
        for number in range(requests):
            (method, path), operation = asked[number % len(asked)]
            drawing = Drawing(page, chance, spoils=chance.choice((0.0, 0.05, 0.3)))
            request = _request(
                drawing, chance, method=method, path=path, operation=operation, known=known
            )
            persona = chance.choice(people)
            undone = store.bind.begin_nested()  # type: ignore[union-attr]
            try:
                async with asyncio.timeout(HANGS):
                    answer = await doors.request(
                        method,
                        **request,
                        headers={
                            **persona.headers,
                            "Content-Type": "application/json",
                            "Idempotency-Key": chance.choice(("", "k", f"k{next(_keys)}")),
                        },
                    )
            except TimeoutError:
                wrong.append(f"hangs: {operation['operationId']} {request}")
                continue
            finally:
                undone.rollback()
            statuses.add(answer.status_code)
            fault = _fault(operation, answer)
            if fault:
                wrong.append(f"{fault}: {persona.name} {operation['operationId']} {request}"[:400])
    assert not wrong, "\n".join(sorted(wrong)[:20])
    assert {200, 401, 403, 422} <= statuses
    told = f"G13 {store.dialect}: {requests} requests drawn from the page, seed {seed}: 0 faults"
    record_property("told", told)


def _request(
    drawing: Drawing,
    chance: random.Random,
    *,
    method: str,
    path: str,
    operation: dict[str, Any],
    known: dict[str, str],
) -> dict[str, Any]:
    def hole(found: re.Match[str]) -> str:
        name = found[1]
        drawn = known.get(f"{operation['operationId']} {name}") or known.get(name, "")
        if not drawn or chance.random() < 0.3:
            schema = next(one["schema"] for one in operation["parameters"] if one["name"] == name)
            drawn = drawing.text(schema)
        return quote(drawn[:200] or "x", safe="", errors="replace")

    query = {
        one["name"]: drawing.value(one["schema"])
        for one in operation.get("parameters", ())
        if one["in"] == "query" and chance.random() < 0.9
    }
    said: dict[str, Any] = {
        "url": re.sub(r"{(\w+)}", hole, path),
        "params": {
            name: json.dumps(value) if isinstance(value, dict | list) else _text(value)
            for name, value in query.items()
        },
    }
    if method != "GET":
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or chance.random() < 0.05:
            said["content"] = drawing.raw()
        else:
            drawn = drawing.value(body["schema"], known)
            said["content"] = json.dumps(drawn).encode()
    return said


def _text(value: Any) -> str:
    return str(value).encode(errors="replace").decode()


def _fault(operation: dict[str, Any], answer: httpx.Response) -> str:
    """What is wrong with an answer by the page; nothing where all is well."""
    declared = operation["responses"].get(str(answer.status_code))
    # An address that a hole has made another one is no door's.
    if answer.status_code in {404, 405} and answer.json()["code"] in {
        "not_found",
        "method_not_allowed",
    }:
        return ""
    if answer.status_code >= 500 or declared is None:
        return f"{answer.status_code} {answer.text[:80]}"
    if answer.status_code < 400:
        return ""
    codes = declared["content"]["application/json"]["examples"]
    said = answer.json()
    if said["code"] not in codes or not isinstance(said["params"], dict):
        return f"{answer.status_code} {said} is none of {set(codes)}"
    return ""
