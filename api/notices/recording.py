"""Recording what came of letters and questions, a batch in one transaction, and fenced.

What a postman tells changes something only while its attempt is open and its lease is the
delivery's: a stale finish changes no row.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.access import service as access
from api.kit.outcome import Accepted, Rejected, State, Unknown
from api.notices import rates
from api.notices.courses import Courses, has_next
from api.notices.letters import Told
from api.notices.models import Report
from api.notices.opening import unanswered
from api.notices.plans import plan_of
from api.notices.posting import RESTORED
from api.notices.rows import AttemptRow, DeliveryRow, NoticeRow
from api.notices.rules import AttemptState, Status, ask_delay, of_parts, retry_delay

# What never left is tried again soon: whatever held it up gets a moment to pass.
_SOON = timedelta(milliseconds=250)

_EARLY = select(Report).where(
    Report.provider_id.in_(bindparam("names", expanding=True)), Report.delivery_id.is_(None)
)


class _Finished(NamedTuple):
    told: Told
    delivery: DeliveryRow
    notice: NoticeRow
    attempt: AttemptRow | None

    @property
    def sender(self) -> str:
        """Who had it last."""
        return self.told.sender if self.attempt is None else self.attempt.sender

    @property
    def is_doubt(self) -> bool:
        """Whether it was asked because a lost store may have sent it."""
        return self.told.attempt_id is None and self.delivery.reason == RESTORED


def record(session: Session, told: Sequence[Told], *, now: datetime, asks: Container[str]) -> int:
    """Record what came of letters and questions; gives how many were still ours to record.

    `asks` are the senders that can be asked about what they took.
    """
    courses = Courses(session, now)
    finished = _fenced(courses, told)
    orphans = _early_reports(session, finished)
    for one in finished:
        match one.told.outcome:
            case Accepted() as accepted if one.is_doubt and one.attempt is None:
                lost = courses.rows.lost(
                    one.delivery, sender=one.told.sender, lease=one.told.lease, now=now
                )
                known = one._replace(attempt=lost)
                _accepted(known, accepted, courses, orphans, now)
            case Accepted() as accepted:
                _accepted(one, accepted, courses, orphans, now)
            case Rejected(reason, again=True) if one.is_doubt:
                # The provider has never had it: it goes as if there had been no loss.
                one.delivery.until = None
                courses.retry(one.delivery, one.notice, at=now, reason=reason)
            case Rejected() as rejected:
                _rejected(session, one, rejected, courses, now)
            case Unknown(reason):
                _unknown(one, reason, courses, now, asks=one.sender in asks)
            case None:
                _unknown(one, "unknown", courses, now, asks=one.sender in asks)
    courses.write()
    return len(finished)


def _fenced(courses: Courses, told: Sequence[Told]) -> list[_Finished]:
    by_delivery = {one.delivery_id: one for one in told}
    # Deliveries before anything of theirs: their lock is what others wait for.
    rows = courses.rows.deliveries(by_delivery)
    latest = {attempt.delivery_id: attempt for attempt in courses.rows.attempts(by_delivery)}
    return [
        _Finished(by_delivery[delivery.id], delivery, notice, latest.get(delivery.id))
        for delivery, notice in rows
        if _is_ours(by_delivery[delivery.id], delivery, latest.get(delivery.id))
    ]


def _is_ours(told: Told, delivery: DeliveryRow, attempt: AttemptRow | None) -> bool:
    """Whether this postman may still say what came of it."""
    if told.attempt_id is None:
        return delivery.lease == told.lease
    if attempt is None or attempt.id != told.attempt_id:
        return False
    if attempt.state == AttemptState.OPEN:
        return delivery.lease == told.lease
    # A report was quicker: it proved the acceptance, and the provider's name for it is still news.
    return (
        attempt.state == AttemptState.ACCEPTED
        and attempt.provider_id is None
        and isinstance(told.outcome, Accepted)
    )


def _early_reports(
    session: Session, finished: Collection[_Finished]
) -> Mapping[str, Sequence[Report]]:
    """Find reports that came before we knew the name the provider gave."""
    names = {
        name
        for one in finished
        if isinstance(one.told.outcome, Accepted)
        for name in _names(one.told.outcome)
        if name
    }
    found: dict[str, list[Report]] = defaultdict(list)
    if names:
        for report in session.scalars(_EARLY, {"names": list(names)}):
            found[f"{report.provider}:{report.provider_id}"].append(report)
    return found


def _accepted(
    one: _Finished,
    accepted: Accepted,
    courses: Courses,
    orphans: Mapping[str, Sequence[Report]],
    now: datetime,
) -> None:
    states = [accepted.state]
    if one.attempt is not None:
        _close(one.attempt, AttemptState.ACCEPTED, now)
        one.attempt.provider_id = accepted.provider_id or one.attempt.provider_id
        courses.parted(one.attempt, accepted.parts)
        early = [orphans.get(f"{one.attempt.sender}:{name}", ()) for name in _names(accepted)]
        for report in chain.from_iterable(early):
            report.delivery_id = one.delivery.id
        told = [[State(report.state) for report in part if report.state] for part in early]
        states += told[0] if len(told) == 1 else filter(None, [of_parts(told)])
    asked = one.told.attempt_id is None and one.delivery.status == Status.SENT
    courses.told(one.delivery, one.notice, states)
    if asked and one.delivery.status == Status.SENT:
        # Asked at the end of its patience, and still on its way: the next channel begins.
        courses.go_on(one.delivery, one.notice)


def _names(accepted: Accepted) -> tuple[str, ...]:
    return accepted.parts or (accepted.provider_id,)


def _rejected(
    session: Session, one: _Finished, rejected: Rejected, courses: Courses, now: datetime
) -> None:
    delivery, notice, attempt = one.delivery, one.notice, one.attempt
    if attempt is not None:
        _close(attempt, AttemptState.REJECTED, now, rejected.reason)
    if delivery.status == Status.SENT:
        # Asked at the end of its patience; the provider has forgotten it.
        courses.go_on(delivery, notice)
    elif rejected.kept_back:
        courses.retry(delivery, notice, at=now + _SOON, reason=rejected.reason)
    elif rejected.wait_seconds > 0:
        if attempt is not None:
            rates.wait(session, sender=attempt.sender, seconds=rejected.wait_seconds, now=now)
        _put_off(delivery, rejected.wait_seconds)
        at = now + timedelta(seconds=rejected.wait_seconds)
        courses.retry(delivery, notice, at=at, reason=rejected.reason)
    elif rejected.again or rejected.account:
        # Also where our account is refused: that is our trouble, not the notice's.
        delivery.tries += 1
        plan = plan_of(notice.notice_class, notice.via)
        at = now + retry_delay(plan.first_delay, delivery.tries, delivery.reference)
        if has_next(delivery, notice) and delivery.until is not None:
            at = min(at, delivery.until)
        courses.retry(delivery, notice, at=at, reason=rejected.reason)
    elif rejected.address_dead:
        if attempt is not None and attempt.link_id is not None:
            access.break_link(session, link_id=attempt.link_id, now=now)
        courses.unreachable(delivery, notice, rejected.reason)
    else:
        courses.go_on(delivery, notice, status=Status.TECHNICAL_FAILURE, reason=rejected.reason)


def _put_off(delivery: DeliveryRow, seconds: float) -> None:
    """Let a wait that was told to us use up none of the step's patience."""
    if delivery.tries == 0:
        delivery.until = None
    elif delivery.until is not None:
        delivery.until += timedelta(seconds=seconds)


def _unknown(one: _Finished, reason: str, courses: Courses, now: datetime, *, asks: bool) -> None:
    delivery, notice = one.delivery, one.notice
    fresh = one.told.attempt_id is not None
    if fresh and one.attempt is not None:
        _close(one.attempt, AttemptState.UNKNOWN, now, reason)
    until = delivery.until or now
    if not fresh and (delivery.status == Status.SENT or now >= until or not asks):
        unanswered(delivery, notice, courses, now=now)
        return
    since = now if fresh else _since(one)
    look_again = now + ask_delay(now - since) if asks else until
    courses.uncertain(delivery, notice, look_again=look_again, reason=reason)


def _since(one: _Finished) -> datetime:
    """Since when nobody knows: the end of its last attempt."""
    if one.attempt is None or one.attempt.closed_at is None:
        return one.delivery.changed_at
    return one.attempt.closed_at


def _close(
    attempt: AttemptRow, state: AttemptState, now: datetime, reason: str | None = None
) -> None:
    attempt.state = state
    attempt.closed_at = now
    attempt.reason = reason
