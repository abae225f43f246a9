"""Stages and their moves, entitlement and cost, in tables."""

from datetime import date
from decimal import Decimal

import pytest

from api.booklets import rules
from api.booklets.rules import MOVES, Kind, LineCode, Loss, Stage, Tariff, Way
from api.kit.calendar import Month

TARIFF = Tariff.of({
    "months_of_cover": 2,
    "days_to_pay": 10,
    "duplicate": {"first_percent": "50", "again_percent": 100, "free_after": ["stolen"]},
    "ways": {
        "registered": {"days": 10, "cost": 0},
        "another": {"days": 12, "cost": 350_400},
        "branch": {"days": 5, "cost": 0},
    },
})  # fmt: skip
WAGE = 3_463_656
POST = Way.REGISTERED


def test_every_stage_is_reached_from_the_first_and_leads_to_an_end():
    def onward(stage: Stage) -> set[Stage]:
        seen, waiting = {stage}, [stage]
        while waiting:
            for found in MOVES[waiting.pop()] - seen:
                seen.add(found)
                waiting.append(found)
        return seen

    assert set(MOVES) == set(Stage)
    assert onward(Stage.REQUESTED) == set(Stage)
    for stage in Stage:
        assert any(rules.is_end(one) for one in onward(stage))
    assert {one for one in Stage if rules.is_end(one)} == {
        Stage.DELIVERED,
        Stage.REJECTED,
        Stage.CANCELLED,
    }


@pytest.mark.parametrize(
    ("stage", "way", "possible"),
    [
        ("requested", POST, "rejected cancelled"),
        ("entitlement_checked", POST, "issued rejected cancelled"),
        ("fee_due", POST, "rejected cancelled"),
        ("issued", POST, "printed"),
        ("printed", POST, "handed_to_post"),
        ("printed", Way.ANOTHER, "handed_to_post"),
        ("printed", Way.BRANCH, "ready_at_branch"),
        ("handed_to_post", POST, "delivered returned"),
        ("ready_at_branch", Way.BRANCH, "delivered returned"),
        ("returned", POST, "handed_to_post ready_at_branch cancelled"),
        ("returned", Way.BRANCH, "handed_to_post ready_at_branch cancelled"),
        ("delivered", POST, ""),
        ("rejected", POST, ""),
        ("cancelled", Way.BRANCH, ""),
    ],
)
def test_clerk_may_move_a_request_so_far(stage, way, possible):
    assert set(rules.by_hand(Stage(stage), way, owes=False)) == {
        Stage(word) for word in possible.split()
    }


def test_what_is_not_billed_yet_is_billed_before_it_is_issued():
    assert rules.by_hand(Stage.ENTITLEMENT_CHECKED, POST, owes=True) == (
        Stage.FEE_DUE,
        Stage.REJECTED,
        Stage.CANCELLED,
    )


def test_what_is_possible_is_named_in_the_order_of_the_way():
    assert rules.by_hand(Stage.RETURNED, POST, owes=False) == (
        Stage.HANDED_TO_POST,
        Stage.READY_AT_BRANCH,
        Stage.CANCELLED,
    )


def test_complete_months_before_this_one_count():
    first_of_azar = date(2026, 11, 22)
    assert rules.months_that_count(first_of_azar, 2) == (Month(1405, 7), Month(1405, 8))
    assert rules.months_that_count(date(2027, 3, 21), 2) == (Month(1405, 11), Month(1405, 12))


@pytest.mark.parametrize(
    ("recorded", "missing"),
    [
        ([], Month(1405, 7)),
        ([Month(1405, 6)], Month(1405, 7)),
        ([Month(1405, 9)], Month(1405, 7)),
        ([Month(1405, 7)], None),
        ([Month(1405, 8)], None),
        ([Month(1405, 7), Month(1405, 8)], None),
    ],
)
def test_one_of_the_months_that_count_is_enough(recorded, missing):
    counting = (Month(1405, 7), Month(1405, 8))
    assert rules.missing_month(recorded, counting) == missing


@pytest.mark.parametrize(
    ("kind", "loss", "way", "paper", "earlier", "amounts"),
    [
        (Kind.FIRST, None, POST, False, 0, []),
        (Kind.RENEWAL, None, Way.BRANCH, False, 3, []),
        (Kind.DUPLICATE, Loss.LOST, POST, False, 0, [1_731_000]),
        (Kind.DUPLICATE, Loss.DAMAGED, POST, False, 0, [1_731_000]),
        (Kind.DUPLICATE, Loss.LOST, POST, False, 1, [3_463_000]),
        (Kind.DUPLICATE, Loss.LOST, POST, True, 7, [3_463_000]),
        (Kind.DUPLICATE, Loss.STOLEN, POST, True, 1, []),
        (Kind.DUPLICATE, Loss.STOLEN, POST, False, 0, [1_731_000]),
        (Kind.DUPLICATE, Loss.STOLEN, Way.ANOTHER, True, 0, [350_000]),
        (Kind.DUPLICATE, Loss.LOST, Way.ANOTHER, False, 0, [1_731_000, 350_000]),
        (Kind.VALIDITY, None, Way.ANOTHER, False, 0, [350_000]),
    ],
)
def test_cost_is_the_fee_of_a_duplicate_and_the_way(  # noqa: PLR0917 - a row of the table.
    kind, loss, way, paper, earlier, amounts
):
    lines = rules.cost(
        kind, loss, way, paper=paper, earlier=earlier, tariff=TARIFF, daily_wage=WAGE
    )
    assert [line.amount for line in lines] == amounts


def test_fee_says_of_what_it_is_a_share():
    (line,) = rules.cost(
        Kind.DUPLICATE, Loss.LOST, POST, paper=False, earlier=0, tariff=TARIFF, daily_wage=WAGE
    )
    assert line.code is LineCode.DUPLICATE_FEE
    assert line.facts == {"percent": "50", "base": WAGE, "again": False}
    assert TARIFF.first_percent == Decimal(50)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("تهران، خیابان آزادی، پلاک ۱", "تهران، خیابان آ***"),
        ("Tehran, Azadi street 1", "Tehran, Azadi s***"),
        ("خیابان آزادی پلاک ۱", "خیابان آ***"),
        ("آزادی", "آ***"),
        ("تهران، ", "ت***"),
        ("تهران،آزادی", "تهران، آ***"),
    ],
)
def test_address_is_shown_so_far_that_its_owner_knows_it(address, shown):
    assert rules.masked_address(address) == shown
