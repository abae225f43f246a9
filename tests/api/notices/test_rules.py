"""States, ranks, delays and hours."""

from datetime import UTC, datetime, time, timedelta
from itertools import permutations

import pytest

from api.kit.calendar import TEHRAN
from api.kit.outcome import State
from api.notices.rules import (
    Hours,
    NoticeStatus,
    Status,
    ask_delay,
    may_speak_from,
    of_parts,
    reported,
    retry_delay,
    shares,
    told_of,
)

HOURS = Hours(time(8), time(21))


@pytest.mark.parametrize(
    ("status", "states", "holds"),
    [
        ("sent", ["delivered"], "delivered"),
        ("delivered", ["permanent-failure", "sent"], "delivered"),
        ("sent", ["temporary-failure", "permanent-failure"], "permanent-failure"),
        ("permanent-failure", ["sent", "temporary-failure"], "permanent-failure"),
        ("permanent-failure", ["delivered"], "delivered"),
        ("temporary-failure", ["sent"], "temporary-failure"),
        ("uncertain", ["sent"], "sent"),
        ("uncertain", ["permanent-failure"], "permanent-failure"),
        ("technical-failure", ["sent"], "sent"),
        ("cancelled", ["delivered"], "cancelled"),
        ("uncertain", [], "uncertain"),
    ],
)
def test_the_highest_rank_of_the_reports_holds_in_any_order(status, states, holds) -> None:
    for order in permutations(states):
        assert reported(Status(status), [State(one) for one in order]) == holds
        one_by_one = Status(status)
        for state in order:
            one_by_one = reported(one_by_one, [State(state)])
        assert one_by_one == holds


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([["delivered"], ["delivered"]], "delivered"),
        ([["delivered"], []], None),
        ([["delivered"], ["sent"]], None),
        ([[], []], None),
        ([], None),
        ([["delivered"], ["permanent-failure"]], "permanent-failure"),
        ([[], ["temporary-failure"]], "temporary-failure"),
        ([["temporary-failure"], ["permanent-failure"]], "permanent-failure"),
        ([["permanent-failure", "delivered"], ["delivered"]], "delivered"),
    ],
)
def test_a_text_in_parts_is_what_its_worst_part_is(parts, whole) -> None:
    assert of_parts([[State(one) for one in part] for part in parts]) == whole


@pytest.mark.parametrize(
    ("deliveries", "status"),
    [
        ([("created", True)], "waiting"),
        ([("uncertain", False), ("sending", True)], "waiting"),
        ([("uncertain", False), ("sent", False)], "sent"),
        ([("sent", False), ("created", True)], "sent"),
        ([("sent", False), ("delivered", False)], "delivered"),
        ([("uncertain", True)], "uncertain"),
        ([("uncertain", False), ("technical-failure", False)], "failed"),
        ([("permanent-failure", False), ("cancelled", False)], "cancelled"),
        ([("temporary-failure", False)], "failed"),
    ],
)
def test_a_notice_is_what_its_deliveries_are(deliveries, status) -> None:
    assert told_of((Status(one), goes_on) for one, goes_on in deliveries) == NoticeStatus(status)


def test_delays_grow_threefold_to_an_hour_and_differ_between_deliveries() -> None:
    first = timedelta(seconds=5)
    for tries, usual in [(1, 5), (2, 15), (3, 45), (4, 135), (9, 3600), (5000, 3600)]:
        delays = [retry_delay(first, tries, seed).total_seconds() for seed in range(50)]
        assert usual * 0.5 <= min(delays) < usual < max(delays) <= usual * 1.5
    assert retry_delay(first, 3, 7) == retry_delay(first, 3, 7)


def test_questions_grow_rarer() -> None:
    assert ask_delay(timedelta(0)) == timedelta(seconds=5)
    assert ask_delay(timedelta(minutes=1)) == timedelta(minutes=1)
    assert ask_delay(timedelta(hours=5)) == timedelta(minutes=10)


def test_every_lane_that_waits_gets_a_share_and_the_first_the_largest() -> None:
    assert shares(100, {0: 16, 4: 1}) == {0: 94, 4: 5}
    assert shares(100, {4: 1}) == {4: 100}
    given = shares(10, {0: 16, 1: 8, 2: 4, 3: 2, 4: 1})
    assert sum(given.values()) <= 10
    assert min(given.values()) == 1
    assert shares(2, {0: 16, 1: 8, 2: 4}) == {0: 1, 1: 1, 2: 0}
    assert shares(5, {}) == {}


@pytest.mark.parametrize(
    ("now", "speaks"),
    [
        ("2026-12-02 07:59", "2026-12-02 08:00"),
        ("2026-12-02 08:00", "2026-12-02 08:00"),
        ("2026-12-02 20:59", "2026-12-02 20:59"),
        ("2026-12-02 21:00", "2026-12-03 08:00"),
        ("2026-12-03 23:00", "2026-12-06 08:00"),  # Friday rests, Saturday is the holiday.
        ("2026-12-04 10:00", "2026-12-06 08:00"),
    ],
)
def test_outside_its_hours_a_class_is_held_until_the_next_working_morning(now, speaks) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=TEHRAN)
    held = may_speak_from(at.astimezone(UTC), HOURS, lambda day: day.isoformat() == "2026-12-05")
    assert held == datetime.fromisoformat(speaks).replace(tzinfo=TEHRAN)


def test_a_class_without_hours_speaks_at_any_time() -> None:
    night = datetime(2026, 12, 4, 0, 0, tzinfo=UTC)
    assert may_speak_from(night, None, lambda _day: True) == night
