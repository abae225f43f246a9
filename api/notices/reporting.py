"""Reports: what providers tell us afterwards, in any order, doubled, early or of nothing we know.

Each is kept as it came. A report can change the status of a delivery and never its person, its
text or its money (guarantees.md, "Receipts").
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Result, func, select, union, update
from sqlalchemy.orm import Session, aliased

from api import db, sets
from api.kit.outcome import State
from api.notices.courses import Courses
from api.notices.letters import NewReport
from api.notices.models import Attempt, AttemptPart, Delivery, Report
from api.notices.rules import AttemptState, of_parts

_LATE = timedelta(days=1)


def take_reports(session: Session, reports: Sequence[NewReport], *, now: datetime) -> int:
    """Keep reports and let them change what they are about; gives how many were new."""
    rows = {_fingerprint(report): report for report in reports}
    ids = {fingerprint: db.new_id() for fingerprint in rows}
    fresh = sets.add(
        session,
        Report,
        [
            {
                "id": ids[fingerprint],
                "provider": report.provider,
                "fingerprint": fingerprint,
                "reference": report.reference,
                "provider_id": report.provider_id,
                "state": report.state,
                "told": report.told,
                "received_at": now,
            }
            for fingerprint, report in rows.items()
        ],
    )
    new = [(ids[one], report) for one, report in rows.items() if ids[one] in fresh]
    deliveries = _deliveries_of(session, [report for _, report in new])
    known: dict[uuid.UUID, list[NewReport]] = defaultdict(list)
    matched = []
    for report_id, report in new:
        delivery_id = _match(report, deliveries)
        if delivery_id is not None:
            matched.append({"id": report_id, "delivery_id": delivery_id})
            if report.state is not None:
                known[delivery_id].append(report)
    if matched:
        session.execute(update(Report), matched)
    _apply(session, known, now)
    return len(fresh)


def match_late(session: Session, *, now: datetime, limit: int = 1_000) -> int:
    """Give reports to deliveries whose names were not known when they came; gives how many.

    On PostgreSQL a report and the outcome of its own letter may be written at the same moment, and
    neither transaction sees the other. Of reports that belong to nothing of ours there is no end,
    so only those of the last day are looked at.
    """
    of_part = aliased(Attempt)
    delivery = func.coalesce(Attempt.delivery_id, of_part.delivery_id)
    rows = session.execute(
        select(Report, delivery)
        .outerjoin(
            Attempt,
            (Attempt.provider_id == Report.provider_id) & (Attempt.sender == Report.provider),
        )
        .outerjoin(AttemptPart, AttemptPart.provider_id == Report.provider_id)
        .outerjoin(
            of_part,
            (of_part.id == AttemptPart.attempt_id) & (of_part.sender == Report.provider),
        )
        .where(
            Report.delivery_id.is_(None),
            Report.received_at > now - _LATE,
            delivery.is_not(None),
        )
        .order_by(Report.id)
        .limit(limit)
    ).all()
    known: dict[uuid.UUID, list[NewReport]] = defaultdict(list)
    for report, delivery_id in rows:
        if report.state is not None:
            known[delivery_id].append(
                NewReport(
                    provider=report.provider,
                    reference=report.reference,
                    provider_id=report.provider_id,
                    status="",
                    state=State(report.state),
                    at="",
                    told=report.told or "",
                )
            )
    _apply(session, known, now)
    # After the deliveries are held, as whoever records an outcome does: else two wait for each other.
    matched = [{"id": report.id, "delivery_id": delivery_id} for report, delivery_id in rows]
    if matched:
        session.execute(update(Report), matched)
    return len(rows)


def _fingerprint(report: NewReport) -> bytes:
    """Equal for the same report told twice."""
    parts = (report.provider, report.reference, report.provider_id, report.status, report.at)
    return db.keys().blind("report", "\0".join("" if one is None else str(one) for one in parts))


def _deliveries_of(
    session: Session, reports: Collection[NewReport]
) -> Mapping[int | tuple[str, str], uuid.UUID]:
    """Find deliveries by our reference, and by sender and the provider's own name.

    A text that left in parts has such a name for each of them.
    """
    references = {report.reference for report in reports} - {None}
    names = {report.provider_id for report in reports} - {None}
    by_reference = session.execute(
        select(Delivery.reference, Delivery.id).where(Delivery.reference.in_(references))
    )
    by_name: Result[Any] = session.execute(
        union(
            select(Attempt.sender, Attempt.provider_id, Attempt.delivery_id).where(
                Attempt.provider_id.in_(names)
            ),
            select(Attempt.sender, AttemptPart.provider_id, Attempt.delivery_id)
            .join(Attempt, Attempt.id == AttemptPart.attempt_id)
            .where(AttemptPart.provider_id.in_(names)),
        )
    )
    return {
        **dict(by_reference.all()),
        **{(row.sender, row.provider_id): row.delivery_id for row in by_name},
    }


def _match(
    report: NewReport, deliveries: Mapping[int | tuple[str, str], uuid.UUID]
) -> uuid.UUID | None:
    if report.reference is not None and report.reference in deliveries:
        return deliveries[report.reference]
    if report.provider_id is None:
        return None
    return deliveries.get((report.provider, report.provider_id))


def _states(
    session: Session, known: Mapping[uuid.UUID, Sequence[NewReport]]
) -> Mapping[uuid.UUID, Sequence[State]]:
    """What reports say of each delivery: one of a part says something of the whole alone."""
    whole: dict[uuid.UUID, dict[str, list[State]]] = defaultdict(dict)
    delivery_of = {}
    for attempt_id, delivery_id, name, state in session.execute(
        select(Attempt.id, Attempt.delivery_id, AttemptPart.provider_id, Report.state)
        .join(AttemptPart, AttemptPart.attempt_id == Attempt.id)
        .outerjoin(
            Report,
            (Report.provider_id == AttemptPart.provider_id) & (Report.provider == Attempt.sender),
        )
        .where(Attempt.delivery_id.in_(known))
    ):
        delivery_of[attempt_id] = delivery_id
        heard = whole[attempt_id].setdefault(name, [])
        if state is not None:
            heard.append(State(state))
    of_a_part = {name for parts in whole.values() for name in parts}
    told = {
        delivery_id: [
            one.state for one in reports if one.state and one.provider_id not in of_a_part
        ]
        for delivery_id, reports in known.items()
    }
    for attempt_id, parts in whole.items():
        state = of_parts(parts.values())
        if state is not None:
            told[delivery_of[attempt_id]].append(state)
    return told


def _apply(session: Session, known: Mapping[uuid.UUID, Sequence[NewReport]], now: datetime) -> None:
    courses = Courses(session, now)
    rows = courses.rows.deliveries(known)
    for attempt in courses.rows.open_attempts(known):
        # A report proves that the other side has it, before the postman could say so.
        attempt.state = AttemptState.ACCEPTED
        attempt.closed_at = now
        attempt.provider_id = next(
            (one.provider_id for one in known[attempt.delivery_id] if one.provider_id), None
        )
    # Read behind the lock: of two that bring a part each, the later one sees both.
    states = _states(session, known)
    for delivery, notice in rows:
        courses.told(delivery, notice, states[delivery.id])
    courses.write()
