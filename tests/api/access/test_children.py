"""Acting for one's own child under 18, and for nobody else."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import db
from api.access import queries, service
from api.access.doors import Acting, Insured, Router
from api.access.models import Grant
from api.access.rules import ChatAddress
from api.db import Store
from api.kit import calendar
from api.people.models import Dependant, Person
from api.people.rules import Relation
from tests.api.access.conftest import CHAT, FAMILY_CHAT, OTHER_FAMILY_CHAT, Link
from tests.support import core, make

DAY = timedelta(days=1)
EIGHTEEN_TODAY = calendar.add_months(make.TODAY, -18 * 12)

router = Router(prefix="/v1/test-family", tags=["test-family"])


@router.get("/insured")
def insured(session: Session, caller: Insured) -> dict[str, str]:
    """For oneself or a child."""
    return {
        "subject": str(caller.subject_id),
        "grant": str(caller.grant_id),
        "actor": caller.actor,
    }


@router.get("/acting")
def acting(session: Session, caller: Acting) -> str:
    """For a workplace."""
    return str(caller.workshop_id)


@pytest.fixture
def app(store: Store) -> FastAPI:
    made = core.app(store)
    made.include_router(router)
    return made


Give = Callable[..., tuple[Person, Person, UUID]]


@pytest.fixture
def give(store: Store, link: Link) -> Give:
    """Link a mother's chat while the child is ten; gives mother, child and the grant's id."""

    def given(chat: ChatAddress = FAMILY_CHAT, **facts: Any) -> tuple[Person, Person, UUID]:
        with store.writing("test") as session:
            mother = make.person(session)
            child = make.dependant(session, of=mother, **facts)
            made = link(session, mother, chat)
            (grant,) = queries.lasting_grants(session, made.id)
            return mother, child, grant.id

    return given


async def ask(
    app: FastAPI, grant: object = "", *, chat: ChatAddress = FAMILY_CHAT, door: str = "insured"
) -> tuple[int, Any]:
    async with core.doors(app, X_Chat=str(chat)) as doors:
        answer = await doors.get(
            f"/v1/test-family/{door}", headers={"X-For": str(grant)} if grant else {}
        )
        return answer.status_code, answer.json()


async def test_mother_asks_for_herself_or_for_her_child(app: FastAPI, give: Give):
    mother, child, grant = give()
    actor = f"person:{mother.id}"
    assert await ask(app) == (
        200,
        {"subject": str(mother.id), "grant": "None", "actor": actor},
    )
    assert await ask(app, grant) == (
        200,
        {"subject": str(child.id), "grant": str(grant), "actor": actor},
    )


async def test_childs_grant_of_another_chat_is_not_found(app: FastAPI, give: Give):
    _, _, mine = give()
    _, _, theirs = give(OTHER_FAMILY_CHAT)
    assert await ask(app, theirs) == await ask(app, db.new_id())
    assert await ask(app, theirs) == (404, {"code": "not_found", "params": {}})
    assert await ask(app, "nonsense") == (
        422,
        {"code": "invalid", "params": {"field": "X-For"}},
    )
    assert await ask(app, mine, chat=ChatAddress("telegram", "people", "9")) == (
        403,
        {"code": "not_linked", "params": {}},
    )


async def test_child_of_eighteen_years_is_nobodys_from_that_day_on(
    app: FastAPI, give: Give, store: Store
):
    _, child, grant = give(birth_date=EIGHTEEN_TODAY + DAY)
    assert (await ask(app, grant))[0] == 200
    with store.writing("test") as session:
        session.merge(child).birth_date = EIGHTEEN_TODAY
    assert await ask(app, grant) == (403, {"code": "grant_ended", "params": {}})


async def test_relation_that_ended_ends_the_grant(app: FastAPI, give: Give, store: Store):
    _, child, grant = give()
    with store.writing("test") as session:
        relation = session.scalars(
            select(Dependant).where(Dependant.dependant_id == child.id)
        ).one()
        relation.until = make.TODAY
    assert (await ask(app, grant))[0] == 200
    with store.writing("test") as session:
        session.merge(relation).until = make.TODAY - DAY
    assert await ask(app, grant) == (403, {"code": "grant_ended", "params": {}})


async def test_unlinked_chat_acts_for_no_child_any_more(app: FastAPI, give: Give, store: Store):
    _, _, grant = give()
    with store.writing("test") as session:
        link = queries.current_link(session, FAMILY_CHAT)
        assert link is not None
        service.end_link(session, link_id=link.id, now=make.NOW)
    assert await ask(app, grant) == (403, {"code": "grant_ended", "params": {}})


async def test_grant_of_the_other_kind_is_not_found(
    app: FastAPI, give: Give, store: Store, link: Link
):
    _, _, child = give()
    with store.writing("test") as session:
        contact = make.person(session)
        make.workshop(session, contacts=[contact])
        made = link(session, contact, CHAT)
        (workplace,) = queries.lasting_grants(session, made.id)
    assert (await ask(app, child, door="acting"))[0] == 404
    assert (await ask(app, workplace.id, chat=CHAT))[0] == 404
    assert (await ask(app, workplace.id, chat=CHAT, door="acting"))[0] == 200


async def test_forged_grant_for_a_child_in_a_workplaces_chat_is_not_found(
    app: FastAPI, store: Store, link: Link
):
    with store.writing("test") as session:
        father = make.person(session)
        make.dependant(session, of=father)
        employers = link(session, father, CHAT)
        assert queries.lasting_grants(session, employers.id) == []
        family = link(session, father, FAMILY_CHAT)
        (grant,) = queries.lasting_grants(session, family.id)
    assert (await ask(app, grant.id, chat=CHAT))[0] == 404
    assert (await ask(app, grant.id))[0] == 200


@pytest.mark.parametrize(
    "facts",
    [
        {"relation": Relation.SPOUSE},
        {"relation": Relation.PARENT},
        {"birth_date": None},
        {"birth_date": EIGHTEEN_TODAY},
        {"until": make.TODAY - DAY},
        {"since": make.TODAY + DAY},
    ],
    ids=["spouse", "parent", "unknown birth", "of age", "ended", "not yet"],
)
def test_no_grant_is_given_for(session: Session, link: Link, facts: dict[str, Any]):
    mother = make.person(session)
    make.dependant(session, of=mother, **facts)
    made = link(session, mother, FAMILY_CHAT)
    assert queries.lasting_grants(session, made.id) == []


def test_child_acts_for_nobody(session: Session, link: Link):
    mother = make.person(session)
    child = make.dependant(session, of=mother)
    assert queries.lasting_grants(session, link(session, child, FAMILY_CHAT).id) == []


def test_bot_of_another_audience_gives_no_grants(session: Session, link: Link):
    person = make.person(session)
    make.dependant(session, of=person)
    make.workshop(session, contacts=[person])
    made = link(session, person, ChatAddress("telegram", "inspectors", "5"))
    assert queries.lasting_grants(session, made.id) == []
    given = queries.given_to_link(session, made.id)
    assert queries.shown_grants(session, made, given, today=make.TODAY) == []


async def test_me_lists_children_until_they_are_of_age(app: FastAPI, give: Give, store: Store):
    mother, child, grant = give()
    with store.writing("test") as session:
        make.dependant(session, of=mother, birth_date=date(2019, 1, 1), since=make.TODAY)
        make.workshop(session, contacts=[mother])
        link = queries.current_link(session, FAMILY_CHAT)
        assert link is not None
        service.heard_of(session, link_id=link.id, now=make.NOW)

    async def listed() -> list[dict[str, str]]:
        async with core.doors(app, X_Chat=str(FAMILY_CHAT)) as doors:
            return list((await doors.get("/v1/access/me")).json()["grants"])

    # Two of one masked name are told apart by the year of birth.
    first, second = await listed()
    assert first == {
        "id": str(grant),
        "kind": "child",
        "label": "ن*** آ*** 1395",
        "role": "child",
    }
    assert second["label"] == "ن*** آ*** 1397"
    with store.writing("test") as session:
        session.merge(child).birth_date = EIGHTEEN_TODAY
    (left,) = await listed()
    assert left["label"] == "ن*** آ***"


def test_grant_is_for_a_workplace_or_a_child_and_never_for_both(session: Session, link: Link):
    mother = make.person(session)
    child = make.dependant(session, of=mother, since=make.TODAY + DAY)
    workshop = make.workshop(session)
    made = link(session, mother, FAMILY_CHAT)
    for both in ({}, {"workshop_id": workshop.id, "ward_id": child.id}):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(
                Grant(
                    link_id=made.id,
                    person_id=mother.id,
                    kind="child",
                    **{"workshop_id": None, "ward_id": None, **both},
                    since=make.NOW,
                    ended_at=None,
                )
            )


def test_page_says_that_x_for_may_be_left_out(app: FastAPI):
    door = app.openapi()["paths"]["/v1/test-family/insured"]["get"]
    assert [(p["name"], p["required"]) for p in door["parameters"]] == [
        ("X-Chat", True),
        ("Accept-Language", False),
        ("X-For", False),
    ]
    refused = door["responses"]["403"]["content"]["application/json"]["examples"]
    assert {"not_linked", "grant_ended"} <= set(refused)
