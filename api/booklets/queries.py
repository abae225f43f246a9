"""Questions about booklets and offers."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from api.bills.models import Bill
from api.booklets.models import Booklet, BookletOffer
from api.booklets.rules import REQUEST_KIND, Kind, Loss, Stage
from api.requests.models import OPEN, Request


def offer_to(session: Session, person_id: uuid.UUID, offer_id: uuid.UUID) -> BookletOffer | None:
    """An offer, if it was made to this person; held against others until the transaction ends."""
    return session.scalar(
        select(BookletOffer)
        .where(BookletOffer.id == offer_id, BookletOffer.person_id == person_id)
        .with_for_update()
    )


def of_request(session: Session, request_id: uuid.UUID) -> Booklet | None:
    """The booklet of a request."""
    return session.get(Booklet, request_id)


def of_number(session: Session, number: str) -> Booklet | None:
    """The booklet of a request's number."""
    return session.scalar(
        select(Booklet)
        .join(Request, Request.id == Booklet.request_id)
        .where(Request.number == number)
    )


def of_bills(session: Session, bill_ids: Collection[uuid.UUID]) -> Sequence[Booklet]:
    """The booklets whose fees these bills are."""
    return session.scalars(select(Booklet).where(Booklet.bill_id.in_(bill_ids))).all()


def unpaid_since(
    session: Session, day: date, *, limit: int
) -> Sequence[tuple[Booklet, uuid.UUID, date]]:
    """Booklets waiting for a fee that could be paid until before this day: bill and last day with it.

    The longest waiting first.
    """
    return session.execute(
        select(Booklet, Bill.id, Bill.due_on)
        .join(Request, Request.id == Booklet.request_id)
        .join(Bill, Bill.id == Booklet.bill_id)
        .where(
            OPEN,
            Request.stage == Stage.FEE_DUE,
            Request.kind == REQUEST_KIND,
            Bill.due_on < day,
        )
        .order_by(Request.since)
        .limit(limit)
    ).all()


def duplicates_paid_for(
    session: Session, subject_id: uuid.UUID, *, free_after: Collection[Loss]
) -> int:
    """How many duplicates for which a fee was due a person had before.

    One after a theft was free for its paper alone; of those from before papers were sent, the sum
    says whether it was.
    """
    return (
        session.scalar(
            select(func.count())
            .select_from(Booklet)
            .join(Request, Request.id == Booklet.request_id)
            .where(
                Booklet.subject_id == subject_id,
                Booklet.kind == Kind.DUPLICATE,
                or_(
                    Booklet.loss.not_in(free_after),
                    and_(~Booklet.with_paper, Booklet.cost > 0),
                ),
                Request.stage.not_in([Stage.REJECTED, Stage.CANCELLED]),
            )
        )
        or 0
    )
