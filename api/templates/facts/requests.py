"""What people asked for, on its way."""

from collections.abc import Mapping
from datetime import date
from textwrap import shorten
from typing import Any

from api.kit.language import Sentence, _
from api.templates.facts.base import Amount, Facts

# A kind or stage of a newer release is said as it is.
REQUESTS = {"booklet": _("health insurance booklet")}
STAGES = {
    "requested": _("received"),
    "entitlement_checked": _("cover checked"),
    "fee_due": _("waiting for the fee"),
    "issued": _("accepted"),
    "printed": _("printed"),
    "handed_to_post": _("handed to the post"),
    "ready_at_branch": _("ready at the branch"),
    "delivered": _("delivered"),
    "returned": _("came back undelivered"),
    "rejected": _("not approved"),
    "cancelled": _("cancelled"),
}
_ON_ITS_WAY = frozenset({"issued", "printed", "handed_to_post"})
_TURNED_BACK = frozenset({"rejected", "cancelled", "returned"})
_ROOM_FOR_A_REASON = 36
"""So many letters of it leave an SMS in two parts in every language; the chat has it whole."""


class RequestFacts(Facts):
    """A request that came to a stage; `due_on` is the day by which it is expected."""

    number: str
    kind: str
    stage: str
    due_on: date | None = None
    tracking: str | None = None
    reason: str | None = None
    branch: str | None = None
    amount: Amount | None = None
    asked_by: str | None = None
    """The masked name of somebody else in whose chat it was asked for."""

    def words(self, *, today: date | None) -> Mapping[str, Any]:
        return {
            "number": self.number,
            "asked_by": self.asked_by,
            "what": REQUESTS.get(self.kind, self.kind),
            "stage": STAGES.get(self.stage, self.stage),
            "more": self._more(),
            "why": self._why(),
            "asked": _("Please tell us how satisfied you are.") if self._is_delivered else None,
            "due_on": self.due_on if self._is_awaited(today) else None,
        }

    def offers(self, action: str) -> bool:
        return self._is_delivered or action != "rate_request"

    @property
    def _is_delivered(self) -> bool:
        return self.stage == "delivered"

    def _why(self) -> Sentence | None:
        """Say why it was turned down or sent back, as briefly as an SMS has to."""
        if not self.reason or self.stage not in _TURNED_BACK:
            return None
        reason = shorten(self.reason, _ROOM_FOR_A_REASON, placeholder="…")
        return _("Why: {reason:digits}").using(reason=reason)

    def _is_awaited(self, today: date | None) -> bool:
        if self.due_on is None or self.stage not in _ON_ITS_WAY:
            return False
        return today is None or today <= self.due_on

    def _more(self) -> Sentence | None:
        """Say what belongs to the stage alone."""
        match self.stage:
            case "fee_due" if self.amount is not None:
                return _("It goes on when the fee of {amount:toman} is paid.").using(
                    amount=self.amount
                )
            case "handed_to_post" if self.tracking:
                return _("Tracking number of the post: {tracking:digits}").using(
                    tracking=self.tracking
                )
            case "ready_at_branch" if self.branch:
                return _("It waits for you at {branch:digits}.").using(branch=self.branch)
            case "rejected" | "cancelled" | "returned" if self.reason:
                return _("Why: {reason:digits}").using(reason=self.reason)
            case "cancelled" if self.amount is not None:
                return _("Its fee of {amount:toman} was not paid in time. You can ask anew.").using(
                    amount=self.amount
                )
        return None
