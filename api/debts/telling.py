"""Telling of debts: the jobs `debt-notices` and `debt-reminders`, slice by slice.

A slice reads debts by their ids, judges them with the rules, and posts one notice to each contact
of the workshop, in the transaction of the caller. Dates go by the slot, the day the run is for, and
not by the wall clock: a run that is taken over or repeated makes the same notices, and their keys
let each of them exist once.

Reading and judging takes most of a slice's time and needs no turn to write. `announce_ahead` and
`remind_ahead` do it before that; in the turn the debts are held and read once more, and judged
again if one is not as it was.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from api.debts import queries, rules
from api.debts.rules import about
from api.debts.sums import rates_of, totals_of
from api.employers import queries as employers
from api.kit import calendar
from api.kit.slices import SIZE, Slice
from api.notices import previewing
from api.notices import service as notices
from api.notices.previewing import Preview
from api.notices.service import NewNotice
from api.organisation import service as organisation

SLICES: Mapping[str, int] = {"sqlite": SIZE // 4, "postgresql": SIZE * 2}
"""Debts a slice, by store. On SQLite everybody who writes waits for it, and the other writers' p99
is to stay under a tenth of a second; on PostgreSQL nobody does, and more at once cost less."""

_Debts = Sequence[Any]
"""Rows of `queries`, in order of ids."""


_Told = tuple[_Debts, Sequence[NewNotice]]
"""Those debts of a slice that somebody is told of, and what is posted of them."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A slice of a run, judged and not yet written: `done` debts were read."""

    done: int
    after: str | None
    told: _Debts
    notices: Sequence[NewNotice]


_Judged = tuple[_Part, notices.Ready]
"""A slice that only needs its turn to be written."""


@dataclass(frozen=True, slots=True)
class _Run:
    """How a job reads its debts, holds them for the turn to write, and judges them."""

    read: Callable[[Session, date, str | None, int], _Debts]
    hold: Callable[[Session, Collection[uuid.UUID]], _Debts]
    read_again: Callable[[Session, Collection[uuid.UUID]], _Debts]
    judge: Callable[[Session, _Debts, date, datetime], _Told]

    def part(
        self, session: Session, slot: date, now: datetime, after: str | None, limit: int
    ) -> _Part:
        """Read and judge a slice."""
        debts = self.read(session, slot, after, limit)
        following = str(debts[-1].id) if len(debts) == limit else None
        return _Part(len(debts), following, *self.judge(session, debts, slot, now))

    def judged(
        self, session: Session, slot: date, now: datetime, after: str | None, limit: int | None
    ) -> _Judged:
        """Make a slice ready; writes nothing."""
        size = limit or SLICES[session.get_bind().dialect.name]
        part = self.part(session, slot, now, after, size)
        return part, notices.prepare(session, part.notices, now)

    def held(self, session: Session, judged: _Judged, slot: date, now: datetime) -> _Judged:
        """Hold what a slice tells of, and judge it again where it is not as it was."""
        part, _ = judged
        held = self.hold(session, [debt.id for debt in part.told])
        if held == [(debt.id, debt.version, debt.changed_at) for debt in part.told]:
            return judged
        debts = self.read_again(session, [debt.id for debt in held])
        part = _Part(part.done, part.after, *self.judge(session, debts, slot, now))
        return part, notices.prepare(session, part.notices, now)


def announce(
    session: Session,
    *,
    slot: date,
    after: str | None,
    now: datetime,
    limit: int | None = None,
    judged: _Judged | None = None,
) -> Slice:
    """Tell the contacts of open debts of what nobody told them yet: each version once a person.

    A debt whose workshop has no contact on that day waits for the day it has one. `judged` is of
    `announce_ahead`. Raises organisation's NoRule.
    """
    if judged is None:
        judged = _ANNOUNCING.judged(session, slot, now, after, limit)
    part, ready = _ANNOUNCING.held(session, judged, slot, now)
    posted = notices.post_ready(session, ready, now)
    queries.keep_announced(session, [debt.id for debt in part.told])
    return Slice(part.done, part.after, posted)


def announce_ahead(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int | None = None
) -> Callable[..., Slice]:
    """Read and judge the next slice; gives `announce`, to be called for the same slice.

    It writes nothing. Raises organisation's NoRule.
    """
    judged = _ANNOUNCING.judged(session, slot, now, after, limit)
    return partial(announce, limit=limit, judged=judged)


