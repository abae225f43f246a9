"""What a person reads of the record, and what nobody else does."""

from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from api import db
from api.access import grants, queries, service
from api.access.rules import ChatAddress, Level
from api.db import Store
from api.people import queries as people
from api.people.models import Person
from tests.support import core, make

CHAT = ChatAddress("telegram", "people", "1001")
OTHER = ChatAddress("telegram", "people", "2002")


@pytest.fixture(autouse=True)
def _children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "_answers", {grants.CHILD: people.children_held})


def link(session: Session, person: Person, chat: ChatAddress = CHAT) -> list[str]:
    """Link a chat; gives the ids of its grants."""
    made = service.link(
        session,
        chat=chat,
        person_id=person.id,
        masked_name="م*** آ***",
        language="fa",
        level=Level.CODE,
        now=make.NOW,
    )
    return [str(grant.id) for grant in queries.lasting_grants(session, made.id)]


async def ask(
    store: Store, path: str = "", *, chat: ChatAddress = CHAT, grant: str = ""
) -> httpx.Response:
    async with core.doors(core.app(store), X_Chat=str(chat)) as doors:
        return await doors.get(f"/v1/records{path}", headers={"X-For": grant} if grant else {})


@pytest.fixture
def person(store: Store) -> Person:
    """Somebody insured from Bahman 1403 to Khordad 1404, with a hole, at two places in Bahman."""
    with store.writing("test") as session:
        made = make.person(session)
        make.record(session, made, {"1403-11": 20, "1403-12": 30, "1404-03": 31}, wage=90_000_000)
        make.record(
            session, made, {"1403-11": 20}, source="workshop:0180000002", place_name="کارگاه دو"
        )
        link(session, made)
        return made


async def test_record_is_years_of_twelve_cells_with_a_total_and_its_rule(store, person):
    answer = await ask(store)
    assert answer.status_code == 200
    assert answer.json() == {
        "years": [
            {"year": 1403, "days": [None] * 10 + [30, 30], "total": 60},
            {"year": 1404, "days": [None, None, 31] + [None] * 9, "total": 31},
        ],
        # 91 days: three months of thirty and a day.
        "total": {"years": 0, "months": 3, "days": 1, "all_days": 91},
        "rule": "thirty_days_a_month",
        "last_month": "1404-03",
        "gaps": [{"since": "1404-01", "until": "1404-02", "months": 2}],
    }


async def test_year_shows_each_month_by_place(store, person):
    year = (await ask(store, "/1403")).json()
    assert year == {
        "year": 1403,
        "months": [
            {
                "month": "1403-11",
                "days": 30,
                "parts": [
                    {"place": "نان سحر", "days": 20, "wage": 90_000_000},
                    {"place": "کارگاه دو", "days": 20, "wage": None},
                ],
            },
            {
                "month": "1403-12",
                "days": 30,
                "parts": [{"place": "نان سحر", "days": 30, "wage": 90_000_000}],
            },
        ],
    }
    assert (await ask(store, "/1402")).json() == {"year": 1402, "months": []}


@pytest.mark.parametrize("year", ["0", "2026", "x", "1299"])
async def test_year_that_is_none_is_named(store, person, year):
    answer = await ask(store, f"/{year}")
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, "year")


async def test_who_has_no_record_is_shown_an_empty_one(store):
    with store.writing("test") as session:
        link(session, make.person(session))
    assert (await ask(store)).json() == {
        "years": [],
        "total": {"years": 0, "months": 0, "days": 0, "all_days": 0},
        "rule": "thirty_days_a_month",
        "last_month": None,
        "gaps": [],
    }


async def test_record_of_a_child_is_read_by_the_grant_alone(store, person):
    with store.writing("test") as session:
        parent, stranger = make.person(session), make.person(session)
        child = make.dependant(session, of=parent)
        make.record(session, child, {"1405-06": 10})
        (grant,) = link(session, parent, OTHER)
        make.dependant(session, of=stranger)
        (theirs,) = link(session, stranger, ChatAddress("telegram", "people", "3"))

    def last(answer: httpx.Response) -> Any:
        return answer.json()["last_month"]

    assert last(await ask(store, chat=OTHER, grant=grant)) == "1405-06"
    assert last(await ask(store, chat=OTHER)) is None
    assert last(await ask(store)) == "1404-03"
    # Another's child, a grant that never was, and a person's own id: one answer.
    answers = {
        (answer.status_code, answer.text)
        for path in ("", "/1405")
        for forged in (grant, theirs, str(db.new_id()), str(child.id))
        for answer in [await ask(store, path, grant=forged)]
    }
    assert answers == {(404, '{"code":"not_found","params":{}}')}


async def test_chat_of_nobody_reads_nothing(store, person):
    answer = await ask(store, chat=ChatAddress("telegram", "people", "9"))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_linked")
