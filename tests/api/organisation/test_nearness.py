"""Which branch is near: by a pin, by a town, by a province."""

from datetime import date
from math import asin, atan2, cos, degrees, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.organisation import nearness, rules, service
from api.organisation.rules import AvailabilityRow, AvailabilityState, Point
from tests.support import core, make

AZADI = Point(35.6997, 51.3380)
points = st.builds(
    Point, st.floats(-90, 90, allow_nan=False), st.floats(-180, 179.99, allow_nan=False)
)


def names(found) -> list[str]:
    return [near.branch.name for near in found]


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        # Nashville to Los Angeles, the usual example; a quarter of the earth; two degrees' tenths.
        (Point(36.12, -86.67), Point(33.94, -118.40), 2886.4),
        (Point(0, 0), Point(90, 0), 10_007.6),
        (Point(0, 0), Point(0, 180), 20_015.1),
        (Point(35.7, 51.4), Point(35.7, 51.4), 0.0),
        (Point(0, 179.9), Point(0, -179.9), 22.2),
    ],
)
def test_distance_is_that_of_the_great_circle(one, other, km):
    assert rules.distance_km(one, other) == pytest.approx(km, abs=0.1)


@given(points, st.floats(0, 360), st.floats(0, 49.9))
def test_nobody_within_fifty_kilometres_is_outside_the_box(here, bearing, km):
    there = _gone(here, bearing, km)
    box = rules.box_round(here, 50)
    assert box.south - 1e-6 <= there.latitude <= box.north + 1e-6
    if box.west <= box.east:
        assert box.west - 1e-6 <= there.longitude <= box.east + 1e-6
    else:
        assert there.longitude >= box.west - 1e-6 or there.longitude <= box.east + 1e-6


def _gone(here: Point, bearing: float, km: float) -> Point:
    """Where one is after so many kilometres on a bearing (the spherical direct problem)."""
    way, up, turn = km / rules.EARTH_KM, radians(here.latitude), radians(bearing)
    there = asin(min(1.0, max(-1.0, sin(up) * cos(way) + cos(up) * sin(way) * cos(turn))))
    over = atan2(sin(turn) * sin(way) * cos(up), cos(way) - sin(up) * sin(there))
    return Point(degrees(there), (here.longitude + degrees(over) + 180) % 360 - 180)


def test_three_nearest_come_nearest_first_and_none_beyond_fifty_kilometres(session):
    make.branch(session, name="دور", latitude=36.3, longitude=51.3)
    make.branch(session, name="چهارم", latitude=35.9, longitude=51.3)
    make.branch(session, name="سوم", latitude=35.8, longitude=51.3)
    make.branch(session, name="یکم", latitude=35.70, longitude=51.34)
    make.branch(session, name="دوم", latitude=35.72, longitude=51.36)
    make.branch(session, name="بی‌جا", latitude=None, longitude=None)
    found = nearness.near_point(session, AZADI, service=None, day=make.TODAY)
    assert names(found) == ["یکم", "دوم", "سوم"]
    assert found[0].km == pytest.approx(0.2, abs=0.1)


def test_branch_across_the_date_line_is_near(session):
    make.branch(session, name="آن‌سو", latitude=0.0, longitude=-179.9)
    found = nearness.near_point(session, Point(0, 179.9), service=None, day=make.TODAY)
    assert names(found) == ["آن‌سو"]


def off(session, branch_code: str | None, *, day: date = make.TODAY) -> None:
    service.register_availabilities(
        session,
        rows=[
            AvailabilityRow(
                service="booklets",
                branch_code=branch_code,
                from_day=day,
                to_day=day,
                state=AvailabilityState.OFF,
                reason="به‌زودی",
            )
        ],
    )


def test_branch_that_does_not_offer_the_service_today_is_left_out(session):
    closed = make.branch(session, name="بسته", latitude=35.70, longitude=51.34)
    make.branch(session, name="باز", latitude=35.72, longitude=51.36)
    off(session, closed.code)
    found = nearness.near_point(session, AZADI, service="booklets", day=make.TODAY)
    assert names(found) == ["باز"]
    other = nearness.near_point(session, AZADI, service="benefits", day=make.TODAY)
    assert names(other) == ["بسته", "باز"]


def test_town_is_known_by_its_letters_and_gives_all_its_branches(session):
    for number in range(5):
        make.branch(session, name=f"شعبه {number}", city="خرم‌آباد", latitude=None, longitude=None)
    make.branch(session, name="دیگر", city="یزد")
    for spelled in ("خرم‌آباد", "خرم آباد", " خرم‌آباد "):
        found = nearness.of_town(session, spelled, service=None, day=make.TODAY)
        assert names(found) == [f"شعبه {number}" for number in range(5)]
        assert {near.km for near in found} == {None}


def test_small_town_gets_its_neighbours_branches_after_its_own(session):
    make.branch(session, name="خودی", city="مهریز", latitude=31.59, longitude=54.43)
    make.branch(session, name="همسایه", city="یزد", latitude=31.89, longitude=54.36)
    found = nearness.of_town(session, "مهریز", service=None, day=make.TODAY)
    assert names(found) == ["خودی", "همسایه"]
    assert found[0].km is None
    assert found[1].km == pytest.approx(34, abs=1)


async def get(store, **query: str | float):
    async with core.doors(core.app(store)) as doors:
        return await doors.get("/v1/organisation/branches/near", params=query)


async def test_door_answers_a_pin_with_distance_and_id(store):
    with store.writing("arrange") as session:
        branch = make.branch(session, name="یکم", latitude=35.70, longitude=51.34)
    answer = await get(store, latitude=35.6997, longitude=51.3380)
    (item,) = answer.json()["items"]
    assert (item["id"], item["name"], item["distance_km"]) == (str(branch.id), "یکم", 0.2)
    assert answer.json()["provinces"] == []


async def test_where_none_is_near_the_provinces_are_named(store):
    with store.writing("arrange") as session:
        make.branch(session, name="یکم", city="یزد", latitude=31.89, longitude=54.36)
        make.branch(session, name="دوم", city="تبریز", latitude=38.09, longitude=46.27)
    far = (await get(store, latitude=25.0, longitude=60.0)).json()
    assert (far["items"], far["provinces"]) == ([], ["تبریز", "یزد"])
    unknown = (await get(store, place="آتلانتیس")).json()
    assert unknown == far
    province = (await get(store, province="یزد")).json()
    assert [one["name"] for one in province["items"]] == ["یکم"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "place"),
        ({"latitude": 35.7}, "place"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": "nan"}, "longitude"),
        ({"place": ""}, "place"),
    ],
)
async def test_question_without_a_place_is_refused_by_field(store, query, field):
    answer = await get(store, **query)
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, field)
