"""What the organisation decrees is in force on its days."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.kit.slices import RefusedRow, Registered
from api.organisation import queries, service
from api.organisation.models import RuleTable
from api.organisation.refusals import NoBranch, NoRule
from api.organisation.rules import (
    AvailabilityRow,
    AvailabilityState,
    BranchKind,
    BranchRow,
    Origin,
)
from tests.support import make

DAY = timedelta(days=1)


def rule(session, first, last, **body: object):
    session.add(
        RuleTable(name="fees", valid_from=first, valid_to=last, body=body, source="a circular")
    )
    session.flush()


def test_rules_hold_from_the_first_day_to_the_last(session):
    rule(session, date(2026, 1, 1), date(2026, 6, 30), percent=2)
    rule(session, date(2026, 7, 1), None, percent=3)
    for day, percent in ((date(2026, 1, 1), 2), (date(2026, 6, 30), 2), (date(2026, 7, 1), 3)):
        assert service.rules_on(session, "fees", day) == {"percent": percent}
    assert [one.body["percent"] for one in service.versions_of(session, "fees")] == [2, 3]


@pytest.mark.parametrize(("name", "day"), [("fees", date(2025, 12, 31)), ("other", make.TODAY)])
def test_day_without_a_rule_is_refused_by_name(session, name, day):
    rule(session, date(2026, 1, 1), None, percent=2)
    with pytest.raises(NoRule) as refused:
        service.rules_on(session, name, day)
    assert refused.value.params == {"name": name, "day": day.isoformat()}


def test_rule_files_load_once_and_a_changed_one_again(session, tmp_path):
    assert service.load_rules(session).loaded > 0
    assert service.load_rules(session).loaded == 0
    file = tmp_path / "own.toml"
    text = '\n'.join([
        'name = "debt_fines"', "[[versions]]", 'valid_from = "1373/01/01"', 'source = "ours"',
        "[versions.body]", "late_payment_percent_per_month = 3",
    ])  # fmt: skip
    file.write_text(text, encoding="utf-8")
    assert service.load_rules(session, folder=tmp_path) == Registered(1, 0)
    (version,) = service.versions_of(session, "debt_fines")
    assert (version.source, version.body) == ("ours", {"late_payment_percent_per_month": 3})


def test_operators_version_is_the_rule_whatever_is_loaded_later(session, tmp_path):
    def load(percent: int, first: str, origin: Origin) -> Registered:
        (tmp_path / "fees.toml").write_text(
            f'name = "fees"\n[[versions]]\nvalid_from = "{first}"\nsource = "{origin}"\n'
            f"[versions.body]\npercent = {percent}\n",
            encoding="utf-8",
        )
        return service.load_rules(session, folder=tmp_path, origin=origin)

    assert load(2, "1400/01/01", Origin.REPOSITORY) == Registered(1, 0)
    assert load(9, "1404/01/01", Origin.OPERATOR) == Registered(1, 0)
    # The next release, with a version of the same first day and with a later one.
    assert load(3, "1404/01/01", Origin.REPOSITORY) == Registered(1, 0)
    assert load(4, "1404/07/01", Origin.REPOSITORY) == Registered(1, 0)
    assert load(9, "1404/01/01", Origin.OPERATOR) == Registered(0, 1)
    found = service.versions_of(session, "fees")
    assert [(one.body["percent"], one.valid_from, one.valid_to) for one in found] == [
        (2, date(2021, 3, 21), date(2025, 3, 20)),
        (9, date(2025, 3, 21), None),
    ]
    assert service.rules_on(session, "fees", make.TODAY) == {"percent": 9}


def test_holidays_between_two_days_include_both(session):
    for days in range(4):
        make.holiday(session, make.TODAY + days * DAY)
    found = service.holidays_between(session, make.TODAY + DAY, make.TODAY + 2 * DAY)
    assert found == {make.TODAY + DAY, make.TODAY + 2 * DAY}
    assert service.is_holiday(session, make.TODAY)
    assert not service.is_holiday(session, make.TODAY - DAY)


def test_branch_of_a_workshop_is_found(session):
    branch = make.branch(session)
    workshop = make.workshop(session, branch=branch)
    assert service.branch_of_workshop(session, workshop.id) is branch
    with pytest.raises(NoBranch):
        service.branch_of_workshop(session, branch.id)


def test_branches_of_a_city_are_given_by_name_and_bounded(session):
    for name in ("ب", "الف", "پ"):
        make.branch(session, name=name, city="یزد")
    make.branch(session, city="قم")
    found = queries.branches_of_city(session, "یزد", limit=2)
    assert [one.name for one in found] == ["الف", "ب"]


def test_branches_are_taken_in_by_code(session):
    row = BranchRow(
        code="018",
        kind=BranchKind.BRANCH,
        name="شعبه ۱۸",
        province="تهران",
        city="تهران",
        address="خیابان",
        phone="",
        hours="",
        latitude=35.7,
        longitude=None,
    )
    assert service.register_branches(session, rows=[row]) == Registered(1, 0)
    assert service.register_branches(session, rows=[row]) == Registered(0, 1)


def availability(**changed: Any) -> AvailabilityRow:
    usual: dict[str, Any] = {
        "service": "debts",
        "branch_code": None,
        "from_day": make.TODAY,
        "to_day": None,
        "state": AvailabilityState.OFF,
        "reason": "به‌زودی",
    }
    return AvailabilityRow(**{**usual, **changed})


def test_service_is_off_from_its_day_on_and_at_its_branch_alone(session):
    branch = make.branch(session)
    rows = [
        availability(from_day=make.TODAY + DAY, to_day=make.TODAY + 2 * DAY),
        availability(service="booklets", branch_code=branch.code),
        availability(service="x", branch_code="999"),
    ]
    done = service.register_availabilities(session, rows=rows)
    assert done == Registered(2, 0, (RefusedRow(2, "branch_code", "unknown_branch"),))
    assert service.register_availabilities(session, rows=rows[:2]) == Registered(0, 2)

    def said(branch_id: UUID | None, day: date) -> list[str]:
        return [one.service for one in service.available_services(session, branch_id, day)]

    assert said(None, make.TODAY) == []
    assert said(branch.id, make.TODAY) == ["booklets"]
    assert said(branch.id, make.TODAY + DAY) == ["booklets", "debts"]
    assert said(None, make.TODAY + 3 * DAY) == []