def remind(
    session: Session,
    *,
    slot: date,
    after: str | None,
    now: datetime,
    limit: int | None = None,
    judged: _Judged | None = None,
) -> Slice:
    """Remind the contacts of debts whose last day to object comes near.

    The days before it are the rule table's (`reminders`); the reminder of ten days is posted by the
    slot exactly ten days before. A slot that runs late posts it only while it is of use: until the
    day of the next reminder, and never after the last day, on which it expires as well. `judged` is
    of `remind_ahead`. Raises organisation's NoRule.
    """
    if judged is None:
        judged = _REMINDING.judged(session, slot, now, after, limit)
    part, ready = _REMINDING.held(session, judged, slot, now)
    return Slice(part.done, part.after, notices.post_ready(session, ready, now))


def remind_ahead(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int | None = None
) -> Callable[..., Slice]:
    """Read and judge the next slice; gives `remind`, as `announce_ahead` does."""
    judged = _REMINDING.judged(session, slot, now, after, limit)
    return partial(remind, limit=limit, judged=judged)


def preview(session: Session, *, job: str, slot: date, now: datetime, limit: int = SIZE) -> Preview:
    """Say what a run of a job (`debt-notices`, `debt-reminders`) would post; writes nothing.

    Reminders that were posted already are counted again: their keys pass them over in a real run.
    KeyError for another job.
    """
    return previewing.preview(session, _RUNS[job].part, slot=slot, now=now, limit=limit)


def _unannounced(session: Session, _slot: date, after: str | None, limit: int) -> _Debts:
    return queries.unannounced(session, after=after, limit=limit)


def _announcements(session: Session, debts: _Debts, slot: date, _now: datetime) -> _Told:
    facts = _Facts(session, debts, slot)
    posted: list[NewNotice] = []
    for debt in facts.debts:
        posted += facts.notices_of(debt, "debt_notice", once=str(debt.version))
    return facts.debts, posted


def _near_their_last_day(session: Session, slot: date, after: str | None, limit: int) -> _Debts:
    last_days = [slot + timedelta(days=days) for days in _days_before(session, slot)]
    return queries.with_objection_on(session, last_days, after=after, limit=limit)


def _reminders(session: Session, debts: _Debts, slot: date, now: datetime) -> _Told:
    today = max(slot, calendar.today(now))
    days_before = _days_before(session, slot)
    due = {
        debt: days
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
    facts = _Facts(session, list(due), slot)
    posted: list[NewNotice] = []
    for debt in facts.debts:
        posted += facts.notices_of(
            debt,
            "debt_reminder",
            once=f"{debt.version}:{due[debt]}",
            expires_at=calendar.end_of_day(debt.objection_until),
            days_left=(debt.objection_until - today).days,
        )
    return facts.debts, posted


def _days_before(session: Session, slot: date) -> Collection[int]:
    days: Collection[int] = organisation.rules_on(session, "reminders", slot)[
        "days_before_objection"
    ]
    return days


_ANNOUNCING = _Run(
    _unannounced, queries.hold_unannounced, queries.unannounced_among, _announcements
)
_REMINDING = _Run(_near_their_last_day, queries.hold_open, queries.open_rows_among, _reminders)
_RUNS: Mapping[str, _Run] = {"debt-notices": _ANNOUNCING, "debt-reminders": _REMINDING}


class _Facts:
    """What a slice's notices say and to whom: contacts, labels and sums, read in a few statements.

    `debts` are those whose workshop has a contact.
    """

    def __init__(self, session: Session, debts: _Debts, slot: date) -> None:
        workshop_ids = {debt.workshop_id for debt in debts}
        self._contacts: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
        for contact in employers.contacts_of(session, workshop_ids, slot):
            self._contacts[contact.workshop_id].append(contact.person_id)
        self.debts = [debt for debt in debts if debt.workshop_id in self._contacts]
        self._labels = employers.labels_of(session, self._contacts)
        self._totals = totals_of(self.debts, rates_of(session), slot)
        self._slot = slot.isoformat()

    def notices_of(
        self,
        debt: Any,
        template: str,
        *,
        once: str,
        expires_at: datetime | None = None,
        **more: Any,
    ) -> Iterator[NewNotice]:
        """Make the notice of a debt to each contact; a person has one for each `once`."""
        name, said = str(debt.id), {**self._of(debt), **more}
        for person_id in self._contacts[debt.workshop_id]:
            yield NewNotice(
                template=template,
                to=person_id,
                about=about(name),
                facts=said,
                key=f"{template}:{name}:{once}:{person_id}",
                workshop_id=debt.workshop_id,
                expires_at=expires_at,
            )

    def _of(self, debt: Any) -> dict[str, Any]:
        """The facts of a debt as of the slot, plain JSON."""
        workshop = self._labels[debt.workshop_id]
        return {
            "workshop_tail": workshop.code[-4:],
            "workshop_name": workshop.name,
            "debt_tail": debt.number[-4:],
            "period_from": debt.period_from,
            "period_to": debt.period_to,
            "amount": self._totals[debt.id],
            "as_of": self._slot,
            "objection_until": debt.objection_until.isoformat(),
        }
