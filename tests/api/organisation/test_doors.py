"""The doors of the organisation, knocked at for real."""

import pytest

from api.organisation import service
from api.organisation.rules import AvailabilityRow, AvailabilityState
from tests.support import core, make
from tests.support.acting import acting, let_contacts_act


async def get(store, path: str, **headers: str):
    async with core.doors(core.app(store), **headers) as doors:
        return await doors.get(path)


async def test_day_is_tehrans(store):
    answer = await get(store, "/v1/organisation/today")
    assert answer.json() == {"day": "2026-12-02"}


async def test_services_with_a_word_about_them_are_listed(store):
    with store.writing("arrange") as session:
        service.register_availabilities(
            session,
            rows=[
                AvailabilityRow(
                    service="booklets",
                    branch_code=None,
                    from_day=make.TODAY,
                    to_day=None,
                    state=AvailabilityState.OFF,
                    reason="به‌زودی",
                )
            ],
        )
    answer = await get(store, "/v1/organisation/services")
    assert answer.json() == {
        "day": "2026-12-02",
        "items": [{"service": "booklets", "state": "off", "reason": "به‌زودی"}],
    }


async def test_branch_is_that_of_the_workplace(store, monkeypatch: pytest.MonkeyPatch):
    let_contacts_act(monkeypatch)
    with store.writing("arrange") as session:
        branch = make.branch(session, name="شعبه هجده")
        who = acting(session, workshop=make.workshop(session, branch=branch))
    shown = (await get(store, "/v1/organisation/branch", **who.headers)).json()
    assert (shown["name"], shown["phone"]) == ("شعبه هجده", "02100001420")


async def test_branches_of_a_city_are_open_to_anyone(store):
    with store.writing("arrange") as session:
        make.branch(session, name="شعبه یزد", city="یزد")
    async with core.doors(core.app(store)) as doors:
        answer = await doors.get("/v1/organisation/branches", params={"city": "یزد"})
        typed = await doors.get("/v1/organisation/branches", params={"city": " يزد\0"})
        nameless = await doors.get("/v1/organisation/branches")
    assert [one["name"] for one in answer.json()["items"]] == ["شعبه یزد"]
    # Arabic letters and what nobody sees are read as people mean them.
    assert typed.json() == answer.json()
    assert (nameless.status_code, nameless.json()["params"]["field"]) == (422, "city")
