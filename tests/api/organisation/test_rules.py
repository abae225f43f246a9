"""Which availability counts."""

from datetime import date
from itertools import pairwise, permutations

from api.organisation.rules import AvailabilityState, Offer, Origin, RuleVersion, counting, in_force

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


def version(source: str, first: int, last: int | None, origin: Origin) -> RuleVersion:
    valid_to = None if last is None else date(2026, 1, last)
    return RuleVersion("fees", date(2026, 1, first), valid_to, {}, source, origin)


def test_every_day_has_the_rule_of_the_strongest_version_and_no_other():
    theirs = [
        version("old", 1, None, Origin.REPOSITORY),
        version("new", 8, 20, Origin.REPOSITORY),
        version("own", 5, 10, Origin.OPERATOR),
        version("late", 18, 22, Origin.OPERATOR),
    ]
    for order in permutations(theirs):
        found = in_force(order)
        assert [
            (one.source, one.valid_from.day, one.valid_to.day if one.valid_to else None)
            for one in found
        ] == [("old", 1, 4), ("own", 5, 10), ("new", 11, 17), ("late", 18, 22), ("old", 23, None)]
        for earlier, later in pairwise(found):
            assert not any(earlier.holds_on(day) for day in (later.valid_from, date(2027, 1, 1)))
