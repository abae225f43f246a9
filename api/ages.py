"""How long anything may stay in a state that is not its last: one table, for alarms and `doctor`.

A state is a word of a `…State`, `…Status` or `Stage` of the features, or a moment that is missing
where a row has not ended (`occurrence.open`). Each is watched here, or ENDS a course, or STANDS:
somebody's act alone ends it, and waiting is no fault (guarantees.md, "Promises", last line).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.booklets.rules import Stage
from api.files.models import File
from api.holds.models import Hold
from api.identity.models import Claim
from api.inbound.models import InboundSms
from api.notices.models import Attempt, Delivery
from api.notices.rules import AttemptState, Status
from api.occurrences.models import Occurrence
from api.payments.models import Credit, PaymentAttempt
from api.payments.rules import AttemptState as Paying
from api.payments.rules import CreditState
from api.requests.models import Request


@dataclass(frozen=True, slots=True)
class Age:
    """A state and its greatest age: `since` a moment of the row, `most` later it is an alarm.

    `swept_by` is what ends it by itself, `do` what a person does who reads the alarm.
    """

    state: str
    where: ColumnElement[bool]
    since: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
    most: timedelta
    swept_by: str
    do: str


_MINUTES, _HOURS, _DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def _delivery(status: Status) -> Age:
    """One that somebody must look at: a postman moves `due_at` whenever it does."""
    where = and_(Delivery.due_at.is_not(None), Delivery.status == status)
    return Age(
        f"delivery.{status}",
        where,
        Delivery.due_at,
        10 * _MINUTES,
        "notifier: the claim takes over what nobody finished",
        "start a notifier for its channel, or more of them",
    )


def _paying(state: Paying, most: timedelta = 10 * _MINUTES) -> Age:
    return Age(
        f"payment.{state}",
        and_(PaymentAttempt.look_at.is_not(None), PaymentAttempt.state == state),
        PaymentAttempt.look_at,
        most,
        "web: the sweeper asks the gateway",
        "is a web process running, with API_ZARINPAL_ROOT set?",
    )


def _stage(stage: Stage, most: timedelta, swept_by: str, do: str) -> Age:
    return Age(
        f"request.{stage}",
        and_(Request.closed_at.is_(None), Request.stage == stage),
        Request.since,
        most,
        swept_by,
        do,
    )


_CLERK = "nothing: a clerk moves it on"
_TYPE = "look at it and type `request advance`"

AGES: Sequence[Age] = (
    *(
        _delivery(status)
        for status in (
            Status.CREATED,
            Status.SENDING,
            Status.SENT,
            Status.TEMPORARY_FAILURE,
            Status.UNCERTAIN,
        )
    ),
    Age(
        "attempt.open",
        Attempt.state == AttemptState.OPEN,
        Attempt.opened_at,
        10 * _MINUTES,
        "notifier: the claim after its lease",
        "start a notifier for its channel",
    ),
    _paying(Paying.CREATED),
    _paying(Paying.REDIRECTED),
    _paying(Paying.RETURNED),
    _paying(Paying.UNKNOWN),
    Age(
        "payment.unanswered",
        and_(PaymentAttempt.look_at.is_not(None), PaymentAttempt.state == Paying.UNKNOWN),
        PaymentAttempt.created_at,
        _DAYS,
        "nothing: a person asks the bank",
        "`payments unanswered`, then `payments paid` or `unpaid`",
    ),
    Age(
        "credit.refund_asked",
        Credit.state == CreditState.REFUND_ASKED,
        Credit.refund_asked_at,
        14 * _DAYS,
        "nothing: the bank pays it out",
        "`payments refunds`, then `payments refunded`",
    ),
    _stage(Stage.REQUESTED, _HOURS, "the request itself, at once", "report it: it should not be"),
    _stage(Stage.ENTITLEMENT_CHECKED, 7 * _DAYS, _CLERK, "`request papers`, `request advance`"),
    _stage(
        Stage.FEE_DUE, 40 * _DAYS, "clock: `sweep` cancels what nobody paid", "is a clock running?"
    ),
    _stage(Stage.ISSUED, 7 * _DAYS, _CLERK, _TYPE),
    _stage(Stage.PRINTED, 7 * _DAYS, _CLERK, _TYPE),
    _stage(Stage.HANDED_TO_POST, 30 * _DAYS, _CLERK, _TYPE),
    _stage(Stage.READY_AT_BRANCH, 90 * _DAYS, _CLERK, _TYPE),
    _stage(Stage.RETURNED, 30 * _DAYS, _CLERK, _TYPE),
    Age(
        "occurrence.open",
        Occurrence.finished_at.is_(None),
        Occurrence.slot,
        2 * _HOURS,
        "clock: another takes it over each minute",
        "is a clock running? `job.fault` in its log says what stops it",
    ),
    Age(
        "inbound.waiting",
        InboundSms.due_at.is_not(None),
        InboundSms.received_at,
        _HOURS,
        "clock: `sweep` gives it up after a day",
        "do the bots answer at NOTIFIER_INBOUND_URL?",
    ),
    Age(
        "file.expired",
        File.expires_at.is_not(None),
        File.expires_at,
        _HOURS,
        "clock: `sweep` deletes it",
        "is a clock running?",
    ),
    Age(
        "claim.old",
        Claim.state.is_not(None),
        Claim.created_at,
        3 * _DAYS,
        "clock: `sweep` forgets it",
        "is a clock running?",
    ),
    Age(
        "store.held",
        Hold.released_at.is_(None),
        Hold.held_at,
        timedelta(0),
        "nothing: a person releases it",
        "`python -m api release --lost-at …`",
    ),
)

ENDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "api.bills.rules.State": frozenset({"settled", "cancelled"}),
        "api.booklets.rules.Stage": frozenset({"delivered", "rejected", "cancelled"}),
        "api.contracts.rules.State": frozenset({"lapsed", "ended"}),
        "api.debts.rules.State": frozenset({"closed"}),
        "api.access.rules.LinkState": frozenset({"ended"}),
        "api.identity.rules.ClaimState": frozenset({"linked"}),
        "api.notices.rules.NoticeStatus": frozenset({"delivered", "failed", "cancelled"}),
        "api.notices.rules.Status": frozenset(
            {"delivered", "permanent-failure", "technical-failure", "cancelled"}
        ),
        "api.notices.rules.AttemptState": frozenset({"accepted", "rejected", "unknown"}),
        "api.payments.rules.AttemptState": frozenset({"verified", "failed", "expired"}),
        "api.payments.rules.CreditState": frozenset({"refunded"}),
    }
)
"""The words that end a course."""

STANDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "api.bills.rules.State": {"open": "until it is paid or its contract lapses"},
        "api.contracts.rules.State": {"active": "until its months stay unpaid: `contract-lapses`"},
        "api.debts.rules.State": {"open": "until accounting closes it"},
        "api.access.rules.LinkState": {
            "active": "until its person ends it",
            "broken": "until its person writes again",
        },
        "api.notices.rules.NoticeStatus": {
            "waiting": "as long as a delivery of it, which is watched",
            "uncertain": "as long as a delivery of it, which is watched",
            "sent": "until a report comes, and for good without one",
        },
        "api.payments.rules.CreditState": {"open": "until its person asks for it"},
    }
)
"""The words in which a row may stay, and until when."""

WATCHED: Mapping[str, str] = MappingProxyType(
    {
        "api.booklets.rules.Stage": "request",
        "api.notices.rules.Status": "delivery",
        "api.notices.rules.AttemptState": "attempt",
        "api.payments.rules.AttemptState": "payment",
        "api.payments.rules.CreditState": "credit",
    }
)
"""How the states of a vocabulary are named in AGES."""


def past(session: Session, *, now: datetime) -> Mapping[str, int]:
    """Count what is older than its state may be, by state; none is named that has nothing."""
    counts = {}
    for age in AGES:
        late = select(func.count()).where(age.where, age.since < now - age.most)
        if count := session.scalar(late):
            counts[age.state] = count
    return counts
