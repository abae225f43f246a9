"""Another person behind a chat: proved as at a first meeting, and let in by nobody else's doing."""

import asyncio
import json
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event, select

from api import reactions
from api.access import grants, persons, queries, service
from api.access.models import ChatLink, Grant
from api.access.rules import PERSONS_AT_MOST, ChatAddress, EndedBy, Level
from api.audit.models import Entry
from api.db import Store
from api.notices.models import Notice
from api.people import queries as people
from api.people.models import Person
from tests.support import core, make, papers

CHAT = ChatAddress("telegram", "people", "1001")
OTHER_CHAT = ChatAddress("bale", "people", "2002")
FIRST = "1370-03"
PHONE = "+989990088001"


@dataclass
class Home:
    """A daughter's chat, and her mother who has none."""

    doors: httpx.AsyncClient
    store: Store
    clock: core.Clock
    daughter: Person
    mother: Person
    chat: ChatAddress = CHAT
    claim: str = ""
    count: list[int] = field(default_factory=lambda: [0])

    async def knock(
        self, path: str, *, grant: object = "", method: str = "POST", **said: object
    ) -> tuple[int, Any]:
        self.count[0] += 1
        headers = {"Idempotency-Key": f"{self.chat}-{self.count[0]}", "X-Chat": str(self.chat)}
        if grant:
            headers["X-For"] = str(grant)
        answer = await self.doors.request(
            method, f"/v1{path}", json=said if method == "POST" else None, headers=headers
        )
        return answer.status_code, answer.json() if answer.content else None

    async def open(self, person: Person | str) -> tuple[int, Any]:
        code = person if isinstance(person, str) else person.national_code
        status, body = await self.knock("/identity/persons", national_code=code)
        self.claim = body.get("id", self.claim)
        return status, body

    async def fact(self, month: str = FIRST) -> tuple[int, Any]:
        return await self.knock(f"/identity/claims/{self.claim}/fact", month=month)

    async def code(self, code: str | None = None) -> tuple[int, Any]:
        said = self.sent()[-1] if code is None else code
        return await self.knock(f"/identity/persons/{self.claim}/code", code=said)

    async def add(self, person: Person) -> tuple[int, Any]:
        for step in (await self.open(person), await self.fact()):
            if step[0] != 200:
                return step
        return await self.code()

    async def sees(self, grant: object, door: str = "/records") -> tuple[int, Any]:
        return await self.knock(door, grant=grant, method="GET")

    def sent(self, template: str = "person_code") -> list[str]:
        return [json.loads(str(one.secret))["code"] for one in self.notices(template)]

    def notices(self, template: str) -> list[Notice]:
        with self.store.reading() as session:
            return list(
                session.scalars(
                    select(Notice).where(Notice.template == template).order_by(Notice.id)
                )
            )

    def elsewhere(self, chat: ChatAddress) -> "Home":
        return replace(self, chat=chat, claim="")


def elder(session: Any, **facts: Any) -> Person:
    """Somebody whose record begins in Khordad 1370."""
    facts.setdefault("birth_date", make.TODAY - timedelta(days=60 * 365))
    made = make.person(session, **facts)
    make.record(session, made, {FIRST: 20})
    return made


def link(session: Any, person: Person, chat: ChatAddress = CHAT) -> ChatLink:
    return service.link(
        session,
        chat=chat,
        person_id=person.id,
        masked_name="د*** آ***",
        language="fa",
        level=Level.CODE,
        now=make.NOW,
    )


async def at_home(store: Store) -> Any:
    reactions.connect()
    with store.writing("test") as session:
        daughter = make.person(session, first_name="دنیا")
        make.record(session, daughter, {FIRST: 3})
        mother = elder(session, first_name="مینا", phone=PHONE)
        link(session, daughter)
    clock = core.Clock()
    async with core.doors(core.app(store, clock)) as doors:
        yield Home(doors, store, clock, daughter, mother)


@pytest.fixture
async def home(store: Store) -> Any:
    async for one in at_home(store):
        yield one


@pytest.fixture
async def busy_home(fresh_store: Store) -> Any:
    """The same on a store that really commits, for many knocks at once."""
    async for one in at_home(fresh_store):
        yield one


