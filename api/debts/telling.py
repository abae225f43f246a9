"""Telling of debts: the jobs `debt-notices` and `debt-reminders`, slice by slice.

A slice reads debts by their ids, judges them with the rules, and posts one notice to each contact
of the workshop, in the transaction of the caller. Dates go by the slot, the day the run is for, and
not by the wall clock: a run that is taken over or repeated makes the same notices, and their keys
let each of them exist once.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from api.debts import queries, rules
from api.debts.models import Debt
from api.debts.rules import about
from api.debts.sums import rates_of, sum_of
from api.employers import queries as employers
from api.kit import calendar
from api.kit.slices import SIZE, Slice
from api.notices import previewing
from api.notices import service as notices
from api.notices.previewing import Preview
from api.notices.service import NewNotice
from api.organisation import service as organisation


@dataclass(frozen=True, slots=True)
class _Part:
    """A slice of a run, judged and not yet written."""

    debts: Sequence[Debt]
    notices: Sequence[NewNotice]
    after: str | None


_Reader = Callable[[Session, date, datetime, str | None, int], _Part]


def announce(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int = SIZE
) -> Slice:
    """Tell the contacts of open debts of what nobody told them yet: each version once a person.

    A debt whose workshop has no contact on that day waits for the day it has one.
    """
    part = _to_announce(session, slot, now, after, limit)
    posted = notices.post_many(session, part.notices, now)
    told = {notice.about for notice in part.notices}
    _mark(session, [debt for debt in part.debts if about(debt.id) in told])
    return Slice(len(part.debts), part.after, posted)


def _mark(session: Session, debts: Sequence[Debt]) -> None:
    """Keep the versions that their contacts were told of: those that were read, whatever came since."""
    by_version: dict[int, list[uuid.UUID]] = defaultdict(list)
    for debt in debts:
        by_version[debt.version].append(debt.id)
        set_committed_value(debt, "announced_version", debt.version)
    for version, ids in by_version.items():
        session.execute(
            update(Debt).where(Debt.id.in_(ids)).values(announced_version=version),
            execution_options={"synchronize_session": False},
        )


def remind(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int = SIZE
) -> Slice:
    """Remind the contacts of debts whose last day to object comes near.

    The days before it are the rule table's (`reminders`); the reminder of ten days is posted by the
    slot exactly ten days before. A slot that runs late posts it only while it is of use: until the
    day of the next reminder, and never after the last day, on which it expires as well.
    """
    part = _to_remind(session, slot, now, after, limit)
    posted = notices.post_many(session, part.notices, now)
    return Slice(len(part.debts), part.after, posted)


def preview(session: Session, *, job: str, slot: date, now: datetime, limit: int = SIZE) -> Preview:
    """Say what a run of a job (`debt-notices`, `debt-reminders`) would post; writes nothing.

    Reminders that were posted already are counted again: their keys pass them over in a real run.
    KeyError for another job.
    """
    return previewing.preview(session, _READERS[job], slot=slot, now=now, limit=limit)


def _to_announce(
    session: Session, slot: date, _now: datetime, after: str | None, limit: int
) -> _Part:
    debts = queries.unannounced(session, after=after, limit=limit)
    facts = _Facts(session, debts, slot)
    posted = [
        NewNotice(
            template="debt_notice",
            to=person_id,
            about=about(debt.id),
            facts=facts.of(debt),
            key=f"debt_notice:{debt.id}:{debt.version}:{person_id}",
            workshop_id=debt.workshop_id,
        )
        for debt in debts
        for person_id in facts.contacts[debt.workshop_id]
    ]
    return _Part(debts, posted, _next(debts, limit))


def _to_remind(session: Session, slot: date, now: datetime, after: str | None, limit: int) -> _Part:
    today = max(slot, calendar.today(now))
    days_before = organisation.rules_on(session, "reminders", slot)["days_before_objection"]
    last_days = [slot + timedelta(days=days) for days in days_before]
    debts = queries.with_objection_on(session, last_days, after=after, limit=limit)
    due = {
        debt.id: days
        for debt in debts
        if (
            days := rules.reminder_due(
                objection_until=debt.objection_until,
                step=debt.step,
                days_before=days_before,
                slot=slot,
                today=today,
            )
        )
        is not None
    }
    facts = _Facts(session, [debt for debt in debts if debt.id in due], slot)
    posted = [
        NewNotice(
            template="debt_reminder",
            to=person_id,
            about=about(debt.id),
            facts={**facts.of(debt), "days_left": (debt.objection_until - today).days},
            key=f"debt_reminder:{debt.id}:{debt.version}:{due[debt.id]}:{person_id}",
            workshop_id=debt.workshop_id,
            expires_at=calendar.end_of_day(debt.objection_until),
        )
        for debt in debts
        if debt.id in due
        for person_id in facts.contacts[debt.workshop_id]
    ]
    return _Part(debts, posted, _next(debts, limit))


_READERS: Mapping[str, _Reader] = {"debt-notices": _to_announce, "debt-reminders": _to_remind}


def _next(debts: Sequence[Debt], limit: int) -> str | None:
    return str(debts[-1].id) if len(debts) == limit else None


class _Facts:
    """What the notices of a slice say: contacts, labels and sums, read in a few statements."""

    def __init__(self, session: Session, debts: Sequence[Debt], slot: date) -> None:
        workshop_ids = {debt.workshop_id for debt in debts}
        self.contacts: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
        for contact in employers.contacts_of(session, workshop_ids, slot):
            self.contacts[contact.workshop_id].append(contact.person_id)
        self._labels = employers.labels_of(session, workshop_ids)
        self._rates = rates_of(session)
        self._slot = slot

    def of(self, debt: Debt) -> dict[str, Any]:
        """The facts of a debt as of the slot, plain JSON."""
        workshop = self._labels[debt.workshop_id]
        _, total = sum_of(debt, self._rates, self._slot)
        return {
            "workshop_tail": workshop.code[-4:],
            "workshop_name": workshop.name,
            "debt_tail": debt.number[-4:],
            "period_from": debt.period_from,
            "period_to": debt.period_to,
            "amount": int(total),
            "as_of": self._slot.isoformat(),
            "objection_until": debt.objection_until.isoformat(),
        }
