"""Money that came in: to the bills that are open still, and what is left over to the payer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from api import events
from api.audit import service as audit
from api.bills import queries as bill_queries
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.rules import Purpose, State
from api.kit import calendar
from api.kit.calendar import Month
from api.ledger import service as ledger
from api.ledger.rules import Account, Kind, NewTransfer
from api.notices import service as notices
from api.payments import queries
from api.payments.events import BillsSettled
from api.payments.models import AttemptBill, Credit, PayLink, PaymentAttempt
from api.payments.rules import CreditReason
from api.records import queries as records
from api.records.rules import is_full


def settle_bills(session: Session, attempt: PaymentAttempt, now: datetime) -> None:
    """Spend the money of an attempt that was just verified: to the last rial, and once.

    Tells BillsSettled; posts `payment_receipt` and `payment_credit` to whoever asked for the link.
    """
    lines = queries.lines_of(session, [attempt.id])[attempt.id]
    held = bill_queries.held(session, [bill.id for _, bill in lines])
    settled = bills.settle(session, held, attempt=_about(attempt), at=now)
    for line, _ in lines:
        line.settled = line.bill_id in settled
    session.flush()
    link = session.get_one(PayLink, attempt.link_id)
    credits_ = _credit(session, attempt, link, _left_over(lines), now)
    audit.note(
        session,
        actor=f"gateway:{attempt.gateway}",
        verb="payments.settle",
        subject=_about(attempt),
        detail={"bills": len(settled), "credits": len(credits_)},
        now=now,
    )
    if settled:
        _post_receipt(
            session, attempt, link, [bill for _, bill in lines if bill.id in settled], now
        )
        events.tell(
            session,
            BillsSettled(
                bill_ids=tuple(sorted(settled)),
                person_id=link.person_id,
                attempt_id=attempt.id,
                at=now,
            ),
        )


def _left_over(
    lines: Sequence[tuple[AttemptBill, Bill]],
) -> Mapping[CreditReason, Sequence[tuple[AttemptBill, Bill]]]:
    """Give what settled nothing, by the reason for that."""
    left: dict[CreditReason, list[tuple[AttemptBill, Bill]]] = {}
    for line, bill in lines:
        if not line.settled:
            closed = bill.state is State.CANCELLED
            reason = CreditReason.BILL_CLOSED if closed else CreditReason.ALREADY_SETTLED
            left.setdefault(reason, []).append((line, bill))
    return left


def _credit(
    session: Session,
    attempt: PaymentAttempt,
    link: PayLink,
    left: Mapping[CreditReason, Sequence[tuple[AttemptBill, Bill]]],
    now: datetime,
) -> Sequence[Credit]:
    made = [
        Credit(
            person_id=link.person_id,
            attempt_id=attempt.id,
            amount=sum(line.amount for line, _ in lines),
            reason=reason,
            created_at=now,
        )
        for reason, lines in left.items()
    ]
    session.add_all(made)
    session.flush()
    ledger.post(
        session,
        [
            NewTransfer(
                key=f"credit:{credit.id}",
                debit=Account(Kind.BANK),
                credit=Account(Kind.UNAPPLIED, credit.person_id),
                amount=credit.amount,
                about=_about(attempt),
                on=calendar.today(now),
            )
            for credit in made
        ],
        now,
    )
    for credit in made:
        notices.post(
            session,
            template="payment_credit",
            to=link.made_by,
            about=f"credit:{credit.id}",
            facts={
                "amount": credit.amount,
                "reason": credit.reason,
                "paid_on": calendar.today(attempt.paid_at or now),
                "reference": attempt.reference,
                "contribution": any(
                    bill.purpose is Purpose.CONTRIBUTION for _, bill in left[credit.reason]
                ),
            },
            key=f"payment_credit:{credit.id}",
            now=now,
        )
    return made


def _post_receipt(
    session: Session,
    attempt: PaymentAttempt,
    link: PayLink,
    settled: Sequence[Bill],
    now: datetime,
) -> None:
    notices.post(
        session,
        template="payment_receipt",
        to=link.made_by,
        about=_about(attempt),
        facts={
            "amount": sum(bill.amount for bill in settled),
            "items": [{"purpose": bill.purpose, "period": bill.period} for bill in settled],
            "paid_on": calendar.today(attempt.paid_at or now),
            "reference": attempt.reference,
            "own": link.made_by == link.person_id,
            "full": _adding_nothing(session, settled),
        },
        key=f"payment_receipt:{attempt.id}",
        now=now,
    )


def _adding_nothing(session: Session, settled: Sequence[Bill]) -> Sequence[str]:
    """Name the months that are paid and add nothing: the record has all their days already."""
    full = []
    paid = [bill for bill in settled if bill.purpose is Purpose.CONTRIBUTION]
    known = dict(records.days_of(session, {bill.person_id for bill in paid}))
    for bill in paid:
        month, days = Month.parse(bill.period), known.setdefault(bill.person_id, {})
        if is_full(month, days):
            full.append(bill.period)
        # Of two contracts' bills for one month the second adds nothing.
        days[month] = month.days
    return full


def _about(attempt: PaymentAttempt) -> str:
    return f"payment:{attempt.id}"