async def test_mother_who_reads_out_her_code_is_seen_in_her_daughters_chat(home: Home):
    status, claim = await home.open(home.mother)
    assert (status, claim["question"]) == (200, "first_month")
    assert (await home.fact())[0] == 200
    [told] = home.notices("person_code")
    assert (told.person_id, told.facts["name"]) == (home.mother.id, "د*** آ***")
    status, added = await home.code()
    assert (status, added["name"]) == (200, "م*** آ***")
    _, me = await home.knock("/access/me", method="GET")
    assert [(one["id"], one["kind"], one["label"]) for one in me["grants"]] == [
        (added["grant"], "person", "م*** آ***")
    ]
    assert me["name"] == "د*** آ***"
    status, record = await home.sees(added["grant"])
    assert (status, record["years"][0]["year"]) == (200, 1370)
    [alarm] = home.notices("person_added")
    assert (alarm.person_id, alarm.facts["name"]) == (home.mother.id, "د*** آ***")


async def test_who_acted_and_for_whom_is_written_down(home: Home):
    _, added = await home.add(home.mother)
    with home.store.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.verb == "person_added")).one()
    assert entry.actor == f"person:{home.daughter.id}"
    assert entry.subject == f"grant:{added['grant']}"
    assert entry.detail["person"] == str(home.mother.id)


@pytest.mark.parametrize(
    "door", ["/payments", "/payments/credits", "/debts"], ids=["receipts", "credits", "debts"]
)
async def test_right_is_narrow(home: Home, door: str):
    _, added = await home.add(home.mother)
    assert (await home.sees(added["grant"], door))[0] == 404


async def test_money_of_another_is_not_asked_back(home: Home):
    _, added = await home.add(home.mother)
    status, _ = await home.knock(f"/payments/credits/{home.mother.id}/refund", grant=added["grant"])
    assert status == 404


async def test_somebody_elses_grant_opens_nothing(home: Home):
    _, added = await home.add(home.mother)
    with home.store.writing("test") as session:
        stranger = make.person(session)
        link(session, stranger, OTHER_CHAT)
    other = home.elsewhere(OTHER_CHAT)
    assert await other.sees(added["grant"]) == (404, {"code": "not_found", "params": {}})
    assert (await other.knock(f"/access/persons/{added['grant']}/end"))[0] == 404
    assert (await home.sees(added["grant"]))[0] == 200


async def test_code_of_a_claim_for_another_links_no_chat_and_the_other_way_round(home: Home):
    await home.open(home.mother)
    await home.fact()
    code = home.sent()[-1]
    wrong_door = await home.knock(f"/identity/claims/{home.claim}/code", code=code)
    assert wrong_door == (409, {"code": "claim_over", "params": {}})
    _, own = await home.knock(
        "/identity/claims", national_code=home.mother.national_code, phone=PHONE
    )
    home.clock.now += timedelta(minutes=2)
    await home.knock(f"/identity/claims/{own['id']}/fact", month=FIRST)
    home.claim = own["id"]
    assert (await home.code(home.sent("link_code")[-1]))[1]["code"] == "claim_over"


async def test_code_read_out_in_another_chat_opens_nothing(home: Home):
    with home.store.writing("test") as session:
        link(session, make.person(session), OTHER_CHAT)
    await home.open(home.mother)
    await home.fact()
    thief = replace(home, chat=OTHER_CHAT)
    assert (await thief.code())[1]["code"] == "claim_over"


async def test_code_that_went_to_an_older_number_opens_nothing(home: Home):
    await home.open(home.mother)
    await home.fact()
    with home.store.writing("test") as session:
        session.merge(home.mother).phone_index = b"another one's..."
    assert (await home.code())[1]["code"] == "code_expired"


async def test_wrong_answers_count_with_those_of_a_first_meeting(home: Home):
    await home.knock("/identity/claims", national_code=home.mother.national_code, phone=PHONE)
    await home.open(home.mother)
    for left in (4, 3, 2, 1):
        assert await home.fact("1400-05") == (
            422,
            {"code": "wrong_fact", "params": {"left": left}},
        )
    assert (await home.fact("1400-05"))[1]["code"] == "locked"
    assert (await home.open(home.mother))[1]["code"] == "locked"


