"""A door keeps its word: one hop, one commit, one answer for each key."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from structlog.testing import ReturnLogger, capture_logs

from api import db
from api.access import doors as doors_module
from api.access import queries, service
from api.access.doors import Acting, Anyone, Linked, Machine, Now, Router, Today, answers
from api.access.hub import hub_of
from api.access.models import ChatLink, FirstAnswer
from api.access.rules import ChatAddress, LinkState
from api.audit.models import Entry
from api.db import Store
from api.errors import Conflict, TooMany
from api.holds import service as holds
from api.kit import points
from api.settings import Settings
from tests.api.access.conftest import CHAT, OTHER_CHAT, Link
from tests.support import core, make


class Taken(Conflict):
    """Somebody was first."""

    code = "test_taken"


class Counted(TooMany):
    """Counted although refused."""

    code = "test_counted"
    kept = True


class Note(BaseModel):
    """What a test writes."""

    word: str


class Written(BaseModel):
    """How many words there are."""

    word: str
    count: int


router = Router(prefix="/v1/test", tags=["test"])
held = threading.Event()
entered = threading.Event()


def write(session: Session, word: str) -> int:
    now = make.NOW
    session.add(Entry(at=now, actor="test", verb="wrote", subject=word, detail={}))
    session.flush()
    return len(session.scalars(select(Entry).where(Entry.subject == word)).all())


@router.post("/notes")
def note(session: Session, caller: Anyone, said: Note) -> Written:
    """Write a word down."""
    return Written(word=said.word, count=write(session, said.word))


@router.post("/taken", responses=answers(Taken))
def taken(session: Session, caller: Anyone, said: Note) -> Written:
    """Write, and refuse."""
    write(session, said.word)
    raise Taken(wait_seconds=1.5)


@router.post("/counted")
def counted(session: Session, caller: Anyone, said: Note) -> Written:
    """Write, and refuse, and keep."""
    raise Counted(left=write(session, said.word), wait_seconds=3)


@router.get("/reading/{word}")
def reading(session: Session, caller: Anyone, word: str) -> Written:
    """Write where nothing may be written."""
    return Written(word=word, count=write(session, word))


@router.get("/given/{number}")
def given(
    session: Session, caller: Anyone, now: Now, today: Today, *, settings: Settings, number: int
) -> dict[str, Any]:
    """Tell what the door gave."""
    return {"now": now, "today": today, "threads": settings.threads, "number": number}


@router.get("/slow")
def slow(session: Session, caller: Anyone) -> Written:
    """Wait for the test."""
    entered.set()
    held.wait(10)
    return Written(word="slow", count=int(session.scalar(text("SELECT 1")) or 0))


@router.get("/fault")
def fault(session: Session, caller: Anyone) -> Written:
    """Break."""
    raise RuntimeError("0012345678 is nobody's business")


@router.get("/linked")
def linked(session: Session, caller: Linked) -> str:
    """For a linked chat."""
    return str(caller.person_id)


@router.get("/acting")
def acting(session: Session, caller: Acting) -> dict[str, str]:
    """For a workplace."""
    return {"workshop": str(caller.workshop_id), "role": caller.role, "actor": caller.actor}


@router.put("/machine")
def machine(session: Session, caller: Machine) -> str:
    """For a machine with a scope."""
    caller.needs("debts")
    return caller.actor


@pytest.fixture
def app(store: Store) -> FastAPI:
    return with_test_doors(core.app(store))


def with_test_doors(made: FastAPI) -> FastAPI:
    made.include_router(router)
    return made


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    held.clear()
    entered.clear()
    yield
    held.set()
    points.disarm()


def words(store: Store, word: str) -> int:
    with store.reading() as session:
        return len(session.scalars(select(Entry).where(Entry.subject == word)).all())


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


async def post(
    doors: httpx.AsyncClient, path: str, word: str, name: str, **headers: str
) -> httpx.Response:
    return await doors.post(
        f"/v1/test{path}", json={"word": word}, headers={**key(name), **headers}
    )


@pytest.mark.parametrize("shown", [{}, {"X-Key": "wrong"}, {"Authorization": "Basic abc"}])
async def test_nobody_enters_without_a_key(app: FastAPI, shown: dict[str, str]):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://c") as doors:
        answer = await doors.get("/v1/access/me", headers=shown)
    assert (answer.status_code, answer.json()) == (401, {"code": "not_known", "params": {}})


async def test_key_may_be_shown_as_a_bearer(app: FastAPI):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://c") as doors:
        answer = await doors.get(
            "/v1/access/me", headers={"Authorization": f"Bearer {core.BOTS_KEY}"}
        )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


async def test_door_gives_time_day_and_settings(app: FastAPI):
    async with core.doors(app) as doors:
        answer = await doors.get("/v1/test/given/7")
    assert answer.json() == {
        "now": "2026-12-02T06:30:00Z",
        "today": "2026-12-02",
        "threads": 4,
        "number": 7,
    }


async def test_same_key_is_answered_the_same_and_done_once(app: FastAPI, store: Store):
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        first = await post(doors, "/notes", "once", "k1")
        again = await post(doors, "/notes", "once", "k1")
        other = await post(doors, "/notes", "once", "k2")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert other.json()["count"] == 2
    assert words(store, "once") == 2


async def test_same_key_of_another_request_is_refused(app: FastAPI, store: Store):
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        await post(doors, "/notes", "one", "k")
        body = await post(doors, "/notes", "two", "k")
        path = await post(doors, "/taken", "one", "k")
        grant = await post(doors, "/notes", "one", "k", **{"X-For": "another"})
    for answer in (body, path, grant):
        assert (answer.status_code, answer.json()["code"]) == (422, "other_body_same_key")
    assert words(store, "two") == 0


async def test_keys_of_two_chats_are_two_keys(app: FastAPI, store: Store):
    async with core.doors(app) as doors:
        for chat in (CHAT, OTHER_CHAT):
            await post(doors, "/notes", "both", "k", **{"X-Chat": str(chat)})
    assert words(store, "both") == 2


@pytest.mark.parametrize("name", ["", "x" * 201])
async def test_change_without_a_key_is_refused(app: FastAPI, name: str):
    async with core.doors(app) as doors:
        answer = await doors.post(
            "/v1/test/notes", json={"word": "x"}, headers=key(name) if name else {}
        )
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_missing")


async def test_refusal_undoes_and_is_judged_anew(app: FastAPI, store: Store):
    async with core.doors(app) as doors:
        for _ in range(2):
            answer = await post(doors, "/taken", "gone", "k")
            assert answer.status_code == 409
            assert answer.json() == {"code": "test_taken", "params": {"wait_seconds": 1.5}}
            assert answer.headers["retry-after"] == "2"
    assert words(store, "gone") == 0


async def test_kept_refusal_keeps_what_it_counted_and_is_repeated(app: FastAPI, store: Store):
    async with core.doors(app) as doors:
        first = await post(doors, "/counted", "kept", "k")
        again = await post(doors, "/counted", "kept", "k")
    assert first.status_code == again.status_code == 429
    assert (
        first.json()
        == again.json()
        == {
            "code": "test_counted",
            "params": {"left": 1, "wait_seconds": 3},
        }
    )
    assert words(store, "kept") == 1


async def test_answers_are_sealed_and_keys_blinded_in_the_store(app: FastAPI, store: Store):
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        await post(doors, "/notes", "canary", "telegram:1001:canary")
    with store.reading() as session:
        row = session.execute(text("SELECT * FROM first_answers")).one()
        assert not any(b"canary" in bytes(value) for value in row if isinstance(value, bytes))
        assert session.scalars(select(FirstAnswer)).one().body == '{"word":"canary","count":1}'


async def test_reading_door_keeps_nothing(app: FastAPI, store: Store):
    async with core.doors(app) as doors:
        answer = await doors.get("/v1/test/reading/lost")
    assert answer.json()["count"] == 1
    assert words(store, "lost") == 0


async def test_answer_leaves_after_the_commit(fresh_store: Store, monkeypatch: pytest.MonkeyPatch):
    app = with_test_doors(core.app(fresh_store))

    def die() -> None:
        raise RuntimeError

    async with core.doors(app) as doors:
        # Told without the traceback that a bare structlog would draw.
        monkeypatch.setattr(doors_module, "log", ReturnLogger())
        points.arm("door.test.note.before", die)
        assert (await post(doors, "/notes", "early", "k")).status_code == 500
        assert words(fresh_store, "early") == 0
        points.disarm()
        points.arm("door.test.note.after", die)
        assert (await post(doors, "/notes", "late", "k2")).status_code == 500
        assert words(fresh_store, "late") == 1
        points.disarm()
        # The answer was lost on the way: the same key gets it.
        assert (await post(doors, "/notes", "late", "k2")).json()["count"] == 1


async def test_same_key_at_once_is_done_once(fresh_store: Store):
    app = with_test_doors(core.app(fresh_store))

    def hold() -> None:
        entered.set()
        held.wait(10)

    points.arm("door.test.note.before", hold)
    async with core.doors(app) as doors:
        first = asyncio.create_task(post(doors, "/notes", "one", "k"))
        await asyncio.to_thread(entered.wait, 10)
        points.disarm()
        second = asyncio.create_task(post(doors, "/notes", "one", "k"))
        # On PostgreSQL it is answered while the first is inside; on SQLite it waits for it.
        answered = fresh_store.dialect == "postgresql"
        await asyncio.wait({second}, timeout=9 if answered else 0.3)
        held.set()
        answers = await asyncio.gather(first, second)
        last = await post(doors, "/notes", "one", "k")
    running = answers[1]
    if fresh_store.dialect == "postgresql":
        assert (running.status_code, running.json()["code"]) == (409, "still_running")
        assert running.headers["retry-after"] == "1"
    else:
        # The writer's transaction is alone: the second waits for the first and repeats it.
        assert running.content == answers[0].content
    assert last.content == answers[0].content
    assert words(fresh_store, "one") == 1


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (b"{", {"code": "invalid", "params": {"field": "body", "reason": "json_invalid"}}),
        (b"{}", {"code": "invalid", "params": {"field": "word", "reason": "missing"}}),
        (b'{"word": 7}', {"code": "invalid", "params": {"field": "word", "reason": "string_type"}}),
        (b"", {"code": "invalid", "params": {"field": "body", "reason": "missing"}}),
        (b"\xff\xfe{", {"code": "invalid", "params": {"field": "body", "reason": "json_invalid"}}),
        (b"1" * 5000, {"code": "invalid", "params": {"field": "body", "reason": "json_invalid"}}),
    ],
)
async def test_body_that_cannot_be_read_is_answered_by_field(
    app: FastAPI, body: bytes, answered: dict[str, Any]
):
    async with core.doors(app) as doors:
        answer = await doors.post(
            "/v1/test/notes",
            content=body,
            headers={"content-type": "application/json", **key("k")},
        )
    assert answer.status_code == 422
    assert answer.json() == answered


async def test_body_that_is_too_large_is_refused(store: Store):
    app = with_test_doors(core.app(store, body_bytes=1000))
    async with core.doors(app) as doors:
        answer = await post(doors, "/notes", "x" * 2000, "k")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_input_is_not_repeated_in_a_refusal(app: FastAPI):
    async with core.doors(app) as doors:
        answer = await doors.get("/v1/test/given/0012345678x")
    assert answer.json() == {
        "code": "invalid",
        "params": {"field": "number", "reason": "int_parsing"},
    }


async def test_no_answer_is_read_as_what_it_is_not(app: FastAPI):
    async with core.doors(app) as doors:
        answers_ = [
            await doors.get(path, headers={"origin": "https://elsewhere.example"})
            for path in ("/v1/access/me", "/v1/test/fault", "/v1/nowhere", "/health/live")
        ]
    for answer in answers_:
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        # No page of another host may read it.
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_fault_tells_an_event_and_nothing_else(app: FastAPI):
    async with core.doors(app) as doors:
        with capture_logs() as lines:
            answer = await doors.get("/v1/test/fault")
    assert answer.status_code == 500
    event = answer.json()["params"]["event"]
    assert answer.json() == {"code": "fault", "params": {"event": event}}
    assert [line["event_id"] for line in lines] == [event]


async def test_held_store_is_read_and_not_changed(store: Store):
    with store.writing("arranged") as session:
        holds.begin(session, taken_at=make.NOW, now=make.NOW)
    async with core.doors(with_test_doors(core.app(store)), X_Chat=str(CHAT)) as doors:
        refused = await post(doors, "/notes", "held", "k")
        assert (refused.status_code, refused.json()["code"]) == (503, "held")
        assert refused.headers["retry-after"] == "60"
        assert (await doors.get("/v1/test/given/1")).status_code == 200


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nonexistent/core.db", "postgresql://nobody@/x?host=/nonexistent"],
)
async def test_store_that_is_away_is_told_as_unavailable(url: str):
    app = with_test_doors(core.app(db.open_store(url)))
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        for answer in (await doors.get("/v1/test/linked"), await post(doors, "/notes", "x", "k")):
            assert (answer.status_code, answer.json()["code"]) == (503, "away")
            assert answer.headers["retry-after"] == "1"


async def test_hundred_at_once_pass_four_at_a_time(fresh_store: Store):
    app = with_test_doors(core.app(fresh_store))
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        asked = [doors.get("/v1/test/given/1") for _ in range(70)]
        asked += [post(doors, "/notes", "many", f"k{number}") for number in range(30)]
        statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert statuses == [200] * 100
    assert words(fresh_store, "many") == 30


async def test_full_waiting_room_answers_busy(fresh_store: Store):
    app = with_test_doors(core.app(fresh_store, threads=1, waiting_requests=1))
    async with core.doors(app) as doors:
        inside = asyncio.create_task(doors.get("/v1/test/slow"))
        await asyncio.to_thread(entered.wait, 10)
        waiting = asyncio.create_task(doors.get("/v1/test/given/1"))
        await asyncio.sleep(0.05)
        turned_away = await doors.get("/v1/test/given/1")
        held.set()
        assert (await inside).status_code == (await waiting).status_code == 200
    assert (turned_away.status_code, turned_away.json()["code"]) == (503, "busy")
    assert turned_away.headers["retry-after"] == "10"


async def test_waiting_has_an_end(fresh_store: Store):
    app = with_test_doors(core.app(fresh_store, threads=1, waiting_seconds=0.05))
    async with core.doors(app) as doors:
        inside = asyncio.create_task(doors.get("/v1/test/slow"))
        await asyncio.to_thread(entered.wait, 10)
        assert (await doors.get("/v1/test/given/1")).status_code == 503
        held.set()
        await inside


async def test_those_who_hang_up_leak_no_place(fresh_store: Store):
    app = with_test_doors(core.app(fresh_store, threads=2))
    async with core.doors(app) as doors:
        for _ in range(3):
            gone = [asyncio.create_task(doors.get("/v1/test/slow")) for _ in range(6)]
            await asyncio.to_thread(entered.wait, 10)
            await asyncio.sleep(0.02)
            for one in gone:
                one.cancel()
            held.set()
            await asyncio.gather(*gone, return_exceptions=True)
            held.clear()
        held.set()
        again = await asyncio.gather(*(doors.get("/v1/test/slow") for _ in range(6)))
    assert [answer.status_code for answer in again] == [200] * 6
    gate = hub_of(app).gate
    assert (gate._all._waiting, gate._all._places._value) == (0, 2)


async def test_chat_that_is_linked_to_nobody_is_told_so(app: FastAPI):
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        answer = await doors.get("/v1/test/linked")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_linked")


async def test_address_of_a_chat_is_checked(app: FastAPI):
    async with core.doors(app, X_Chat="telegram") as doors:
        answer = await doors.get("/v1/test/linked")
    assert answer.json() == {"code": "invalid", "params": {"field": "X-Chat"}}


async def test_acting_is_judged_at_each_call(app: FastAPI, store: Store, link: Link):
    with store.writing("test") as session:
        person = make.person(session)
        workshop = make.workshop(session)
        contact = make.contact(session, workshop=workshop, person=person)
        made = link(session, person)
        stranger = make.person(session)
        make.workshop(session, contacts=[stranger])
        other = link(session, stranger, OTHER_CHAT)
    with store.reading() as session:
        mine = queries.lasting_grants(session, made.id)[0].id
        theirs = queries.lasting_grants(session, other.id)[0].id

    async def ask(grant: object) -> tuple[int, dict[str, Any]]:
        answer = await doors.get("/v1/test/acting", headers={"X-For": str(grant)})
        return answer.status_code, answer.json()

    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        assert await ask(mine) == (
            200,
            {"workshop": str(workshop.id), "role": "owner", "actor": f"person:{person.id}"},
        )
        assert await ask(theirs) == await ask(db.new_id())
        assert (await ask(theirs))[0] == 404
        assert (await ask("nonsense"))[1]["params"] == {"field": "X-For"}

        with store.writing("test") as session:
            session.merge(contact).until = make.TODAY - timedelta(days=1)
        assert await ask(mine) == (403, {"code": "grant_ended", "params": {}})

        with store.writing("test") as session:
            session.merge(contact).until = None
        assert (await ask(mine))[0] == 200
        with store.writing("test") as session:
            service.end_link(session, link_id=made.id, now=make.NOW)
        assert await ask(mine) == (403, {"code": "grant_ended", "params": {}})


async def test_grant_of_an_earlier_link_does_not_come_back(app: FastAPI, store: Store, link: Link):
    with store.writing("test") as session:
        person = make.person(session)
        make.workshop(session, contacts=[person])
        old = link(session, person)
    with store.writing("test") as session:
        grant = queries.lasting_grants(session, old.id)[0].id
        link(session, person)
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        answer = await doors.get("/v1/test/acting", headers={"X-For": str(grant)})
    assert answer.json()["code"] == "grant_ended"


async def test_machine_enters_by_its_scopes_alone(app: FastAPI, store: Store):
    with store.writing("test") as session:
        good = service.new_key(session, name="good", scopes=["debts"], now=make.NOW)
        poor = service.new_key(session, name="poor", scopes=["other"], now=make.NOW)
    async with core.doors(app) as doors:

        async def knock(shown: str, method: str, path: str) -> tuple[int, str]:
            answer = await doors.request(
                method,
                f"/v1/test{path}",
                headers={"X-Key": shown, "X-Chat": str(CHAT), **key(shown[:9])},
            )
            return answer.status_code, answer.text

        status, actor = await knock(good, "PUT", "/machine")
        assert (status, actor[:5]) == (200, '"key:')
        assert await knock(poor, "PUT", "/machine") == (
            403,
            '{"code":"scope_missing","params":{"scope":"debts"}}',
        )
        assert (await knock(core.BOTS_KEY, "PUT", "/machine"))[0] == 403
        assert (await knock(good, "GET", "/linked"))[0] == 403
        assert (await knock(good, "GET", "/given/1"))[0] == 403


async def test_first_knock_of_a_day_is_noted_even_at_a_reading_door(fresh_store: Store, link: Link):
    with fresh_store.writing("test") as session:
        person = make.person(session)
        made = link(session, person)
        made.state = LinkState.BROKEN
    clock = core.Clock(make.NOW + timedelta(days=1))
    app = core.app(fresh_store, clock)
    with fresh_store.writing("test") as session:
        make.workshop(session, contacts=[person])
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        me = (await doors.get("/v1/access/me")).json()
    assert (me["linked"], len(me["grants"])) == (True, 1)
    with fresh_store.reading() as session:
        again = session.get_one(ChatLink, made.id)
        assert (again.state, again.seen_on) == ("active", make.TODAY + timedelta(days=1))


@pytest.mark.parametrize(("days", "linked"), [(90, True), (91, False)])
async def test_chat_that_was_silent_for_three_months_has_to_be_proved_again(
    fresh_store: Store,
    link: Link,
    days: int,
    linked: bool,  # noqa: FBT001 - a case of the table above.
):
    with fresh_store.writing("test") as session:
        person = make.person(session)
        made = link(session, person)
    clock = core.Clock(make.NOW + timedelta(days=days))
    async with core.doors(core.app(fresh_store, clock), X_Chat=str(CHAT)) as doors:
        assert (await doors.get("/v1/access/me")).json()["linked"] is linked
        assert ((await doors.get("/v1/notices")).status_code == 200) is linked
    with fresh_store.writing("test") as session:
        again = link(session, person)
        assert session.get_one(ChatLink, made.id).state == LinkState.ENDED
        assert again.state == LinkState.ACTIVE


@pytest.mark.parametrize(("hours", "linked"), [(11, True), (12, False)])
async def test_a_talk_on_the_web_speaks_for_nobody_after_half_a_day(
    fresh_store: Store,
    link: Link,
    hours: int,
    linked: bool,  # noqa: FBT001 - a case of the table above.
):
    page = ChatAddress("web", "employers", "a1b2c3")
    with fresh_store.writing("test") as session:
        link(session, make.person(session), page)
    clock = core.Clock(make.NOW + timedelta(hours=hours))
    async with core.doors(core.app(fresh_store, clock), X_Chat=str(page)) as doors:
        assert (await doors.get("/v1/access/me")).json()["linked"] is linked
        assert ((await doors.get("/v1/notices")).status_code == 200) is linked


async def test_two_chats_of_one_person_bear_one_mark_that_names_nobody(
    app: FastAPI, store: Store, link: Link
):
    with store.writing("test") as session:
        mina, omid = make.person(session), make.person(session)
        for person, chat in (
            (mina, CHAT),
            (mina, OTHER_CHAT),
            (omid, ChatAddress("telegram", "employers", "3003")),
        ):
            link(session, person, chat)
    marks = []
    for chat in (CHAT, OTHER_CHAT, ChatAddress("telegram", "employers", "3003")):
        async with core.doors(app, X_Chat=str(chat)) as doors:
            marks.append((await doors.get("/v1/access/me")).json()["person"])
    assert marks[0] == marks[1] != marks[2]
    assert not {mina.id.hex, omid.id.hex} & {mark.replace("-", "") for mark in marks}


async def test_unlinking_is_answered_the_same_when_repeated(app: FastAPI, store: Store, link: Link):
    with store.writing("test") as session:
        link(session, make.person(session))
    async with core.doors(app, X_Chat=str(CHAT)) as doors:
        assert (await doors.get("/v1/access/me")).json()["name"] == "م*** آ***"
        for name in ("k1", "k1", "k2"):
            answer = await doors.post("/v1/access/unlink", headers=key(name))
            assert (answer.status_code, answer.content) == (204, b"")
        me = (await doors.get("/v1/access/me")).json()
    assert me == {
        "linked": False,
        "name": None,
        "language": "fa",
        "grants": [],
        "elsewhere": False,
        "person": None,
    }


async def test_wait_of_a_messenger_is_told_with_each_answer(store: Store):
    app = with_test_doors(core.app(store))
    app.state.hub = replace(
        hub_of(app),
        wait_until=lambda _s, messenger, audience, now: (
            now + timedelta(seconds=5)
            if (messenger, audience) == ("telegram", "employers")
            else None
        ),
    )
    async with core.doors(app) as doors:
        held_back = await doors.get("/v1/test/given/1", headers={"X-Chat": str(CHAT)})
        free = await doors.get("/v1/test/given/1", headers={"X-Chat": "telegram:people:1"})
    assert held_back.headers["x-wait-until"] == "2026-12-02T06:30:05+00:00"
    assert "x-wait-until" not in free.headers


def test_async_endpoint_is_no_door():
    with pytest.raises(TypeError, match="plain def"):

        @router.get("/async")
        async def wrong(session: Session) -> None:
            """Wait where one may not."""


def test_page_shows_a_stranger_how_to_knock(app: FastAPI):
    page = app.openapi()
    assert json.dumps(page)
    note = page["paths"]["/v1/test/notes"]["post"]
    assert (note["operationId"], note["summary"]) == ("test.note", "Write a word down")
    assert note["security"] == [{"Key": []}, {"Bearer": []}]
    assert {"Key", "Bearer"} == set(page["components"]["securitySchemes"])
    assert [(p["name"], p["required"]) for p in note["parameters"]] == [
        ("X-Chat", False),
        ("Accept-Language", False),
        ("Idempotency-Key", True),
    ]
    said = note["responses"]["200"]["content"]["application/json"]["schema"]
    assert said == {"$ref": "#/components/schemas/Written"}
    codes = {
        code
        for answer in page["paths"]["/v1/test/taken"]["post"]["responses"].values()
        for code in answer.get("content", {}).get("application/json", {}).get("examples", {})
    }
    assert {"test_taken", "still_running", "busy", "away", "not_known", "invalid"} <= codes
    acting = page["paths"]["/v1/test/acting"]["get"]
    assert [p["name"] for p in acting["parameters"]] == ["X-Chat", "Accept-Language", "X-For"]
    assert "door_request" not in json.dumps(page)
