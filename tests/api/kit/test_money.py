"""Amounts and shares of them."""

from decimal import Decimal

import pytest

from api.kit.money import Rials, share
from tests.vectors import cases


@pytest.mark.parametrize("case", cases("money"), ids=lambda case: str(case["rial"]))
def test_tomans_are_told_only_where_they_are_whole(case):
    assert Rials(case["rial"]).tomans == case["toman"]


@pytest.mark.parametrize("case", cases("contributions"), ids=lambda case: str(case["base"]))
def test_shares_are_rounded_half_up_as_in_real_statements(case):
    assert share(case["base"], 7) == case["insured"]


def test_a_half_rial_goes_up_and_a_rate_is_exact():
    assert share(50, 1) == 1
    assert share(49, 1) == 0
    assert share(150, Decimal("0.333")) == 0
    assert share(10**15, Decimal("2.5")) == 25 * 10**12
    assert isinstance(share(100, 7), Rials)


def test_a_negative_share_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        share(-1, 7)