async def test_who_was_let_in_clears_nobody_elses_wrong_answers(home: Home):
    with home.store.writing("test") as session:
        victim = elder(session)
    await home.open(victim)
    for _ in range(3):
        await home.fact("1400-05")
    assert (await home.add(home.mother))[0] == 200
    await home.open(victim)
    assert (await home.fact("1400-05"))[1] == {"code": "wrong_fact", "params": {"left": 1}}


async def test_hundred_guesses_at_once_count_as_five(busy_home: Home):
    home = busy_home
    await home.open(home.mother)
    await home.fact()
    wrong = f"{(int(home.sent()[-1]) + 1) % 1_000_000:06d}"
    answers = await asyncio.gather(*(home.code(wrong) for _ in range(20)))
    judged = [body["code"] for _, body in answers if body["code"] == "wrong_code"]
    assert len(judged) <= 4
    assert (await home.code())[1]["code"] in {"locked", "code_expired"}


async def test_two_holders_at_once_both_need_a_code_of_their_own(busy_home: Home):
    home = busy_home
    with home.store.writing("test") as session:
        link(session, make.person(session), OTHER_CHAT)
    other = home.elsewhere(OTHER_CHAT)
    await asyncio.gather(home.open(home.mother), other.open(home.mother))
    facts = await asyncio.gather(home.fact(), other.fact())
    # One number is sent one code a minute, whoever asks.
    assert sorted(status for status, _ in facts) == [200, 429]
    first, second = (home, other) if facts[0][0] == 200 else (other, home)
    assert (await first.code())[0] == 200
    home.clock.now += timedelta(minutes=2)
    assert (await second.fact())[0] == 200
    assert (await second.code())[0] == 200


async def test_same_person_twice_at_once_is_one_right(busy_home: Home):
    home = busy_home
    await home.open(home.mother)
    await home.fact()
    code = home.sent()[-1]
    await asyncio.gather(*(home.code(code) for _ in range(4)))
    with home.store.reading() as session:
        lasting = session.scalars(select(Grant).where(Grant.ended_at.is_(None))).all()
    assert [one.ward_id for one in lasting] == [home.mother.id]


async def of_oneself(home: Home) -> Person:
    return home.daughter


async def of_one_added_before(home: Home) -> Person:
    assert (await home.add(home.mother))[0] == 200
    home.clock.now += timedelta(minutes=2)
    return home.mother


@pytest.mark.parametrize("who", [of_oneself, of_one_added_before])
async def test_who_is_here_already_is_sent_no_code(home: Home, who: Any):
    person = await who(home)
    sent = len(home.sent())
    await home.open(person)
    assert (await home.fact())[1]["code"] == "already_here"
    assert len(home.sent()) == sent


