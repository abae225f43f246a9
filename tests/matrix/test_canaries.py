"""Canaries: what people bring in is found again in no log, figure, refusal or byte of a store (G19).

What a column keeps in clear by design (names, amounts, what a workplace is called) is none of them:
docs/decisions/0011-sealed-columns.md. Logs are watched in the whole suite (`tests.support.watch`).
"""

import logging
import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from itertools import count
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.db import Base, Store
from api.kit import logs
from bots.inbox import Update
from bots.memory import Memory
from bots.tables import metadata
from tests.bots.dialogues.house import GATEWAY
from tests.support import core, make, papers, paying

OF_EACH = 12
"""Canaries of a person."""
_keys = count(1)


@dataclass
class Nest:
    """All canaries, and where each answer of an error went."""

    canaries: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def one(self, canary: str) -> str:
        self.canaries.append(canary)
        return canary

    def word(self, kind: str) -> str:
        """A word that is nowhere else."""
        return self.one(f"{kind}{secrets.token_hex(8)}")

    def found_in(self, content: bytes) -> list[str]:
        """The canaries that stand in bytes, in either script's digits."""
        shown = content.decode(errors="replace").translate(_LATIN)
        return [one for one in self.canaries if one.removeprefix("+") in shown]


_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


@pytest.mark.parametrize(
    "people", [2, pytest.param(84, marks=pytest.mark.faults)], ids=["short", "a thousand"]
)
async def test_canaries_are_found_nowhere(
    people: int, fresh_url: str, fresh_store: Store, memory: Memory, memory_url: str
):
    nest = Nest()
    app = core.app(fresh_store, core.Clock(), **GATEWAY)
    with written() as lines:
        async with core.doors(app) as doors:
            for _ in range(people):
                await _lives(nest, fresh_store, doors, memory)
            nest.told.append((await doors.get("/metrics")).text)
    assert len(nest.canaries) == people * OF_EACH
    assert lines.getvalue()
    assert not nest.found_in(lines.getvalue().encode()), "in a log"
    assert len(nest.told) > people
    assert not nest.found_in("\n".join(nest.told).encode()), "in a refusal or a figure"
    kept = list(_bytes_of(fresh_store, fresh_url))
    for name, content in kept:
        assert not nest.found_in(content), name
    # What is kept in clear is seen: the search does see.
    assert any("آزمون".encode() in content for _name, content in kept)
    with memory.store.reading() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(text(f"SELECT * FROM {table.name}")).all()
            assert not nest.found_in(_joined(map(tuple, rows))), table.name
    for name, content in _files_of(memory_url):
        assert not nest.found_in(content), name


async def _lives(nest: Nest, store: Store, doors: httpx.AsyncClient, memory: Memory) -> None:
    """Let somebody say all that people say, at the doors and to the bots."""
    code, phone = make.new_national_code(), f"+98999{secrets.randbelow(10**7):07d}"
    chat = ChatAddress("telegram", "people", nest.one(f"{secrets.randbelow(10**15):015d}"))
    with store.writing("test") as session:
        person = make.person(
            session,
            national_code=nest.one(code),
            phone=nest.one(phone),
            email=nest.one(f"{secrets.token_hex(6)}@invented.example"),
            address=nest.word("کوی"),
        )
        make.rules(session)
        access.link(
            session,
            chat=chat,
            person_id=person.id,
            masked_name="م*** آ***",
            language="fa",
            level=Level.CODE,
            now=make.NOW,
        )
        bill = paying.bill(session, person)
    claimed = {
        "national_code": nest.one(make.new_national_code()),
        "phone": nest.one(f"+98912{secrets.randbelow(10**7):07d}"),
    }
    address = {"address": nest.word("خیابان"), "postal_code": "8913715351"}
    paper = papers.pdf(trailer=f"/Of ({nest.word('paper')}) ".encode())

    async def said(
        path: str, body: Mapping[str, object] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        answer = await doors.post(
            path,
            content=content,
            json=body,
            headers={"X-Chat": str(chat), "Idempotency-Key": f"k{next(_keys)}"},
        )
        if answer.is_error:
            nest.told.append(answer.text)
        return answer

    assert (await said("/v1/identity/claims", claimed)).status_code == 200
    await said("/v1/booklets/offers", {"kind": "first", "how": "another", **address})
    assert (await said("/v1/files?purpose=loss_paper", content=paper)).status_code == 200
    assert (await said("/v1/identity/pin", {"pin": "4831"})).status_code == 204
    link = (await said("/v1/payments/links", {"bills": [str(bill.id)]})).json()
    nest.one(link["url"].rpartition("/")[2])
    typed = nest.word("typed")
    for wrong in ({"national_code": typed, "phone": typed}, {typed: typed}):
        assert (await said("/v1/identity/claims", wrong)).status_code == 422
    words = nest.word("سخن")
    number = secrets.randbits(50)
    raw = f'{{"update_id": {number}, "text": "{words} {code} {phone}"}}'
    await memory.inbox.receive("telegram:people", [Update(number, chat.chat_id, raw)])
    fault = uuid.uuid4().hex
    logging.getLogger("api.trial").error(
        "door.fault %s", fault, exc_info=ValueError(f"{typed} {code}")
    )


@contextmanager
def written() -> Iterator[StringIO]:
    """What a process at DEBUG would write."""
    stream = StringIO()
    root = logging.getLogger()
    before = root.handlers[:]
    logs.setup("DEBUG", json=True)
    [handler] = root.handlers
    handler.setStream(stream)  # type: ignore[attr-defined]
    try:
        yield stream
    finally:
        root.handlers[:] = before


def _bytes_of(store: Store, url: str) -> Iterator[tuple[str, bytes]]:
    """Every table as it is stored, and on SQLite the files themselves, what is not merged yet too."""
    with store.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(text(f"SELECT * FROM {table.name}")).all()
            yield table.name, _joined(map(tuple, rows))
    yield from _files_of(url)


def _files_of(url: str) -> Iterator[tuple[str, bytes]]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        database = Path(str(parsed.database))
        for path in database.parent.glob(f"{database.name}*"):
            yield path.name, path.read_bytes()


def _joined(rows: Iterator[tuple[object, ...]]) -> bytes:
    return b"\n".join(
        value if isinstance(value, bytes) else str(value).encode(errors="replace")
        for row in rows
        for value in row
    )
