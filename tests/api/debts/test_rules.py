"""What a debt comes to, line by line, and when its contacts are reminded."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from api.debts import rules
from api.debts.rules import DebtRow, Kind, LineCode, NoRate, Owing, Rates, State, Step
from api.kit.calendar import Month, from_jalali

LAW = Rates(
    valid_from=from_jalali(1373, 1, 1),
    valid_to=None,
    late_payment=Decimal(2),
    started_month_counts=True,
    list_fine=Decimal(10),
    enforcement_fee=Decimal(5),
)
OWING = Owing(
    principal=80_000_000,
    list_fine=0,
    paid=0,
    kind=Kind.DEFINITE,
    step=Step.NOTICE,
    due_on=from_jalali(1405, 7, 30),
)


def explained(owing: Owing, day: date, *rates: Rates) -> list[tuple[str, int]]:
    lines, total = rules.explain(owing, rates or (LAW,), day)
    assert sum(line.amount for line in lines) == total
    assert rules.total(owing, rates or (LAW,), day) == total
    return [(line.code.value, int(line.amount)) for line in lines]


@pytest.mark.parametrize(
    ("day", "months"),
    [
        ((1405, 7, 1), 0),
        ((1405, 7, 30), 0),  # The due day itself is not late.
        ((1405, 8, 1), 1),  # A month that has begun counts.
        ((1405, 8, 30), 1),
        ((1405, 9, 1), 2),
        ((1406, 7, 30), 12),
        ((1406, 8, 1), 13),
    ],
)
def test_each_started_month_after_the_due_day_adds_two_per_cent(day, months):
    expected = [("principal", 80_000_000)]
    if months:
        expected.append(("late_fine", 1_600_000 * months))
    assert explained(OWING, from_jalali(*day)) == expected


@pytest.mark.parametrize(("day", "months"), [((1405, 8, 29), 0), ((1405, 9, 1), 1)])
def test_only_whole_months_count_where_the_rule_says_so(day, months):
    whole = replace(LAW, started_month_counts=False)
    lines = explained(OWING, from_jalali(*day), whole)
    assert dict(lines).get("late_fine", 0) == 1_600_000 * months


def test_months_under_two_rates_are_two_lines():
    old = replace(LAW, valid_to=from_jalali(1405, 9, 15))
    new = replace(LAW, valid_from=from_jalali(1405, 9, 16), late_payment=Decimal("2.5"))
    lines, total = rules.explain(OWING, (old, new), from_jalali(1405, 11, 10))
    assert [(line.code, line.amount, line.facts) for line in lines[1:]] == [
        (
            LineCode.LATE_FINE,
            3_200_000,
            {"percent": "2", "months": 2, "base": 80_000_000, "first_day": "2026-10-23"},
        ),
        (
            LineCode.LATE_FINE,
            4_000_000,
            {"percent": "2.5", "months": 2, "base": 80_000_000, "first_day": "2026-12-22"},
        ),
    ]
    assert total == 87_200_000


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"kind": Kind.ESTIMATED}, [("principal", 80_000_000)]),
        (
            {"list_fine": 8_000_000},
            [("principal", 80_000_000), ("list_fine", 8_000_000), ("late_fine", 3_200_000)],
        ),
        (
            {"paid": 30_000_000},
            [("principal", 80_000_000), ("late_fine", 2_000_000), ("paid", -30_000_000)],
        ),
        ({"paid": 80_000_000}, [("principal", 80_000_000), ("paid", -80_000_000)]),
        ({"paid": 90_000_000}, [("principal", 80_000_000), ("paid", -80_000_000)]),
        (
            {"paid": 84_000_000, "list_fine": 8_000_000},
            [("principal", 80_000_000), ("list_fine", 8_000_000), ("paid", -84_000_000)],
        ),
        (
            {"step": Step.ENFORCEMENT},
            [
                ("principal", 80_000_000),
                ("late_fine", 3_200_000),
                ("enforcement_fee", 4_000_000),
            ],
        ),
        # Half a rial rounds up: 2 months of 2 % of 12,513 are 500.52; 5 % of 10 are 0.5.
        ({"principal": 12_513}, [("principal", 12_513), ("late_fine", 501)]),
        (
            {"principal": 10, "step": Step.ENFORCEMENT},
            [("principal", 10), ("late_fine", 0), ("enforcement_fee", 1)],
        ),
        ({"principal": 0}, [("principal", 0)]),
    ],
)
def test_sum_is_explained_line_by_line(changes, lines):
    assert explained(replace(OWING, **changes), from_jalali(1405, 9, 11)) == lines


def test_enforcement_fee_is_that_of_the_organisations_own_example():
    # Domain page "Contributions", debt record: 64,217 on 1,284,340.
    owing = replace(OWING, principal=1_284_340, step=Step.ENFORCEMENT, kind=Kind.ESTIMATED)
    assert explained(owing, from_jalali(1405, 9, 11))[1] == ("enforcement_fee", 64_217)


@pytest.mark.parametrize(
    ("fine", "facts"),
    [(8_000_000, {"percent": "10", "base": 80_000_000}), (7_999_999, {})],
)
def test_list_fine_names_its_rule_only_where_it_follows_it(fine, facts):
    lines, _ = rules.explain(replace(OWING, list_fine=fine), (LAW,), from_jalali(1405, 9, 11))
    assert lines[1].facts == facts


def test_day_without_a_rate_is_named():
    with pytest.raises(NoRate) as missing:
        rules.explain(OWING, (replace(LAW, valid_to=date(2026, 11, 1)),), date(2026, 12, 2))
    assert missing.value.day == date(2026, 11, 22)


def test_debt_of_thirty_years_is_counted_month_by_month():
    owing = replace(OWING, due_on=from_jalali(1375, 7, 30))
    assert explained(owing, from_jalali(1405, 7, 30))[1] == ("late_fine", 1_600_000 * 360)


UNTIL = date(2026, 12, 22)


@pytest.mark.parametrize(
    ("days_before_slot", "days_late", "due"),
    [
        (11, 0, None),
        (10, 0, 10),
        (9, 0, None),
        (4, 0, None),
        (3, 0, 3),
        (1, 0, None),
        (0, 0, 0),
        (-1, 0, None),
        # A slot that runs late: until the next reminder says it better.
        (10, 1, 10),
        (10, 6, 10),
        (10, 7, None),
        (3, 2, 3),
        (3, 3, None),
        (0, 1, None),
    ],
)
def test_reminder_belongs_to_its_slot_and_late_only_while_of_use(days_before_slot, days_late, due):
    slot = UNTIL - timedelta(days=days_before_slot)
    assert (
        rules.reminder_due(
            objection_until=UNTIL,
            step=Step.NOTICE,
            days_before=[10, 3, 0],
            slot=slot,
            today=slot + timedelta(days=days_late),
        )
        == due
    )


@pytest.mark.parametrize(
    ("step", "due"),
    [(Step.NOTICE, 3), (Step.RULING, 3), (Step.OBJECTION, None), (Step.ENFORCEMENT, None)],
)
def test_only_a_step_that_can_be_objected_to_is_reminded_of(step, due):
    slot = UNTIL - timedelta(days=3)
    found = rules.reminder_due(
        objection_until=UNTIL, step=step, days_before=[10, 3, 0], slot=slot, today=slot
    )
    assert found == due


TOLD = {
    "principal": 1,
    "period_from": "1405-04",
    "period_to": "1405-05",
    "step": Step.NOTICE,
    "objection_until": UNTIL,
    "paid": 0,
    "kind": Kind.ESTIMATED,
    "list_fine": 0,
    "state": State.OPEN,
}


@pytest.mark.parametrize(
    ("change", "is_new"),
    [
        ({"principal": 2}, True),
        ({"period_from": "1405-03"}, True),
        ({"period_to": "1405-06"}, True),
        ({"step": Step.RULING}, True),
        ({"objection_until": UNTIL + timedelta(days=1)}, True),
        ({"paid": 1}, False),
        ({"kind": Kind.DEFINITE}, False),
        ({"list_fine": 1}, False),
        ({"state": State.CLOSED}, False),
    ],
)
def test_version_grows_only_with_what_its_contacts_were_told(change, is_new):
    assert rules.is_new_version(TOLD, {**TOLD, **change}) is is_new


ROW = DebtRow(
    number="0000000000017",
    workshop_code="0183630045",
    reason="05",
    period_from=Month(1405, 4),
    period_to=Month(1405, 5),
    principal=80_000_000,
    list_fine=0,
    paid=0,
    kind=Kind.DEFINITE,
    step=Step.NOTICE,
    issued_on=date(2026, 11, 22),
    due_on=date(2026, 10, 22),
    objection_until=UNTIL,
    state=State.OPEN,
)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"principal": 2**63 - 1}, None),
        ({"principal": 2**63}, ("principal", "amount")),
        ({"paid": -1}, ("paid", "amount")),
        ({"due_on": date(1, 1, 1)}, ("due_on", "year")),
        ({"period_to": Month(1405, 3)}, ("period_to", "before_period_from")),
        ({"objection_until": date(2026, 11, 21)}, ("objection_until", "before_issued_on")),
    ],
)
def test_row_that_cannot_be_a_debt_is_named_by_column_and_reason(change, fault):
    assert rules.fault(replace(ROW, **change)) == fault
