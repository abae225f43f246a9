"""Questions about requests."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.requests.models import Request, RequestStage
from api.requests.rules import DELIVERED, Satisfaction


def by_number(session: Session, number: str) -> Request | None:
    """The request of a number, held against others until the transaction ends."""
    return session.scalar(
        select(Request)
        .where(Request.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def by_ids(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Request]:
    """Requests in the order of their ids, held against others until the transaction ends."""
    return session.scalars(
        select(Request)
        .where(Request.id.in_(ids))
        .order_by(Request.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def open_only(session: Session, only: str) -> Request | None:
    """The open request of what may be asked for once at a time."""
    return session.scalar(select(Request).where(Request.only == only))


def of_person(session: Session, person_id: uuid.UUID, *, limit: int) -> Sequence[Request]:
    """What a person asked for, newest first, at most `limit`."""
    return session.scalars(
        select(Request)
        .where(Request.person_id == person_id)
        .order_by(Request.created_at.desc(), Request.id.desc())
        .limit(limit)
    ).all()


def one_of_person(session: Session, person_id: uuid.UUID, number: str) -> Request | None:
    """The request of a number, if this person asked."""
    return session.scalar(
        select(Request).where(Request.number == number, Request.person_id == person_id)
    )


def stages_of(session: Session, request_id: uuid.UUID) -> Sequence[RequestStage]:
    """The stages a request came through, the first one first."""
    return session.scalars(
        select(RequestStage)
        .where(RequestStage.request_id == request_id)
        .order_by(RequestStage.ordinal)
    ).all()


def satisfaction(session: Session) -> Sequence[tuple[str, Satisfaction | None, int]]:
    """How many requests of each kind were delivered, by how satisfied who asked said they were."""
    found = session.execute(
        select(Request.kind, Request.satisfaction, func.count())
        .where(Request.stage == DELIVERED)
        .group_by(Request.kind, Request.satisfaction)
    )
    return [(kind, said, count) for kind, said, count in found]


def last_ordinal(session: Session, request_id: uuid.UUID) -> int:
    """How many stages a request came through."""
    return (
        session.scalar(
            select(func.max(RequestStage.ordinal)).where(RequestStage.request_id == request_id)
        )
        or 0
    )
