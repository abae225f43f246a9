"""Employees' contributions, by the vectors of the field."""

import json
from pathlib import Path

import pytest

from api.kit.contributions import Rates, Work, cap, contribution
from api.organisation import reading

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/contributions.json").read_text("utf-8"))
RATES = Rates.read(
    max(
        (one for one in reading.read() if one.name == "contributions"),
        key=lambda one: one.valid_from,
    ).body
)


@pytest.mark.parametrize("case", VECTORS["cases"])
def test_contribution_of_a_month_is_that_of_the_vectors(case):
    found = contribution(
        work=Work(case["kind"]),
        days=case["days"],
        daily_wage=case["daily_wage"],
        benefits=case["benefits"],
        rates=RATES,
    )
    assert cap(case["days"], RATES) == case["cap"]
    shares = ("base", "insured", "employer", "unemployment", "arduous", "total")
    assert {name: getattr(found, name) for name in shares} == {name: case[name] for name in shares}


def test_rule_table_has_the_figures_of_the_vectors():
    assert RATES.minimum_daily_wage == VECTORS["minimum_daily_wage"]
    assert RATES.cap_multiple == VECTORS["cap_multiple"]
