"""Questions about payments."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from api import db
from api.bills.models import Bill
from api.payments.models import (
    KNOWN,
    UNUSED,
    WATCHED,
    AttemptBill,
    Credit,
    PayLink,
    PayLinkBill,
    PaymentAttempt,
)
from api.payments.rules import CHECKING, UNDER_WAY, AttemptState, CreditState

Row = TypeVar("Row")

# Written out, as in the index: with a parameter there the planner could not tell.
_ASKED_BACK: ColumnElement[str] = literal_column("'refund_asked'")


def token_index(token: str) -> bytes:
    """The blind index of a pay page's token."""
    return db.keys().blind("pay_token", token)


def secret_index(secret: str) -> bytes:
    """The blind index of the random part of a return's address."""
    return db.keys().blind("pay_return", secret)


def link_of(session: Session, token: str, *, held: bool = False) -> PayLink | None:
    """The link of a token; `held` against others until the transaction ends."""
    wanted = select(PayLink).where(PayLink.token_index == token_index(token))
    return session.scalar(_held(wanted) if held else wanted)


def unused_links(session: Session, before: datetime, *, limit: int) -> Sequence[uuid.UUID]:
    """Links made before an instant of which no attempt came, the oldest first."""
    return session.scalars(
        select(PayLink.id)
        .where(
            UNUSED,
            PayLink.created_at < before,
            ~exists().where(PaymentAttempt.link_id == PayLink.id),
        )
        .order_by(PayLink.created_at)
        .limit(limit)
    ).all()


def links_over(session: Session, now: datetime, *, limit: int) -> Sequence[uuid.UUID]:
    """Links that are over and whose token is known still, the first that ended first."""
    return session.scalars(
        select(PayLink.id)
        .where(KNOWN, PayLink.expires_at <= now)
        .order_by(PayLink.expires_at)
        .limit(limit)
    ).all()


def attempt_of(session: Session, secret: str, *, held: bool = False) -> PaymentAttempt | None:
    """The attempt that a return belongs to; `held` against others until the transaction ends."""
    wanted = select(PaymentAttempt).where(PaymentAttempt.secret_index == secret_index(secret))
    return session.scalar(_held(wanted) if held else wanted)


def held_attempt(session: Session, attempt_id: uuid.UUID) -> PaymentAttempt | None:
    """The attempt of an id, held against others until the transaction ends."""
    return session.scalar(_held(select(PaymentAttempt).where(PaymentAttempt.id == attempt_id)))


def attempts_of(session: Session, link_id: uuid.UUID) -> Sequence[PaymentAttempt]:
    """All attempts that a link began, in their order."""
    return session.scalars(
        select(PaymentAttempt)
        .where(PaymentAttempt.link_id == link_id)
        .order_by(PaymentAttempt.created_at, PaymentAttempt.id)
    ).all()


def is_reference_taken(session: Session, attempt: PaymentAttempt, reference: str) -> bool:
    """Whether another payment at the same gateway has this number already."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    PaymentAttempt.gateway == attempt.gateway,
                    PaymentAttempt.reference == reference,
                    PaymentAttempt.id != attempt.id,
                )
            )
        )
    )


def of_references(
    session: Session, gateway: str, references: Collection[str]
) -> Sequence[PaymentAttempt]:
    """The payments that have these numbers at a gateway."""
    return session.scalars(
        select(PaymentAttempt).where(
            PaymentAttempt.gateway == gateway, PaymentAttempt.reference.in_(references)
        )
    ).all()


def bills_of_link(session: Session, link_id: uuid.UUID) -> Sequence[Bill]:
    """The bills a link is for, oldest first."""
    return session.scalars(
        select(Bill)
        .join(PayLinkBill, PayLinkBill.bill_id == Bill.id)
        .where(PayLinkBill.link_id == link_id)
        .order_by(Bill.period, Bill.id)
    ).all()


def lines_of(
    session: Session, attempt_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[tuple[AttemptBill, Bill]]]:
    """The bills that attempts are to pay, oldest first."""
    found: dict[uuid.UUID, list[tuple[AttemptBill, Bill]]] = defaultdict(list)
    for line, bill in session.execute(
        select(AttemptBill, Bill)
        .join(Bill, Bill.id == AttemptBill.bill_id)
        .where(AttemptBill.attempt_id.in_(attempt_ids))
        .order_by(Bill.period, Bill.id)
    ):
        found[line.attempt_id].append((line, bill))
    return found


def being_checked(session: Session, bill_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these bills for which somebody came back from the gateway and we do not know yet."""
    return set(
        session.scalars(
            select(AttemptBill.bill_id)
            .join(PaymentAttempt, PaymentAttempt.id == AttemptBill.attempt_id)
            .where(AttemptBill.bill_id.in_(bill_ids), PaymentAttempt.state.in_(CHECKING))
        )
    )


