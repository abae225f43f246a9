"""The doors of payments: a page to pay on, receipts, and money to be given back."""

import uuid
from datetime import timedelta

from sqlalchemy.orm import Session

from api.access.doors import Entrusted, Insured, Now, Router, answers
from api.audit import service as audit
from api.bills.refusals import BillNotFound
from api.payments import gateway, service
from api.payments.refusals import (
    BillBeingChecked,
    BillClosed,
    CreditNotFound,
    CreditRefunded,
    NothingToPay,
    PayingUnavailable,
)
from api.payments.schemas import CreditOut, CreditPage, PayLinkIn, PayLinkOut, PaymentPage
from api.settings import Settings

router = Router(prefix="/v1/payments", tags=["payments"])


@router.post(
    "/links",
    responses=answers(BillNotFound, NothingToPay, BillClosed, BillBeingChecked, PayingUnavailable),
)
def link(
    session: Session, caller: Entrusted, now: Now, settings: Settings, said: PayLinkIn
) -> PayLinkOut:
    """Make a page on which open bills of this person are paid together.

    Whoever has its address may pay; it shows a masked name and expires in minutes.
    """
    if not gateway.is_set_up(settings):
        raise PayingUnavailable
    made, token, amount = service.make_link(
        session,
        bill_ids=said.bills,
        person_id=caller.subject_id,
        made_by=caller.person_id,
        link_id=caller.link_id,
        language=caller.language,
        lasts=timedelta(minutes=settings.pay_link_minutes),
        now=now,
    )
    audit.note(
        session,
        actor=caller.actor,
        verb="payments.link",
        subject=f"pay_link:{made.id}",
        detail={"bills": len(said.bills), "for": str(caller.subject_id)},
        now=now,
    )
    return PayLinkOut(
        url=f"{settings.public_url.rstrip('/')}/pay/{token}",
        amount=amount,
        count=len(said.bills),
        expires_at=made.expires_at,
    )


@router.get("")
def mine(session: Session, caller: Insured) -> PaymentPage:
    """The receipts of this person, the newest first."""
    return service.receipts(session, person_id=caller.subject_id)


@router.get("/credits")
def credits_(session: Session, caller: Insured) -> CreditPage:
    """Money of this person that settled nothing, and what became of it."""
    return service.credits_of(session, person_id=caller.subject_id)


@router.post("/credits/{credit}/refund", responses=answers(CreditNotFound, CreditRefunded))
def refund(session: Session, caller: Insured, now: Now, credit: uuid.UUID) -> CreditOut:
    """Ask for a credit back; once is enough."""
    return service.ask_refund(
        session, person_id=caller.subject_id, credit_id=credit, actor=caller.actor, now=now
    )
