"""What becomes of a delivery after something happened to it, and of its notice with it.

Used wherever a delivery changes: when it is looked at, when an outcome is recorded, when a report
comes. The changes of a batch are gathered and written at once.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api import sets
from api.access import service as access
from api.access.rules import SMS
from api.db import new_id
from api.kit.outcome import State
from api.notices.models import AttemptPart, Delivery, Notice
from api.notices.plans import Plan, Step, plan_of
from api.notices.posting import delivery_row, reference_of
from api.notices.rows import AttemptRow, DeliveryRow, NoticeRow, Rows
from api.notices.rules import NoticeStatus, Status, reported, told_of

log = structlog.get_logger("api.notices")

REPORTED = "reported"
"""The reason of a state that the other side told us, and that no repeat of ours mends."""

PATIENCE_OVER = "patience_over"
"""The reason of a step that was left for the next one while it could still have been tried."""

# In the order of ids, as everybody who writes several notices: so that nobody waits in a ring.
_STANDING = (
    select(Delivery.notice_id, Delivery.status, Delivery.due_at)
    .join(Notice, Notice.id == Delivery.notice_id)
    .where(Delivery.notice_id.in_(bindparam("ids", expanding=True)))
    .order_by(Notice.id)
    .with_for_update(of=Notice)
)


class Courses:
    """The courses of a batch of deliveries at one instant; `write` ends it.

    `rows` reads them: what is assigned to such a row is written with the rest.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self.handed_over = False
        self.rows = Rows(session)
        self._session = session
        self._now = now
        self._next: list[dict[str, Any]] = []
        self._touched: dict[uuid.UUID, NoticeRow] = {}
        self._given_up: dict[uuid.UUID, str] = {}
        self._parts: list[dict[str, Any]] = []
        self._deaf: set[uuid.UUID] = set()

    def wait(self, delivery: DeliveryRow, until: datetime) -> None:
        """Look at it again then; nothing has happened."""
        self._set(delivery, delivery.status, due_at=until)

    def rest(self, delivery: DeliveryRow) -> None:
        """Leave it as it is: nothing is to be done."""
        self._set(delivery, delivery.status, due_at=None)

    def retry(self, delivery: DeliveryRow, notice: NoticeRow, *, at: datetime, reason: str) -> None:
        """Try again at that instant: it surely was not sent."""
        status = Status.TEMPORARY_FAILURE if delivery.tries else Status.CREATED
        self._set(delivery, status, due_at=min(at, notice.ends_at), reason=reason)
        self._touch(notice)

    def uncertain(
        self, delivery: DeliveryRow, notice: NoticeRow, *, look_again: datetime, reason: str
    ) -> None:
        """Keep that nobody knows; it is looked at again when its patience ends at the latest."""
        end = min(delivery.until or notice.ends_at, notice.ends_at)
        due_at = min(look_again, end) if end > self._now else notice.ends_at
        self._set(delivery, Status.UNCERTAIN, due_at=due_at, reason=reason)
        self._touch(notice)

    def told(self, delivery: DeliveryRow, notice: NoticeRow, states: Iterable[State]) -> None:
        """Keep what the other side says of it: the highest rank of all that it ever said."""
        before = Status(delivery.status)
        after = reported(before, states)
        if after is before:
            return
        step = step_of(delivery, notice)
        if after is Status.PERMANENT_FAILURE:
            self.unreachable(delivery, notice)
        elif after is Status.DELIVERED or (after is Status.SENT and not step.needs_delivery):
            self._set(delivery, after, due_at=None)
        else:
            # Sent, or failing for now: the step keeps its patience, unless that has ended already.
            until = delivery.until or self._now + step.patience
            due_at = None if delivery.due_at is None else min(until, notice.ends_at)
            self._set(delivery, after, due_at=due_at, reason=REPORTED)
        self._touch(notice)

    def parted(self, attempt: AttemptRow, names: Iterable[str]) -> None:
        """Keep the provider's names for the parts in which a text left."""
        self._parts += [
            {"id": new_id(), "attempt_id": attempt.id, "provider_id": name} for name in names
        ]

    def hand_over(self, delivery: DeliveryRow, notice: NoticeRow, reason: str) -> None:
        """Pass a channel by which the person cannot be reached; without a next one, give up."""
        if not has_next(delivery, notice):
            self.give_up(delivery, notice, reason)
        elif delivery.until is not None or notice.doubted:
            # It was at the wire before, or may have been: that part of its course is kept as it was.
            self.go_on(delivery, notice, status=Status.PERMANENT_FAILURE, reason=reason)
        else:
            delivery.step += 1
            delivery.channel = step_of(delivery, notice).channel
            delivery.reference = reference_of(notice.key, notice.facts, delivery.channel)
            self._set(delivery, Status.CREATED, due_at=self._now)
            self.handed_over = True

    def go_on(
        self,
        delivery: DeliveryRow,
        notice: NoticeRow,
        *,
        status: Status | None = None,
        reason: str | None = None,
    ) -> None:
        """Begin the next step, if there is one and it has not begun; this one ends as it stands."""
        self._set(delivery, status or delivery.status, due_at=None, reason=reason)
        if has_next(delivery, notice) and self._now < notice.ends_at:
            plan = _plan(notice)
            self._next.append(
                delivery_row(_values(notice), plan=plan, step=delivery.step + 1, now=self._now)
            )
            self.handed_over = True
        self._touch(notice)

    def unreachable(
        self, delivery: DeliveryRow, notice: NoticeRow, reason: str | None = None
    ) -> None:
        """Go on where nobody is there any more; what was linked by a phone like that ends."""
        if delivery.channel == SMS:
            self._deaf.add(notice.person_id)
        self.go_on(delivery, notice, status=Status.PERMANENT_FAILURE, reason=reason)

    def give_up(self, delivery: DeliveryRow, notice: NoticeRow, reason: str) -> None:
        """End it without success: somebody must act."""
        self._set(delivery, Status.TECHNICAL_FAILURE, due_at=None, reason=reason)
        notice.reason = reason
        self._touch(notice)

    def resume(self, delivery: DeliveryRow, notice: NoticeRow) -> None:
        """Go on with a step that was left, since nothing follows it: until the notice ends."""
        status = delivery.status
        if status == Status.TECHNICAL_FAILURE:
            status = Status.TEMPORARY_FAILURE
        delivery.until = notice.ends_at
        notice.reason = None
        self._set(delivery, status, due_at=self._now)
        self.handed_over = True
        self._touch(notice)

    def cancel(self, delivery: DeliveryRow, notice: NoticeRow, reason: str) -> None:
        """End it because it must not be sent any more."""
        self._set(delivery, Status.CANCELLED, due_at=None, reason=reason)
        notice.reason = reason
        self._touch(notice)

    def write(self) -> None:
        """Write what was gathered: the next steps, and the status of each notice touched.

        A delivery that we gave up on and that no other follows is logged: somebody must act.
        """
        self.rows.write(DeliveryRow, AttemptRow)
        self._session.flush()
        sets.add(self._session, Delivery, self._next)
        sets.add(self._session, AttemptPart, self._parts)
        if not self._touched:
            # What they say may have changed all the same: a check code is given with the first try.
            self.rows.write(NoticeRow)
            return
        states: dict[uuid.UUID, list[tuple[Status, bool]]] = defaultdict(list)
        rows = self._session.connection().execute(_STANDING, {"ids": list(self._touched)})
        for notice_id, status, due_at in rows:
            states[notice_id].append((Status(status), due_at is not None))
        for notice in self._touched.values():
            notice.status = told_of(states[notice.id])
            if notice.status not in {NoticeStatus.WAITING, NoticeStatus.UNCERTAIN}:
                notice.has_secret = False
            if notice.status == NoticeStatus.FAILED and notice.id in self._given_up:
                log.warning(
                    "delivery.gave_up", channel=self._given_up[notice.id], notice=str(notice.id)
                )
        self.rows.write(NoticeRow)
        for person_id in sorted(self._deaf):
            access.end_number(self._session, person_id=person_id, now=self._now)

    def _set(
        self,
        delivery: DeliveryRow,
        status: str,
        *,
        due_at: datetime | None,
        reason: str | None = None,
    ) -> None:
        delivery.status = status
        delivery.due_at = due_at
        delivery.lease = None
        delivery.changed_at = self._now
        if reason is not None:
            delivery.reason = reason
        if status == Status.TECHNICAL_FAILURE:
            self._given_up[delivery.notice_id] = delivery.channel

    def _touch(self, notice: NoticeRow) -> None:
        self._touched[notice.id] = notice


def step_of(delivery: DeliveryRow, notice: NoticeRow) -> Step:
    """Give the step of the plan a delivery stands at."""
    return _plan(notice).steps[delivery.step]


def has_next(delivery: DeliveryRow, notice: NoticeRow) -> bool:
    """Whether the plan goes on after this delivery."""
    return delivery.step + 1 < len(_plan(notice).steps)


def _values(notice: NoticeRow) -> dict[str, Any]:
    """What a delivery is made of."""
    names = ("id", "key", "facts", "ends_at", "doubted")
    return {name: getattr(notice, name) for name in names}


def _plan(notice: NoticeRow) -> Plan:
    return plan_of(notice.notice_class, notice.via)