def under_way(session: Session, bill_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, datetime]:
    """Those of these bills with an attempt of which the end is not known: since when, at the earliest."""
    return dict(
        session.execute(
            select(AttemptBill.bill_id, func.min(PaymentAttempt.created_at))
            .join(PaymentAttempt, PaymentAttempt.id == AttemptBill.attempt_id)
            .where(AttemptBill.bill_id.in_(bill_ids), PaymentAttempt.state.in_(UNDER_WAY))
            .group_by(AttemptBill.bill_id)
        ).all()
    )


def due(now: datetime, gateway: str) -> Select[uuid.UUID]:
    """The ids of attempts that are to be asked about at a gateway, the longest waiting first."""
    return (
        select(PaymentAttempt.id)
        .where(PaymentAttempt.look_at <= now, PaymentAttempt.gateway == gateway)
        .order_by(PaymentAttempt.look_at)
    )


def without_answer(session: Session, before: datetime) -> Sequence[PaymentAttempt]:
    """Attempts that are still asked about: begun before an instant, or doubted; the oldest first."""
    return session.scalars(
        select(PaymentAttempt)
        .where(
            WATCHED, or_(PaymentAttempt.created_at <= before, PaymentAttempt.doubted.is_not(None))
        )
        .order_by(PaymentAttempt.created_at, PaymentAttempt.id)
    ).all()


def verified(session: Session, person_id: uuid.UUID, *, limit: int) -> Sequence[PaymentAttempt]:
    """The payments that came in for a person's bills, the newest first."""
    return session.scalars(
        select(PaymentAttempt)
        .join(PayLink, PayLink.id == PaymentAttempt.link_id)
        .where(PayLink.person_id == person_id, PaymentAttempt.state == AttemptState.VERIFIED)
        .order_by(PaymentAttempt.paid_at.desc(), PaymentAttempt.id.desc())
        .limit(limit)
    ).all()


def verified_with_children(
    session: Session,
    person_id: uuid.UUID,
    children: Collection[uuid.UUID],
    *,
    limit: int,
    attempt_id: uuid.UUID | None = None,
) -> Sequence[tuple[PaymentAttempt, uuid.UUID]]:
    """The payments for a person's bills, and those they made for bills of these children.

    Each with whose bills they were; the newest first, or that of `attempt_id` alone.
    """
    wanted = (
        select(PaymentAttempt, PayLink.person_id)
        .join(PayLink, PayLink.id == PaymentAttempt.link_id)
        .where(
            PayLink.person_id.in_({person_id, *children}),
            or_(PayLink.person_id == person_id, PayLink.made_by == person_id),
            PaymentAttempt.state == AttemptState.VERIFIED,
        )
        .order_by(PaymentAttempt.paid_at.desc(), PaymentAttempt.id.desc())
        .limit(limit)
    )
    if attempt_id is not None:
        wanted = wanted.where(PaymentAttempt.id == attempt_id)
    return session.execute(wanted).all()


def credited(
    session: Session, attempt_ids: Collection[uuid.UUID], *, given_back: bool
) -> Mapping[uuid.UUID, int]:
    """What of each payment settled nothing: what was given back since, or what is kept still."""
    gone = Credit.state == CreditState.REFUNDED
    return dict(
        session.execute(
            select(Credit.attempt_id, func.sum(Credit.amount))
            .where(Credit.attempt_id.in_(attempt_ids), gone if given_back else ~gone)
            .group_by(Credit.attempt_id)
        ).all()
    )


def credits_of(session: Session, person_id: uuid.UUID) -> Sequence[tuple[Credit, str]]:
    """A person's credits with the number of the payment they came by, the newest first."""
    return session.execute(
        select(Credit, func.coalesce(PaymentAttempt.reference, ""))
        .join(PaymentAttempt, PaymentAttempt.id == Credit.attempt_id)
        .where(Credit.person_id == person_id)
        .order_by(Credit.created_at.desc(), Credit.id.desc())
    ).all()


def held_credit(session: Session, credit_id: uuid.UUID) -> Credit | None:
    """The credit of an id, held against others until the transaction ends."""
    return session.scalar(_held(select(Credit).where(Credit.id == credit_id)))


def asked_back(session: Session) -> Sequence[tuple[Credit, PaymentAttempt]]:
    """The credits that people asked for back, with the payment they came by, oldest first."""
    return session.execute(
        select(Credit, PaymentAttempt)
        .join(PaymentAttempt, PaymentAttempt.id == Credit.attempt_id)
        .where(Credit.state == _ASKED_BACK)
        .order_by(Credit.refund_asked_at, Credit.id)
    ).all()


def _held(wanted: Select[Row]) -> Select[Row]:
    return wanted.with_for_update().execution_options(populate_existing=True)
