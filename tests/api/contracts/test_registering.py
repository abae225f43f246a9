"""Taking contracts in: what is refused, what is changed, and what a lapse closes."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from api.contracts import service
from api.contracts.models import Contract
from api.contracts.rules import ContractRow, Cover, Kind, State
from api.kit.calendar import Month
from tests.api.contracts.runs import bills, day, run
from tests.support import make

FLOOR = 103_909_680
CAP = 727_367_760


@pytest.fixture(autouse=True)
def _rules(session) -> None:
    make.rules(session)


def row(session, **facts: Any) -> ContractRow:
    """A contract of a registered person at a registered branch, as a sheet lists it."""
    return ContractRow(
        **{
            "number": "40000017",
            "national_code": make.person(session).national_code,
            "kind": Kind.SELF_EMPLOYED,
            "cover": Cover.PENSION,
            "monthly_base": 150_000_000,
            "medical_heads": 1,
            "branch_code": make.branch(session).code,
            "starts_on": Month(1404, 1),
            "ends_on": None,
            "state": State.ACTIVE,
            **facts,
        }
    )


def register(session, *rows: ContractRow):
    done = service.register(session, rows=rows, now=make.NOW)
    session.expire_all()
    return done


def stored(session) -> Contract:
    found: Contract = session.scalars(select(Contract)).one()
    return found


def test_contract_comes_in_once(session):
    new = row(session, ends_on=Month(1406, 12))
    assert register(session, new).loaded == 1
    again = register(session, new)
    assert (again.loaded, again.unchanged, again.refused) == (0, 1, ())
    contract = stored(session)
    assert (contract.number, contract.starts_on, contract.ends_on) == (
        "40000017",
        "1404-01",
        "1406-12",
    )
    assert (contract.kind, contract.cover, contract.state) == ("self_employed", "A", "active")
    assert (contract.billed_until, contract.carried, contract.remind_day) == (None, 0, None)


@pytest.mark.parametrize(
    ("facts", "column", "reason"),
    [
        ({"monthly_base": FLOOR - 1}, "monthly_base", "below_floor"),
        ({"monthly_base": CAP + 1}, "monthly_base", "above_cap"),
        ({"number": "00000000"}, "number", "zeros"),
        ({"cover": Cover.FULL}, "cover", "cover"),
        ({"kind": Kind.VOLUNTARY}, "cover", "cover"),
        ({"ends_on": Month(1403, 12)}, "ends_on", "before_starts_on"),
        ({"national_code": make.new_national_code()}, "national_code", "unknown_person"),
        ({"branch_code": "999"}, "branch_code", "unknown_branch"),
    ],
)
def test_row_that_is_no_contract_is_refused_and_the_others_are_taken(
    session, facts, column, reason
):
    done = register(session, row(session, **facts), row(session, number="40000025"))
    assert done.loaded == 1
    assert [(one.place, one.column, one.reason) for one in done.refused] == [(0, column, reason)]


@pytest.mark.parametrize("base", [FLOOR, CAP])
def test_base_at_its_bounds_is_taken(session, base):
    assert register(session, row(session, monthly_base=base)).loaded == 1


def test_base_that_was_taken_once_is_not_judged_again(session):
    """The minimum wage rises every year; a contract of before still changes its other facts."""
    new = row(session)
    register(session, new)
    stored(session).monthly_base = FLOOR - 1
    session.flush()
    old = replace(new, monthly_base=FLOOR - 1, medical_heads=4)
    assert register(session, old).loaded == 1
    assert stored(session).medical_heads == 4
    lower = register(session, replace(old, monthly_base=FLOOR - 2))
    assert [one.reason for one in lower.refused] == ["below_floor"]


def test_contract_does_not_pass_to_somebody_else(session):
    new = row(session)
    register(session, new)
    done = register(session, replace(new, national_code=make.person(session).national_code))
    assert [one.reason for one in done.refused] == ["another_person"]


def test_load_keeps_what_billing_and_the_person_wrote(session):
    new = row(session)
    register(session, new)
    run(session, service.bill, day("1405-09-01"))
    contract = stored(session)
    contract.remind_day = 12
    session.flush()
    before = (contract.billed_until, contract.carried)
    register(session, replace(new, monthly_base=200_000_000))
    contract = stored(session)
    assert (contract.billed_until, contract.carried) == before
    assert (contract.monthly_base, contract.remind_day) == (200_000_000, 12)


def test_contract_that_comes_as_lapsed_has_its_bills_closed(session):
    new = row(session)
    register(session, new)
    run(session, service.bill, day("1405-09-01"))
    register(session, replace(new, state=State.LAPSED))
    assert stored(session).state is State.LAPSED
    assert [bill.state for bill in bills(session)] == ["cancelled"]


def test_list_of_before_revives_no_lapsed_contract(session):
    """The same sheet comes every night, and forgives nobody the months of which the contract lapsed."""
    new = row(session)
    register(session, new)
    run(session, service.bill, day("1405-05-01"))
    assert run(session, service.lapse, day("1405-09-05")) == 1
    again = register(session, new)
    assert (again.loaded, again.unchanged) == (0, 1)
    assert stored(session).state is State.LAPSED
    assert run(session, service.bill, day("1405-09-05")) == 0


def test_contract_is_taken_up_again_from_a_later_first_month(session):
    new = row(session)
    register(session, new)
    run(session, service.bill, day("1405-05-01"))
    run(session, service.lapse, day("1405-09-05"))
    register(session, replace(new, starts_on=Month(1405, 9)))
    assert stored(session).state is State.ACTIVE
    assert run(session, service.bill, day("1405-09-02")) == 0
    assert run(session, service.bill, day("1405-10-01")) == 1
    assert [(bill.period, bill.state) for bill in bills(session)] == [
        ("1405-04", "cancelled"),
        ("1405-09", "open"),
    ]
