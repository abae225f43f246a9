"""Every door of the core by every persona with everybody's things."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from api.access.callers import Anyone, Linked
from api.db import Store
from tests.bots.dialogues.house import GATEWAY
from tests.matrix import knocks
from tests.matrix.knocks import Knock, Route
from tests.matrix.town import Town, settle
from tests.support import core, luck

MOST = 10_000
"""Probes of the long run, on each of two stores."""
SHORT = 100
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_keys = count(1)


@dataclass(frozen=True)
class Answer:
    """What somebody learns of a knock: the answer itself, and what it cost."""

    status: int
    body: str
    cost: tuple[str, ...]

    @property
    def code(self) -> str:
        found = re.search(r'"code":"(\w+)"', self.body)
        return found[1] if found and self.status >= 400 else ""


@dataclass
class Matrix:
    """The town, and everybody knocking in it; what a knock has done is undone."""

    store: Store
    app: FastAPI
    town: Town
    doors: httpx.AsyncClient
    routes: list[Route]
    probes: int = 0
    leaks: list[str] = field(default_factory=list)
    entered: Counter[str] = field(default_factory=Counter)
    """Who came in, by door and persona."""
    owned: set[tuple[str, str]] = field(default_factory=set)
    """The slots, by door, in which a thing of one's own was answered otherwise than none."""
    _statements: list[str] = field(default_factory=list)

    async def probe(self, knock: Knock) -> None:
        """Knock, hold the answer against what is due, and against that to things that never were."""
        answer = await self._knocked(knock)
        said = f"{knock}: {answer.status} {answer.body[:120]}"
        # A door that refuses all must not look safe: its fault is none of the refusals due.
        if answer.status >= 500:
            self.leaks.append(f"fault: {said}")
        due = knocks.refusal(knock.route, knock.persona)
        if knock.grant is None:
            self._judge_entry(knock, answer, due, said)
        self._judge_marks(knock, answer, said)
        if knock.is_strange and knock.route.name not in knocks.PUBLIC:
            if knock.grant is not None and answer.status < 400:
                self.leaks.append(f"entered: {said}")
            if await self._knocked(knock.without_strangers()) != answer:
                self.leaks.append(f"told apart: {said}")
        own = {slot for slot, (how, _thing) in knock.filled.items() if how == "own"}
        if own and due is None and not knock.is_strange:
            none = await self._knocked(knock.without_own())
            self.owned |= {(knock.route.name, slot) for slot in own if none != answer}

    def _judge_entry(
        self, knock: Knock, answer: Answer, due: tuple[int, str] | None, said: str
    ) -> None:
        if due is None:
            known = set() if knock.route.caller is Anyone else {"not_linked"}
            if answer.code in {"not_known", "scope_missing", "grant_ended", *known}:
                self.leaks.append(f"locked out: {said}")
            self.entered[f"{knock.route.name} {knock.persona.name}"] += 1
        elif (answer.status, answer.code) != due:
            self.leaks.append(f"not refused with {due}: {said}")

    def _judge_marks(self, knock: Knock, answer: Answer, said: str) -> None:
        own = knock.persona.house
        may = set() if knock.grant is not None else knocks.visible(knock.route, knock.persona)
        named = {thing for _how, thing in knock.filled.values()}
        for house in self.town.houses:
            for name, party in house.parties.items():
                if house is own and name in may:
                    continue
                found = [one for one in party.marks - named if one in answer.body]
                if found:
                    self.leaks.append(f"of {name} of house {house.number} {found[:3]}: {said}")

    async def _knocked(self, knock: Knock) -> Answer:
        self.probes += 1
        self._statements.clear()
        body, query = knock.body(), knock.query()
        is_file = isinstance(body, bytes)
        undone = self.store.bind.begin_nested()  # type: ignore[union-attr]
        try:
            answer = await self.doors.request(
                knock.route.method,
                knock.path(),
                params=query,
                content=body if is_file else None,
                json=None if is_file else body,
                headers={**knock.headers(), "Idempotency-Key": f"k{next(_keys)}"},
            )
        finally:
            undone.rollback()
        # A file that is drawn is of the one it was asked for; its bytes hold the time.
        drawn = answer.headers.get("content-type", "").startswith(("image/", "application/pdf"))
        text = (
            "a file" if drawn else _ID.sub("an id", answer.text) if _is_new(knock) else answer.text
        )
        return Answer(answer.status_code, text, tuple(self._statements))


def _is_new(knock: Knock) -> bool:
    """Whether the answer names a thing that this very request has made."""
    return knock.route.name in {"identity.claim", "identity.add_person"}


@contextmanager
def counting(store: Store, statements: list[str]) -> Iterator[None]:
    """Note every statement on a store."""

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(re.sub(r"sa_savepoint_\d+", "a savepoint", statement))

    event.listen(store.bind, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(store.bind, "before_cursor_execute", note)


@pytest.fixture
async def matrix(store: Store) -> Any:
    # One request at a time: a single thread of the pool.
    app = core.app(store, core.Clock(), threads=1, **GATEWAY)
    with store.writing("test") as session:
        town = settle(session)
    statements: list[str] = []
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://core") as doors:
        with counting(store, statements):
            yield Matrix(store, app, town, doors, knocks.routes(app), _statements=statements)


async def probed(matrix: Matrix, wanted: Iterable[Knock], most: int) -> None:
    for knock in wanted:
        await matrix.probe(knock)
        if matrix.probes >= most:
            break
    assert not matrix.leaks, "\n".join(sorted(set(matrix.leaks))[:40])


def test_each_thing_that_a_request_names_is_known_to_be_somebodys_or_nobodys(store: Store):
    """A door or a field that is added is not without its probes."""
    app = core.app(store)
    found = knocks.routes(app)
    assert {one.operation_id for one in knocks.doors()} == {one.name for one in found}
    assert {one.name: one.unknown() for one in found if one.unknown()} == {}
    used = {word for one in found for name in one.fields for word in (name, f"{one.name} {name}")}
    assert {*knocks.THINGS, *knocks.PLAIN} <= used
    assert set(knocks.PUBLIC) <= {one.name for one in found}


async def test_nobody_sees_what_is_anothers(matrix: Matrix):
    chance = random.Random(luck.seed())
    wanted = list(knocks.every(matrix.town, matrix.routes))
    chance.shuffle(wanted)
    await probed(matrix, wanted, SHORT)
    assert matrix.probes >= SHORT


@pytest.mark.faults
async def test_nobody_sees_what_is_anothers_in_twenty_thousand_probes(
    matrix: Matrix, record_property: Any
):
    seed = luck.seed()
    await probed(matrix, knocks.every(matrix.town, matrix.routes), MOST)
    each = matrix.probes
    # What belongs to somebody is there for them: a door that shows nothing to anybody leaks nothing.
    assert matrix.owned >= {
        (route.name, slot) for route in matrix.routes for slot in route.slots if _shows(route, slot)
    }
    assert {key.partition(" ")[0] for key in matrix.entered} == {one.name for one in matrix.routes}
    left = knocks.at_random(matrix.town, matrix.routes, random.Random(seed))
    await probed(matrix, islice(left, MOST), MOST)
    told = (
        f"G12 {matrix.store.dialect}: {matrix.probes} probes ({each} in turn), seed {seed}: 0 leaks"
    )
    record_property("told", told)


def _shows(route: Route, slot: str) -> bool:
    """Whether a thing of one's own is answered otherwise than none."""
    # Whom somebody names is answered alike on purpose, and a claim is of the chat that made it.
    return (
        issubclass(route.caller, Linked)
        and slot != "national_code"
        and route.thing(slot) != "claim"
    )
