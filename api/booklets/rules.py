"""Kinds, stages and their moves, entitlement and cost of a booklet; pure.

Source: domain page "Services", section 3, and the rule table `booklets`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from api.kit.money import Rials

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
    Stage.ISSUED: frozenset({Stage.PRINTED, Stage.REJECTED, Stage.CANCELLED}),
    Stage.PRINTED: frozenset({Stage.HANDED_TO_POST, Stage.READY_AT_BRANCH, Stage.CANCELLED}),
    Stage.HANDED_TO_POST: frozenset({Stage.DELIVERED, Stage.RETURNED}),
    Stage.READY_AT_BRANCH: frozenset({Stage.DELIVERED, Stage.RETURNED}),
    # Not met at the door, or not collected: it is sent again, kept at a branch, or given up.
    Stage.RETURNED: frozenset({Stage.HANDED_TO_POST, Stage.READY_AT_BRANCH, Stage.CANCELLED}),
    Stage.DELIVERED: frozenset(),
    Stage.REJECTED: frozenset(),
    Stage.CANCELLED: frozenset(),
})  # fmt: skip
"""Where a request may go from each stage; the empty ones are its end."""


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
