"""Linking a chat: what opens it, what closes it, and what nobody can find out."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from api.access import queries as access_queries
from api.access.rules import ChatAddress
from api.audit.models import Entry
from api.identity import service
from api.identity.models import Claim, Guard, SentCode
from api.kit.language import Language
from api.people import queries as people
from api.preferences import service as preferences
from tests.api.identity.conftest import NATIONAL_CODE, PHONE, Meeting
from tests.support import make

WRONG_MONTH = "1398-05"
OTHER_CHAT = ChatAddress("telegram", "employers", "2002")


async def test_right_fact_and_right_code_link_the_chat(meeting: Meeting):
    status, claim = await meeting.open(phone="+49 151 2345 6789")
    assert (status, claim["question"]) == (200, "registration_month")

    status, sent = await meeting.fact("۱۳۹۸/۰۴")
    assert (status, sent) == (
        200,
        {"to": "0999•••7001", "expires_at": "2026-12-02T06:33:00Z", "digits": 6},
    )

    status, welcome = await meeting.code(meeting.codes()[-1])
    assert (status, welcome["name"]) == (200, "م*** آ***")
    assert [grant["role"] for grant in welcome["grants"]] == ["owner", "owner"]

    me = (await meeting.doors.get("/v1/access/me", headers={"X-Chat": str(meeting.chat)})).json()
    assert (me["linked"], me["grants"]) == (True, welcome["grants"])


async def test_second_workplace_proves_as_well_as_the_first(meeting: Meeting):
    await meeting.open()
    assert (await meeting.fact("1405-09"))[0] == 200


async def test_linking_is_written_down_without_personal_data(meeting: Meeting):
    await meeting.open(phone="+4915123456789")
    await meeting.fact()
    await meeting.code(meeting.codes()[-1])
    with meeting.store.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.verb == "chat_linked")).one()
        assert entry.actor.startswith("chat:")
        assert entry.detail["shared_phone_is_registered"] is False
        assert set(entry.detail) == {
            "person",
            "messenger",
            "audience",
            "shared_phone_is_registered",
        }


@pytest.mark.parametrize(
    ("chosen_before", "written_in"), [(None, Language.EN), (Language.CKB, Language.CKB)]
)
async def test_link_speaks_the_language_of_the_talk(
    meeting: Meeting, chosen_before: Language | None, written_in: Language
):
    """What goes elsewhere follows it too, unless another language was chosen before."""
    with meeting.store.writing("arrange") as session:
        (person_id,) = people.ids_by_national_code(session, [NATIONAL_CODE]).values()
        if chosen_before:
            preferences.set_language(
                session, person_id=person_id, language=chosen_before, now=make.NOW
            )
    meeting.doors.headers["Accept-Language"] = "en"
    await meeting.open()
    await meeting.fact()
    await meeting.code(meeting.codes()[-1])
    with meeting.store.reading() as session:
        link = access_queries.current_link(session, meeting.chat)
        spoken = preferences.language_of(session, [person_id])
    assert link is not None
    assert (link.language, spoken[person_id]) == ("en", written_in)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"national_code": "1234567890"}, "national_code"),
        ({"national_code": "x"}, "national_code"),
        ({"phone": "hello"}, "phone"),
        ({"phone": "123"}, "phone"),
    ],
)
async def test_what_cannot_be_is_named_by_its_field(
    meeting: Meeting, said: dict[str, str], field: str
):
    status, body = await meeting.open(**said)
    assert (status, body["code"], body["params"]["field"]) == (422, "invalid", field)


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "", "12345x"])
async def test_code_of_another_form_costs_no_try(meeting: Meeting, code: str):
    await meeting.open()
    await meeting.fact()
    for _ in range(6):
        assert (await meeting.code(code))[1]["params"] == {"field": "code", "reason": "form"}
    assert (await meeting.code(meeting.codes()[-1]))[0] == 200


async def test_code_may_be_typed_in_persian_digits(meeting: Meeting):
    await meeting.open()
    await meeting.fact()
    persian = meeting.codes()[-1].translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert (await meeting.code(f"{persian[:3]} {persian[3:]}"))[0] == 200


async def test_month_that_is_none_costs_no_try(meeting: Meeting):
    await meeting.open()
    status, body = await meeting.fact("1398-13")
    assert (status, body["params"]) == (422, {"field": "month", "reason": "month"})


async def test_claim_of_another_chat_is_over_for_this_one(meeting: Meeting):
    await meeting.open()
    other = replace(meeting, chat=OTHER_CHAT)
    unknown = replace(meeting, claim="00000000-0000-0000-0000-000000000000")
    assert await other.fact() == await unknown.fact()
    await meeting.fact()
    for stranger in (other, unknown):
        for answer in (
            await stranger.fact(),
            await stranger.code(meeting.codes()[-1]),
            await stranger.resend(),
        ):
            assert answer == (409, {"code": "claim_over", "params": {}})


async def test_claim_lives_a_quarter_of_an_hour(meeting: Meeting):
    await meeting.open()
    meeting.clock.now += timedelta(minutes=15)
    assert (await meeting.fact())[1]["code"] == "claim_over"


async def test_on_the_web_wrong_facts_count_for_the_national_code_over_all_chats(
    meeting: Meeting,
):
    for visitor, left in enumerate((4, 3, 2, 1)):
        page = replace(meeting, chat=ChatAddress("web", "employers", f"visitor-{visitor}"))
        await page.open()
        assert (await page.fact(WRONG_MONTH))[1]["params"] == {"left": left}
    last = replace(meeting, chat=ChatAddress("web", "employers", "visitor-4"))
    await last.open()
    assert (await last.fact(WRONG_MONTH))[1]["code"] == "locked"
    fresh = replace(meeting, chat=ChatAddress("web", "employers", "visitor-5"))
    assert (await fresh.open())[1]["code"] == "locked"
    assert (await fresh.open(make.new_national_code()))[0] == 200, "somebody else's code is open"
    assert (await meeting.open())[0] == 200, "and so are the other channels"


async def test_five_wrong_facts_lock_the_chat_and_ten_leave_only_the_branch(meeting: Meeting):
    await meeting.open()
    for left in (4, 3, 2, 1):
        assert await meeting.fact(WRONG_MONTH) == (
            422,
            {"code": "wrong_fact", "params": {"left": left}},
        )
    assert await meeting.fact(WRONG_MONTH) == (
        429,
        {"code": "locked", "params": {"wait_seconds": 900}},
    )
    assert meeting.answers[-1].headers["retry-after"] == "900"
    assert (await meeting.fact())[1]["code"] == "locked"
    assert (await meeting.open())[1]["code"] == "locked"

    meeting.clock.now += timedelta(minutes=15)
    assert (await meeting.open())[0] == 200
    for _ in range(4):
        await meeting.fact(WRONG_MONTH)
    assert (await meeting.fact(WRONG_MONTH))[1] == {"code": "branch_only", "params": {}}
    meeting.clock.now += timedelta(minutes=16)
    assert (await meeting.fact())[1]["code"] == "claim_over"
    assert (await meeting.open())[1]["code"] == "branch_only"

    meeting.clock.now += timedelta(days=30)
    assert (await meeting.open())[0] == 200


async def test_wrong_facts_and_wrong_codes_count_together(meeting: Meeting):
    await meeting.open()
    for _ in range(3):
        await meeting.fact(WRONG_MONTH)
    await meeting.fact()
    assert await meeting.code(meeting.wrong_code()) == (
        422,
        {"code": "wrong_code", "params": {"left": 1}},
    )
    assert (await meeting.code(meeting.wrong_code()))[1]["code"] == "locked"
    assert (await meeting.code(meeting.codes()[-1]))[1]["code"] == "locked"


async def test_linking_forgives_what_was_wrong_before(meeting: Meeting):
    await meeting.open()
    for _ in range(4):
        await meeting.fact(WRONG_MONTH)
    await meeting.fact()
    await meeting.code(meeting.codes()[-1])
    meeting.clock.now += timedelta(minutes=2)
    await meeting.open()
    assert (await meeting.fact(WRONG_MONTH))[1]["params"] == {"left": 4}


async def test_code_counts_once(meeting: Meeting):
    await meeting.open()
    await meeting.fact()
    code = meeting.codes()[-1]
    assert (await meeting.code(code))[0] == 200
    assert await meeting.code(code) == (409, {"code": "code_expired", "params": {}})


async def test_code_ages_after_three_minutes(meeting: Meeting):
    await meeting.open()
    await meeting.fact()
    meeting.clock.now += timedelta(minutes=3)
    assert (await meeting.code(meeting.codes()[-1]))[1]["code"] == "code_expired"


async def test_new_code_voids_the_older_after_a_minute(meeting: Meeting):
    await meeting.open()
    await meeting.fact()
    assert await meeting.resend() == (429, {"code": "cool_down", "params": {"wait_seconds": 60}})
    meeting.clock.now += timedelta(seconds=60)
    assert (await meeting.resend())[0] == 200
    older, newer = meeting.codes()
    if older != newer:
        assert (await meeting.code(older))[1]["code"] == "wrong_code"
    assert (await meeting.code(newer))[0] == 200


async def test_no_code_is_sent_again_before_the_first(meeting: Meeting):
    await meeting.open()
    assert (await meeting.resend())[1]["code"] == "code_expired"
    assert (await meeting.code("123456"))[1]["code"] == "code_expired"
    assert meeting.codes() == []


async def test_number_gets_five_codes_a_day_from_all_chats(meeting: Meeting):
    for number in range(5):
        one = replace(meeting, chat=ChatAddress("telegram", "employers", str(number)))
        await one.open()
        assert (await one.fact())[0] == 200
        meeting.clock.now += timedelta(minutes=1)
    await meeting.open()
    status, body = await meeting.fact()
    assert (status, body["code"]) == (429, "too_many_codes")
    # Until midnight in Tehran; it is five past ten.
    assert body["params"]["wait_seconds"] == (13 * 60 + 55) * 60
    meeting.clock.now += timedelta(hours=14)
    await meeting.open()
    assert (await meeting.fact())[0] == 200


@pytest.mark.parametrize("phone", [None, "+4915123456789"])
async def test_contact_without_a_registered_mobile_goes_to_the_branch(
    meeting: Meeting, phone: str | None
):
    code = make.new_national_code()
    with meeting.store.writing("test") as session:
        person = make.person(session, national_code=code, phone=phone)
        make.workshop(session, contacts=[person])
    await meeting.open(code)
    assert (await meeting.fact(WRONG_MONTH))[1]["code"] == "wrong_fact"
    assert await meeting.fact() == (403, {"code": "branch_only", "params": {}})
    assert meeting.codes() == []
    # It was no wrong answer: the chat may go on for somebody else.
    await meeting.open()
    assert (await meeting.fact(WRONG_MONTH))[1]["params"] == {"left": 3}


async def test_chat_opens_ten_claims_a_day(meeting: Meeting):
    for _ in range(10):
        assert (await meeting.open())[0] == 200
        meeting.clock.now += timedelta(minutes=1)
    status, body = await meeting.open()
    assert (status, body["code"]) == (429, "too_many_claims")
    assert body["params"]["wait_seconds"] == (24 * 60 - 10) * 60
    assert (await replace(meeting, chat=OTHER_CHAT).open())[0] == 200
    meeting.clock.now += timedelta(seconds=body["params"]["wait_seconds"])
    assert (await meeting.open())[0] == 200


async def test_all_chats_together_have_a_budget(meeting: Meeting):
    hub = meeting.doors._transport.app.state.hub  # type: ignore[attr-defined]
    hub.settings.claims_an_hour = 3
    statuses = [
        (await replace(meeting, chat=ChatAddress("telegram", "employers", str(n))).open())[0]
        for n in range(4)
    ]
    assert statuses == [200, 200, 200, 429]


async def unknown_person(meeting: Meeting) -> str:
    return make.new_national_code()


async def person_who_is_no_contact(meeting: Meeting) -> str:
    code = make.new_national_code()
    with meeting.store.writing("test") as session:
        make.person(session, national_code=code)
    return code


async def contact_of_the_past(meeting: Meeting) -> str:
    code = make.new_national_code()
    with meeting.store.writing("test") as session:
        person = make.person(session, national_code=code)
        make.contact(
            session,
            workshop=make.workshop(session),
            person=person,
            until=make.TODAY - timedelta(days=1),
        )
    return code


@pytest.mark.parametrize("who", [unknown_person, person_who_is_no_contact, contact_of_the_past])
async def test_nobody_can_tell_who_is_known(meeting: Meeting, who: Any):
    code = await who(meeting)
    statements: list[str] = []
    bind = meeting.store.bind

    def count(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        statements.append(re.sub(r"sa_savepoint_\d+", "a savepoint", statement))

    async def walk(chat: str, national_code: str) -> tuple[list[Any], list[str]]:
        one = replace(meeting, chat=ChatAddress("telegram", "employers", chat), answers=[])
        statements.clear()
        await one.open(national_code)
        for _ in range(5):
            await one.fact(WRONG_MONTH)
        await one.code("000000")
        shapes = [
            (answer.status_code, {**answer.json(), "id": ""}, sorted(answer.headers))
            for answer in one.answers
        ]
        return shapes, list(statements)

    event.listen(bind, "before_cursor_execute", count)
    try:
        known, asked_of_known = await walk("1", NATIONAL_CODE)
        stranger, asked_of_stranger = await walk("2", code)
    finally:
        event.remove(bind, "before_cursor_execute", count)
    assert stranger == known
    assert asked_of_stranger == asked_of_known


async def test_hundred_guesses_at_once_count_as_five(busy_meeting: Meeting):
    meeting = busy_meeting
    await meeting.open()
    await meeting.fact()
    right = int(meeting.codes()[-1])
    guesses = [f"{(right + step) % 1_000_000:06d}" for step in range(1, 101)]
    answers = await asyncio.gather(*(meeting.code(guess) for guess in guesses))
    codes = [body["code"] for _, body in answers]
    assert codes.count("wrong_code") == 4
    assert codes.count("locked") == 96
    assert (await meeting.code(f"{right:06d}"))[1]["code"] == "locked"
    with meeting.store.reading() as session:
        assert session.scalars(select(Claim.code_tries)).one() == 5
        assert session.scalars(select(Guard.locks)).one() == 1


async def test_hundred_facts_at_once_count_as_five(busy_meeting: Meeting):
    meeting = busy_meeting
    await meeting.open()
    months = [f"{1300 + n // 12}-{n % 12 + 1:02d}" for n in range(40)]
    answers = await asyncio.gather(*(meeting.fact(month) for month in months))
    codes = [body["code"] for _, body in answers]
    assert (codes.count("wrong_fact"), codes.count("locked")) == (4, 36)


async def test_number_gets_one_code_from_many_chats_at_once(busy_meeting: Meeting):
    meeting = busy_meeting
    chats = [
        replace(meeting, chat=ChatAddress("telegram", "employers", str(n)), answers=[])
        for n in range(8)
    ]
    for one in chats:
        await one.open()
    answers = await asyncio.gather(*(one.fact() for one in chats))
    assert sorted(status for status, _ in answers) == [200] + [429] * 7
    assert len(meeting.codes()) == 1


async def test_store_shows_neither_code_nor_phone_nor_national_code(busy_meeting: Meeting):
    meeting = busy_meeting
    await meeting.open()
    await meeting.fact()
    code = meeting.codes()[-1]
    with meeting.store.reading() as session:
        rows: list[Any] = []
        for table in ("claims", "claim_guards", "sent_codes", "first_answers", "notices", "people"):
            rows += session.execute(text(f"SELECT * FROM {table}")).all()
    assert rows
    shown = " ".join(
        value.hex() + value.decode("latin-1") if isinstance(value, bytes) else repr(value)
        for row in rows
        for value in row
    )
    for canary in (NATIONAL_CODE, PHONE.removeprefix("+98"), f"'{code}'", f'"{code}"'):
        assert canary not in shown


async def test_sweep_forgets_what_counts_no_more(meeting: Meeting):
    await meeting.open()
    await meeting.fact()
    later = make.NOW + timedelta(days=3)
    with meeting.store.writing("test") as session:
        assert service.sweep(session, now=make.NOW + timedelta(days=1)) == 0
        assert service.sweep(session, now=later) == 2
        assert session.scalars(select(Claim)).all() == []
        assert session.scalars(select(SentCode)).all() == []
        assert len(session.scalars(select(Guard)).all()) == 1
        assert service.sweep(session, now=make.NOW + timedelta(days=31)) == 1
