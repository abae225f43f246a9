"""Which availability counts."""

from datetime import date
from itertools import permutations

from api.organisation.rules import AvailabilityState, Offer, counting

EVERYWHERE = Offer(
    "debts", AvailabilityState.OFF, "soon", at_branch=False, from_day=date(2026, 5, 1)
)
LATER = Offer("debts", AvailabilityState.ACTIVE, "", at_branch=False, from_day=date(2026, 6, 1))
HERE = Offer("debts", AvailabilityState.PILOT, "", at_branch=True, from_day=date(2026, 4, 1))
OTHER = Offer("booklets", AvailabilityState.OFF, "", at_branch=False, from_day=date(2026, 4, 1))


def test_branchs_own_word_counts_then_the_one_that_began_last():
    for order in permutations([EVERYWHERE, LATER, HERE, OTHER]):
        assert counting(order) == {"debts": HERE, "booklets": OTHER}
    for order in permutations([EVERYWHERE, LATER]):
        assert counting(order) == {"debts": LATER}
    assert counting([]) == {}