async def test_nobody_can_tell_who_could_be_added(home: Home):
    """A national code nobody has, and one of somebody of age: the same answers, the same questions."""
    statements: list[str] = []

    def count(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        statements.append(re.sub(r"sa_savepoint_\d+", "a savepoint", statement))

    with home.store.writing("test") as session:
        holder = make.person(session)
        for chat in ("31", "32"):
            link(session, holder, ChatAddress("telegram", "people", chat))

    async def walk(chat: str, code: str) -> tuple[list[Any], list[str]]:
        one = home.elsewhere(ChatAddress("telegram", "people", chat))
        statements.clear()
        answers = [await one.open(code)]
        answers += [await one.fact("1400-05") for _ in range(5)]
        answers.append(await one.code("000000"))
        return [(status, {**body, "id": ""}) for status, body in answers], list(statements)

    event.listen(home.store.bind, "before_cursor_execute", count)
    try:
        known, asked_of_known = await walk("31", home.mother.national_code)
        stranger, asked_of_stranger = await walk("32", make.new_national_code())
    finally:
        event.remove(home.store.bind, "before_cursor_execute", count)
    assert stranger == known
    assert asked_of_stranger == asked_of_known


async def test_nobody_under_18_is_added_and_nobody_can_tell(home: Home):
    with home.store.writing("test") as session:
        young = elder(session, birth_date=make.TODAY - timedelta(days=17 * 365))
        child = elder(session, birth_date=make.TODAY - timedelta(days=16 * 365))
        make.dependant(session, of=home.daughter, person=child)
    for left, person in ((4, young), (3, child), (2, make.new_national_code())):
        assert (await home.open(person))[0] == 200
        assert await home.fact() == (422, {"code": "wrong_fact", "params": {"left": left}})
    assert home.sent() == []


async def test_a_chat_acts_for_a_household_and_no_more(home: Home):
    with home.store.writing("test") as session:
        held = queries.current_link(session, CHAT)
        assert held is not None
        for _ in range(PERSONS_AT_MOST):
            one = elder(session)
            persons.add(
                session,
                link_id=held.id,
                person_id=one.id,
                number_index=one.phone_index or b"",
                now=make.NOW,
            )
    assert await home.open(home.mother) == (
        409,
        {"code": "too_many_persons", "params": {"most": PERSONS_AT_MOST}},
    )


@pytest.mark.parametrize(
    "chat", [ChatAddress("sms", "people", PHONE), ChatAddress("telegram", "employers", "7")]
)
async def test_nobody_is_added_by_sms_or_to_an_employers_chat(home: Home, chat: ChatAddress):
    with home.store.writing("test") as session:
        person = make.person(session, phone=PHONE) if chat.messenger == "sms" else home.daughter
        session.merge(home.mother).phone_index = None
        link(session, person, chat)
    assert (await home.elsewhere(chat).open(home.mother))[1]["code"] == "not_here"


async def test_sms_of_the_holders_number_shows_nobody_else(home: Home):
    _, added = await home.add(home.mother)
    by_sms = home.elsewhere(ChatAddress("sms", "people", str(home.daughter.phone)))
    _, me = await by_sms.knock("/access/me", method="GET")
    assert (me["linked"], me["grants"]) == (True, [])
    assert (await by_sms.sees(added["grant"]))[0] == 403


async def by_the_holder(home: Home, grant: UUID) -> None:
    assert (await home.knock(f"/access/persons/{grant}/end"))[0] == 204


async def by_the_mother_in_a_chat_of_her_own(home: Home, grant: UUID) -> None:
    with home.store.writing("test") as session:
        link(session, home.mother, OTHER_CHAT)
    hers = home.elsewhere(OTHER_CHAT)
    _, trusted = await hers.knock("/access/trusted", method="GET")
    assert [(one["id"], one["name"], one["messenger"]) for one in trusted["items"]] == [
        (str(grant), "د*** آ***", "telegram")
    ]
    assert (await hers.knock(f"/access/persons/{grant}/end"))[0] == 204
    assert (await hers.knock("/access/trusted", method="GET"))[1]["items"] == []


async def by_an_sms_of_the_mothers_number(home: Home, grant: UUID) -> None:
    by_sms = home.elsewhere(ChatAddress("sms", "people", PHONE))
    assert (await by_sms.knock("/access/persons/end"))[0] == 204


async def by_unlinking_the_mother_everywhere(home: Home, grant: UUID) -> None:
    with home.store.writing("test") as session:
        link(session, home.mother, OTHER_CHAT)
    assert (await home.elsewhere(OTHER_CHAT).knock("/access/unlink-everywhere"))[0] == 204


async def by_a_number_that_takes_no_sms(home: Home, grant: UUID) -> None:
    with home.store.writing("test") as session:
        service.end_number(session, person_id=home.mother.id, now=make.NOW)


async def by_a_new_number(home: Home, grant: UUID) -> None:
    with home.store.writing("test") as session:
        session.merge(home.mother).phone_index = b"another one's..."


async def by_a_branch(home: Home, grant: UUID) -> None:
    with home.store.writing("test") as session:
        persons.end_all(session, person_id=home.mother.id, by=EndedBy.BRANCH, now=make.NOW)


async def by_unlinking_the_chat(home: Home, grant: UUID) -> None:
    with home.store.writing("test") as session:
        held = queries.current_link(session, CHAT)
        assert held is not None
        service.end_link(session, link_id=held.id, now=make.NOW)
        link(session, home.daughter, ChatAddress("telegram", "people", "1001"))


async def by_ninety_silent_days(home: Home, grant: UUID) -> None:
    home.clock.now += timedelta(days=92)


_ENDS = [
    (by_the_holder, []),
    (by_the_mother_in_a_chat_of_her_own, ["person_left"]),
    (by_an_sms_of_the_mothers_number, ["person_left"]),
    (by_unlinking_the_mother_everywhere, ["person_left"]),
    (by_a_number_that_takes_no_sms, ["person_left"]),
    (by_a_new_number, []),
    (by_a_branch, ["person_ended", "person_left"]),
    (by_unlinking_the_chat, []),
    (by_ninety_silent_days, []),
]


@pytest.mark.parametrize(("end", "told"), _ENDS, ids=lambda one: getattr(one, "__name__", ""))
async def test_right_ends(home: Home, end: Any, told: list[str]):
    _, added = await home.add(home.mother)
    await end(home, UUID(added["grant"]))
    status, body = await home.sees(added["grant"])
    assert (status, body["code"]) in {(403, "grant_ended"), (403, "not_linked")}
    heard = [one for name in ("person_ended", "person_left") for one in home.notices(name)]
    assert [one.template for one in heard] == told


async def test_number_of_nobody_is_answered_as_any_other(home: Home):
    stranger = home.elsewhere(ChatAddress("sms", "people", "+989990099009"))
    assert await stranger.knock("/access/persons/end") == (204, None)


async def test_everywhere_is_every_chat_of_a_person_and_told_once(home: Home):
    with home.store.writing("test") as session:
        for number, messenger in enumerate(("telegram", "bale", "sms", "web")):
            link(session, home.mother, ChatAddress(messenger, "people", f"77{number}"))
        link(session, home.mother, ChatAddress("telegram", "employers", "771"))
    hers = home.elsewhere(ChatAddress("bale", "people", "771"))
    assert (await hers.knock("/access/unlink-everywhere"))[0] == 204
    with home.store.reading() as session:
        assert not [
            one
            for one in session.scalars(select(ChatLink).where(ChatLink.state != "ended"))
            if one.person_id == home.mother.id
        ]
    assert len(home.notices("links_ended")) == 1
    assert home.notices("link_ended") == []
    assert (await home.sees(""))[0] == 200


async def test_booklet_of_another_is_told_whose_chat_it_came_from(home: Home):
    with home.store.writing("test") as session:
        make.rules(session)
        session.merge(home.mother).address = "تهران، خیابان سپید، پلاک ۱۲"
        months = {f"1405-{number:02d}": 30 for number in range(1, 8)}
        make.record(session, home.mother, months, source="workshop:0180000002")
    _, added = await home.add(home.mother)
    status, offer = await home.knock(
        "/booklets/offers", grant=added["grant"], kind="renewal", how="registered"
    )
    assert status == 200, offer
    status, made = await home.knock("/booklets", grant=added["grant"], offer=offer["id"])
    assert status == 200, made
    [told] = home.notices("request_stage")
    assert (told.person_id, told.facts["asked_by"]) == (home.mother.id, "د*** آ***")
    assert (await home.sees(added["grant"], "/requests"))[1]["items"][0]["number"] == made["number"]
    assert (await home.sees("", "/requests"))[1]["items"] == []
    with home.store.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.verb == "booklets.request")).one()
    assert (entry.actor, entry.detail["for"]) == (
        f"person:{home.daughter.id}",
        str(home.mother.id),
    )


