"""By SMS: linking from the registered number, codes that confirm, and the PIN."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.access import numbers
from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import SMS, SPEAKS, ChatAddress, Level
from api.identity import pins
from api.identity.models import Pin
from api.notices.models import Notice
from api.people import queries as people
from tests.api.identity.conftest import PHONE, Meeting
from tests.support import make

HERE = ChatAddress(SMS, "employers", PHONE)
STRANGER = ChatAddress(SMS, "employers", "+989990077009")

Knock = Callable[..., Any]


@pytest.fixture(autouse=True)
def _whose_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "_answers", [people.registered_with])


@pytest.fixture
async def linked(meeting: Meeting) -> Meeting:
    meeting.chat = HERE
    await meeting.open()
    await meeting.fact()
    assert (await meeting.code(meeting.codes()[-1]))[0] == 200
    meeting.clock.now += timedelta(minutes=2)
    return meeting


async def knock(meeting: Meeting, path: str, **said: object) -> tuple[int, Any]:
    knock.count += 1  # type: ignore[attr-defined]
    answer = await meeting.doors.post(
        f"/v1/identity/{path}",
        json=said or None,
        headers={"Idempotency-Key": f"s{knock.count}", "X-Chat": str(meeting.chat)},  # type: ignore[attr-defined]
    )
    return answer.status_code, answer.json() if answer.content else None


knock.count = 0  # type: ignore[attr-defined]


async def test_a_registered_number_is_linked_by_sms_alone(linked: Meeting):
    me = await linked.doors.get("/v1/access/me", headers={"X-Chat": str(HERE)})
    assert (me.json()["linked"], me.json()["elsewhere"]) == (True, False)
    assert len(me.json()["grants"]) == 2


async def test_from_another_number_the_right_fact_is_as_wrong_as_a_wrong_one(meeting: Meeting):
    known, stranger = replace(meeting, chat=STRANGER), replace(meeting, chat=STRANGER)
    await known.open()
    await stranger.open(national_code=make.new_national_code())
    assert await known.fact() == (422, {"code": "wrong_fact", "params": {"left": 4}})
    assert await stranger.fact() == (422, {"code": "wrong_fact", "params": {"left": 3}})
    assert meeting.codes() == []


async def test_what_speaks_elsewhere_is_not_unlinked_by_sms(linked: Meeting):
    other = ChatAddress("telegram", "employers", "1001")
    here = replace(linked, chat=other)
    await here.open()
    await here.fact()
    await here.code(here.codes()[-1])
    headers = {"X-Chat": str(HERE)}
    ended = await linked.doors.post("/v1/access/unlink", headers=headers | {"Idempotency-Key": "u"})
    assert ended.status_code == 204, "the number's own link"
    me = (await linked.doors.get("/v1/access/me", headers=headers)).json()
    assert (me["linked"], me["elsewhere"]) == (True, True)
    again = await linked.doors.post("/v1/access/unlink", headers=headers | {"Idempotency-Key": "v"})
    assert (again.status_code, again.json()["code"]) == (409, "linked_elsewhere")


async def test_a_code_confirms_once_and_only_here(linked: Meeting):
    status, asked = await knock(linked, "confirmations")
    assert (status, asked["to"], asked["digits"]) == (200, "0999•••7001", 6)
    code = _code(linked)
    path = f"confirmations/{asked['id']}/code"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert (await knock(linked, path, code=wrong))[1]["code"] == "wrong_code"
    elsewhere = replace(linked, chat=ChatAddress(SMS, "people", PHONE))
    assert (await knock(elsewhere, path, code=code))[0] == 403
    assert (await knock(linked, path, code=code))[0] == 204
    assert (await knock(linked, path, code=code))[1]["code"] == "code_expired"
    assert (await knock(linked, "confirmations"))[1]["code"] == "cool_down"


async def test_a_code_that_confirms_is_guessed_five_times_at_most(linked: Meeting):
    _status, asked = await knock(linked, "confirmations")
    code = _code(linked)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    path = f"confirmations/{asked['id']}/code"
    left = [(await knock(linked, path, code=wrong))[1]["params"]["left"] for _try in range(5)]
    assert left == [4, 3, 2, 1, 0]
    assert (await knock(linked, path, code=code))[1]["code"] == "code_expired"


async def test_a_pin_opens_and_five_wrong_ones_close_it_until_tomorrow(linked: Meeting):
    assert (await knock(linked, "pin/unlock", pin="4831"))[1]["code"] == "no_pin"
    assert (await knock(linked, "pin", pin="4831"))[0] == 204
    assert (await knock(linked, "pin/unlock", pin="4831")) == (200, {"changed": False})
    said = [(await knock(linked, "pin/unlock", pin="4832"))[1] for _try in range(5)]
    assert [one["code"] for one in said] == [*["wrong_pin"] * 4, "pin_locked"]
    assert [one["params"].get("left") for one in said[:4]] == [4, 3, 2, 1]
    assert (await knock(linked, "pin/unlock", pin="4831"))[1]["code"] == "pin_locked"
    assert (await knock(linked, "pin", pin="9402"))[0] == 204
    assert (await knock(linked, "pin/unlock", pin="9402"))[1]["code"] == "pin_locked"
    linked.clock.now += timedelta(days=1)
    assert (await knock(linked, "pin/unlock", pin="9402"))[0] == 200


async def test_of_two_people_on_a_phone_the_pin_says_which(linked: Meeting):
    assert (await knock(linked, "pin", pin="4831"))[0] == 204
    with linked.store.writing("arranged") as session:
        owner = session.scalars(select(ChatLink.person_id)).one()
        other = make.person(session, phone=PHONE)
        chat = ChatAddress("telegram", "people", "2002")
        access.link(
            session,
            chat=chat,
            person_id=other.id,
            masked_name="آ***",
            language="fa",
            level=Level.CODE,
            now=linked.clock.now,
        )
        pins.choose(session, person_id=other.id, pin="9402", now=linked.clock.now)
        other_id = other.id
    headers = {"X-Chat": str(HERE)}
    assert not (await linked.doors.get("/v1/access/me", headers=headers)).json()["linked"]
    assert (await knock(linked, "pin/unlock", pin="1379"))[1]["params"] == {"left": 4}
    assert (await knock(linked, "pin/unlock", pin="9402")) == (200, {"changed": True})
    assert not (await linked.doors.get("/v1/access/me", headers=headers)).json()["linked"]
    family = {"X-Chat": str(replace(HERE, audience="people"))}
    assert (await linked.doors.get("/v1/access/me", headers=family)).json()["linked"]
    assert (await knock(linked, "pin/unlock", pin="4831")) == (200, {"changed": True})
    assert (await knock(linked, "pin/unlock", pin="4831")) == (200, {"changed": False})
    assert (await linked.doors.get("/v1/access/me", headers=headers)).json()["linked"]
    with linked.store.reading() as session:
        misses = {one.person_id: one.misses for one in session.scalars(select(Pin))}
    assert misses == {owner: 1, other_id: 1}
    linked.clock.now += SPEAKS
    assert not (await linked.doors.get("/v1/access/me", headers=headers)).json()["linked"]


async def test_a_pin_is_kept_as_a_slow_hash_with_salt(linked: Meeting):
    await knock(linked, "pin", pin="4831")
    with linked.store.reading() as session:
        first = session.scalars(select(Pin)).one()
        kept = (first.salt, first.hash)
    await knock(linked, "pin", pin="4831")
    with linked.store.reading() as session:
        again = session.scalars(select(Pin)).one()
        assert (again.salt, again.hash) != kept
    assert b"4831" not in b"".join(kept)


@pytest.mark.parametrize("pin", ["0000", "1234", "9876", "7777"])
async def test_what_is_guessed_first_is_no_pin(linked: Meeting, pin: str):
    assert (await knock(linked, "pin", pin=pin))[1]["code"] == "weak_pin"


@pytest.mark.parametrize("pin", ["123", "12345", "12a4", "۱۳۵۷", ""])
async def test_a_pin_is_four_digits(linked: Meeting, pin: str):
    assert (await knock(linked, "pin", pin=pin))[0] == 422


def _code(meeting: Meeting) -> str:
    with meeting.store.reading() as session:
        asked = select(Notice).where(Notice.template == "confirm_code").order_by(Notice.id.desc())
        code: str = json.loads(str(session.scalars(asked).first().secret))["code"]  # type: ignore[union-attr]
        return code
