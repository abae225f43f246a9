"""Kinds, stages and their moves, entitlement and cost of a booklet; pure.

Source: domain page "Services", section 3, and the rule table `booklets`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from api.kit.calendar import Month
from api.kit.money import Rials, share

REQUEST_KIND = "booklet"


class Kind(StrEnum):
    """Which booklet: the first, for full pages, for cover that ended, for a lost one."""

    FIRST = "first"
    RENEWAL = "renewal"
    VALIDITY = "validity"
    DUPLICATE = "duplicate"


class Loss(StrEnum):
    """What happened to the old one; only of a duplicate."""

    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"


class Way(StrEnum):
    """How it reaches its owner: by post to either address, or collected."""

    REGISTERED = "registered"
    ANOTHER = "another"
    BRANCH = "branch"


class Stage(StrEnum):
    REQUESTED = "requested"
    ENTITLEMENT_CHECKED = "entitlement_checked"
    FEE_DUE = "fee_due"
    ISSUED = "issued"
    PRINTED = "printed"
    HANDED_TO_POST = "handed_to_post"
    READY_AT_BRANCH = "ready_at_branch"
    DELIVERED = "delivered"
    RETURNED = "returned"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


MOVES: Mapping[Stage, frozenset[Stage]] = MappingProxyType({
    Stage.REQUESTED: frozenset({Stage.ENTITLEMENT_CHECKED, Stage.REJECTED, Stage.CANCELLED}),
    Stage.ENTITLEMENT_CHECKED: frozenset(
        {Stage.FEE_DUE, Stage.ISSUED, Stage.REJECTED, Stage.CANCELLED}
    ),
    Stage.FEE_DUE: frozenset({Stage.ISSUED, Stage.REJECTED, Stage.CANCELLED}),
    # From here on a fee is paid: nothing is rejected or cancelled any more.
    Stage.ISSUED: frozenset({Stage.PRINTED}),
    Stage.PRINTED: frozenset({Stage.HANDED_TO_POST, Stage.READY_AT_BRANCH}),
    Stage.HANDED_TO_POST: frozenset({Stage.DELIVERED, Stage.RETURNED}),
    Stage.READY_AT_BRANCH: frozenset({Stage.DELIVERED, Stage.RETURNED}),
    # Nobody at the door, or not collected: sent again, kept at a branch, or given up.
    Stage.RETURNED: frozenset({Stage.HANDED_TO_POST, Stage.READY_AT_BRANCH, Stage.CANCELLED}),
    Stage.DELIVERED: frozenset(),
    Stage.REJECTED: frozenset(),
    Stage.CANCELLED: frozenset(),
})  # fmt: skip
"""Where a request may go from each stage; those that lead nowhere are its end."""


def is_end(stage: Stage) -> bool:
    """Say whether a request is closed at this stage."""
    return not MOVES[stage]


def by_hand(stage: Stage, way: Way, *, owes: bool) -> tuple[Stage, ...]:
    """Give the stages the organisation may move a request to, in their order.

    `owes` says whether something is to be paid that was not billed yet. A fee is waited for and
    nothing else issues it; what is collected is not posted, and what is posted comes to a branch
    only when it was returned.
    """
    barred = {Stage.ENTITLEMENT_CHECKED}
    match stage:
        case Stage.ENTITLEMENT_CHECKED:
            barred.add(Stage.ISSUED if owes else Stage.FEE_DUE)
        case Stage.FEE_DUE:
            barred.add(Stage.ISSUED)
        case Stage.PRINTED:
            barred.add(Stage.HANDED_TO_POST if way is Way.BRANCH else Stage.READY_AT_BRANCH)
    return tuple(one for one in Stage if one in MOVES[stage] - barred)


class LineCode(StrEnum):
    """The lines of a cost; they add up to it."""

    DUPLICATE_FEE = "duplicate_fee"
    """Facts: `percent` of `base`, the minimum daily wage; `again` where it is not the first."""
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cost: what it adds, and the facts that say why."""

    code: LineCode
    amount: Rials
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tariff:
    """The rule table `booklets` on a day; percentages are of the minimum daily wage."""

    months_of_cover: int
    days_to_pay: int
    first_percent: Decimal
    again_percent: Decimal
    free_after: frozenset[Loss]
    days: Mapping[Way, int]
    """In so many days it is expected, by each way."""
    delivery: Mapping[Way, int]
    """What each way costs, in rials."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Read the body of a version."""
        duplicate, ways = body["duplicate"], body["ways"]
        return cls(
            months_of_cover=int(body["months_of_cover"]),
            days_to_pay=int(body["days_to_pay"]),
            first_percent=Decimal(str(duplicate["first_percent"])),
            again_percent=Decimal(str(duplicate["again_percent"])),
            free_after=frozenset(Loss(word) for word in duplicate["free_after"]),
            days={way: int(ways[way]["days"]) for way in Way},
            delivery={way: int(ways[way]["cost"]) for way in Way},
        )


def months_that_count(today: date, months_of_cover: int) -> tuple[Month, ...]:
    """Give the complete months before today that show cover to be in force, the oldest first."""
    this = Month.of(today)
    return tuple(this.plus(-back) for back in range(months_of_cover, 0, -1))


def missing_month(recorded: Collection[Month], counting: Sequence[Month]) -> Month | None:
    """Name the month whose contribution is missed, None where cover is in force.

    One month of those that count is enough; where there is none, the oldest is named: its time to
    be there is over, that of the last may not be.
    """
    return None if set(recorded) & set(counting) else counting[0]


def cost(
    kind: Kind,
    loss: Loss | None,
    way: Way,
    *,
    paper: bool,
    earlier: int,
    tariff: Tariff,
    daily_wage: int,
) -> tuple[Line, ...]:
    """Say what a booklet costs, line by line; the lines are whole thousands of rials.

    `paper` says whether that of the police or a court is shown, which a duplicate without a fee
    needs; `earlier` counts the duplicates for which a fee was due before.
    """
    lines = []
    if kind is Kind.DUPLICATE and not (paper and loss in tariff.free_after):
        percent = tariff.again_percent if earlier else tariff.first_percent
        facts = {"percent": str(percent), "base": daily_wage, "again": earlier > 0}
        lines.append(Line(LineCode.DUPLICATE_FEE, _thousands(share(daily_wage, percent)), facts))
    if tariff.delivery[way]:
        lines.append(delivery(way, _thousands(tariff.delivery[way])))
    return tuple(lines)


def delivery(way: Way, amount: Rials) -> Line:
    """Give the line of a cost that says what a way takes."""
    return Line(LineCode.DELIVERY, amount, {"way": way.value})


def is_looked_at_first(codes: Collection[LineCode], *, paper: bool) -> bool:
    """Say whether it is a paper's word alone that spares the fee, by the lines of the cost.

    Then somebody looks at the paper before anything is billed or issued.
    """
    return paper and LineCode.DUPLICATE_FEE not in codes


def masked_address(address: str) -> str:
    """Give so much of an address that its owner knows it: «تهران، خیابان آ***»; not an empty one."""
    comma = "،" if "،" in address else ","
    town, _comma, rest = map(str.strip, address.partition(comma))
    words = (rest or town).split()
    shown = f"{words[0]} {words[1][0]}***" if len(words) > 1 else f"{words[0][0]}***"
    return f"{town}{comma} {shown}" if rest else shown


def _thousands(amount: int) -> Rials:
    # A bill is whole thousands; here the rest is let go, in the payer's favour.
    return Rials(amount - amount % 1_000)