async def test_paper_for_another_is_noted_with_who_sent_it_and_for_whom(home: Home):
    _, added = await home.add(home.mother)
    headers = {
        "X-Chat": str(home.chat),
        "X-For": added["grant"],
        "Idempotency-Key": "paper",
    }
    answer = await home.doors.post(
        "/v1/files?purpose=loss_paper", content=papers.pdf(), headers=headers
    )
    assert answer.status_code == 200, answer.text
    with home.store.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.verb == "files.keep")).one()
    assert (entry.actor, entry.detail["for"]) == (
        f"person:{home.daughter.id}",
        str(home.mother.id),
    )


def test_grown_child_who_was_a_ward_can_be_added(session: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(grants, "_answers", {grants.CHILD: people.children_held})
    persons.connect(people.known_by_chats)
    mother = make.person(session)
    son = make.person(session, birth_date=make.TODAY - timedelta(days=10 * 365))
    make.dependant(session, of=mother, person=son)
    made = link(session, mother)
    son.birth_date = make.TODAY - timedelta(days=20 * 365)
    session.flush()
    persons.add(
        session,
        link_id=made.id,
        person_id=son.id,
        number_index=son.phone_index or b"",
        now=make.NOW,
    )
    assert [one.kind for one in queries.lasting_grants(session, made.id)] == [grants.PERSON]
    service.heard_of(session, link_id=made.id, now=make.NOW)
    assert list(persons.held(session, made.id)) == [son.id]
