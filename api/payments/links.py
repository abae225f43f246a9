"""Making the page on which bills are paid."""

import secrets
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from api.bills import queries as bills
from api.bills.refusals import BillNotFound
from api.bills.rules import State
from api.kit.language import Language
from api.payments import queries
from api.payments.models import PayLink, PayLinkBill
from api.payments.refusals import BillBeingChecked, BillClosed, NothingToPay

_BYTES = 24
UNUSED_KEPT = timedelta(days=30)


def make_link(
    session: Session,
    *,
    bill_ids: Collection[uuid.UUID],
    person_id: uuid.UUID,
    made_by: uuid.UUID,
    link_id: uuid.UUID,
    language: Language,
    lasts: timedelta,
    now: datetime,
) -> tuple[PayLink, str, int]:
    """Make a link for some open bills of a person, and give it with its token and its amount.

    `made_by` asked for it in the chat `link_id`. The token has 192 random bits. Raises BillNotFound
    (also for another's), NothingToPay, BillClosed, BillBeingChecked.
    """
    wanted = bills.by_ids(session, bill_ids)
    if len(wanted) < len(set(bill_ids)) or any(bill.person_id != person_id for bill in wanted):
        raise BillNotFound
    if any(bill.state is State.CANCELLED for bill in wanted):
        raise BillClosed
    if any(bill.state is State.SETTLED for bill in wanted):
        raise NothingToPay
    if queries.being_checked(session, bill_ids):
        raise BillBeingChecked
    token = secrets.token_urlsafe(_BYTES)
    link = PayLink(
        token_index=queries.token_index(token),
        token=token,
        person_id=person_id,
        made_by=made_by,
        link_id=link_id,
        language=language,
        created_at=now,
        expires_at=now + lasts,
    )
    session.add(link)
    session.flush()
    session.add_all(PayLinkBill(link_id=link.id, bill_id=bill.id) for bill in wanted)
    session.flush()
    return link, token, sum(bill.amount for bill in wanted)


def sweep(session: Session, *, now: datetime, limit: int = 5000) -> int:
    """Forget links that nobody began to pay on in thirty days, at most `limit`; gives how many.

    One that a payment came by is part of what is told of that payment, and kept with it; of one that
    is over the token is forgotten: nothing leads back to its page.
    """
    over = queries.links_over(session, now, limit=limit)
    session.execute(
        update(PayLink)
        .where(PayLink.id.in_(over))
        .values(token=None)
        .execution_options(synchronize_session=False)
    )
    old = queries.unused_links(session, now - UNUSED_KEPT, limit=limit)
    for statement in (
        delete(PayLinkBill).where(PayLinkBill.link_id.in_(old)),
        delete(PayLink).where(PayLink.id.in_(old)),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    return len(over) + len(old)
