"""The doors of notices."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import events
from api.access import grants
from api.db import Store
from api.notices import questions
from api.notices import service as notices
from api.notices.models import Notice
from tests.api.notices.office import FACTS
from tests.support import acting, core, make
from tests.support.acting import Acting
from tests.support.core import Clock


@dataclass
class House:
    """A linked contact with a notice of their workplace, and the doors."""

    session: Session
    clock: Clock
    who: Acting
    code: str
    http: AsyncClient


@pytest.fixture(autouse=True)
def _unconnected() -> Iterator[None]:
    yield
    events.connect({})
    questions.connect({})
    grants.connect({})


@pytest.fixture
async def house(store: Store) -> AsyncIterator[House]:
    clock = Clock()
    application = core.app(store, clock)
    with store.writing("test") as session:
        who = acting.acting(session)
        posted = notices.post(
            session,
            template="debt_notice",
            to=who.person.id,
            about="debt:1",
            facts=FACTS,
            key="k",
            now=make.NOW,
            workshop_id=who.workshop.id,
        )
        assert posted is not None
        code = notices.code_of(posted)
    async with core.doors(application, X_Chat=who.headers["X_Chat"]) as http:
        with store.session(writing=True) as session:
            yield House(session, clock, who, code, http)


async def test_the_inbox_lists_ones_own_in_the_language_being_spoken(house: House) -> None:
    answer = await house.http.get("/v1/notices", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    lines = {line["template"]: line for line in answer.json()["items"]}
    assert lines["debt_notice"]["code"] == house.code
    assert lines["debt_notice"]["subject"] == "Debt notice: workplace *4521, Mordad 1405"


async def test_a_notice_is_opened_with_the_right_to_its_workplace(house: House) -> None:
    answer = await house.http.get(
        f"/v1/notices/opened/{house.code}", headers={"Accept-Language": "en"}
    )
    said = answer.json()
    assert answer.status_code == 200
    assert said["about"] == "debt:1"
    assert said["grant_id"] == house.who.headers["X_For"]
    assert said["actions"] == ["debt_details", "is_it_genuine"]
    assert "4521" in said["text"]


async def test_somebody_elses_notice_is_not_found(house: House) -> None:
    other = acting.acting(house.session, chat_id="2002")
    house.session.commit()
    answer = await house.http.get(
        f"/v1/notices/opened/{house.code}", headers={"X-Chat": other.headers["X_Chat"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_unlinked_chat_has_no_inbox(house: House) -> None:
    answer = await house.http.get("/v1/notices", headers={"X-Chat": "telegram:employers:9"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_linked")


async def test_any_chat_may_ask_whether_a_code_is_ours(house: House) -> None:
    notice = house.session.scalars(select(Notice).where(Notice.key == "k")).one()
    notice.code = house.code
    house.session.commit()
    for chat, code, genuine in [
        ("telegram:people:9", house.code, True),
        ("telegram:people:9", "00000000", False),
    ]:
        answer = await house.http.post(
            "/v1/notices/check",
            json={"code": code},
            headers={"X-Chat": chat, "Idempotency-Key": code, "Accept-Language": "en"},
        )
        assert answer.status_code == 200
        assert answer.json()["genuine"] is genuine


async def test_what_is_no_code_is_refused(house: House) -> None:
    answer = await house.http.post(
        "/v1/notices/check", json={"code": "hello"}, headers={"Idempotency-Key": "1"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_check_code")


async def test_a_chat_may_ask_twenty_times_an_hour(house: House) -> None:
    async def ask(number: int) -> int:
        answer = await house.http.post(
            "/v1/notices/check",
            json={"code": "K7Q2-M4XD"},
            headers={"X-Chat": "telegram:people:9", "Idempotency-Key": str(number)},
        )
        return answer.status_code

    assert [await ask(number) for number in range(21)] == [200] * 20 + [429]
    house.clock.now = house.clock.now.replace(hour=house.clock.now.hour + 1)
    assert await ask(99) == 200


async def test_a_wait_of_nobody_is_refused(house: House) -> None:
    answer = await house.http.post(
        "/v1/notices/waits",
        json={"messenger": "tele\0gram", "audience": "employers", "seconds": 30},
        headers={"Idempotency-Key": "1"},
    )
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, "messenger")


async def test_a_wait_met_by_the_bots_silences_the_notices_and_is_told_to_all(
    house: House,
) -> None:
    answer = await house.http.post(
        "/v1/notices/waits",
        json={"messenger": "telegram", "audience": "employers", "seconds": 30},
        headers={"Idempotency-Key": "1"},
    )
    assert answer.json() == {"seconds": 30.0}
    answer = await house.http.get("/v1/notices")
    assert "x-wait-until" in answer.headers
