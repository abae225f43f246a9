"""What the pay page shows: read alone, so that looking at it changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from api.bills.models import Bill
from api.bills.rules import Purpose, State
from api.kit.calendar import Month
from api.kit.money import Rials
from api.payments import queries
from api.payments.models import PayLink, PaymentAttempt
from api.payments.rules import CHECKING, MOST_ATTEMPTS, AttemptState, PageState
from api.people import queries as people
from api.people import service as people_service

_NOTHING = Rials(0)


@dataclass(frozen=True, slots=True)
class Item:
    """A bill on the page."""

    purpose: Purpose
    period: Month
    amount: Rials


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPage:
    """A pay page as of now.

    `items` are what is to be paid, or what was; `amount` is their sum. `token` leads back to the
    page, `seconds_left` says how long it can be paid on. Of a payment that came in: its `reference`,
    `paid_at`, and of what settled nothing `credit`, kept still, and `given_back`. `cancelled` says
    that the payer came back without having paid, by their own word: while the page is CHECKING the
    gateway has not said so yet.
    """

    state: PageState
    masked_name: str = ""
    amount: Rials = _NOTHING
    items: tuple[Item, ...] = ()
    seconds_left: int = 0
    language: str = ""
    token: str = ""
    reference: str | None = None
    paid_at: datetime | None = None
    credit: Rials = _NOTHING
    given_back: Rials = _NOTHING
    cancelled: bool = False


_GONE = PayPage(state=PageState.GONE)


def page_of(session: Session, *, token: str, now: datetime) -> PayPage:
    """Give the page of a token; one that leads nowhere, or to bills that were closed, is gone."""
    link = queries.link_of(session, token)
    return _GONE if link is None else _page(session, link, now)


def page_of_return(session: Session, *, secret: str, now: datetime) -> PayPage:
    """Give the page for somebody who came back from the gateway: what became of their attempt."""
    attempt = queries.attempt_of(session, secret)
    link = None if attempt is None else session.get(PayLink, attempt.link_id)
    if attempt is None or link is None:
        return _GONE
    page = _page(session, link, now)
    bills = [bill for _, bill in queries.lines_of(session, [attempt.id])[attempt.id]]
    if attempt.state is AttemptState.VERIFIED:
        return _paid(session, page, attempt)
    if attempt.state in CHECKING:
        checking = replace(page, state=PageState.CHECKING, cancelled=attempt.cancelled)
        return _with(checking, bills)
    unpaid = {PageState.PAYABLE, PageState.EXPIRED, PageState.FAILED}
    if attempt.state in {AttemptState.FAILED, AttemptState.EXPIRED} and page.state in unpaid:
        return _with(replace(page, state=PageState.FAILED, cancelled=attempt.cancelled), bills)
    return page


def payable(session: Session, link: PayLink, now: datetime) -> Sequence[Bill]:
    """Give the bills that a link can still be used to pay now; none when it cannot."""
    bills = queries.bills_of_link(session, link.id)
    still = [bill for bill in bills if bill.state is State.OPEN]
    if _is_over(link, now) or queries.being_checked(session, [bill.id for bill in bills]):
        return []
    return still


def _page(session: Session, link: PayLink, now: datetime) -> PayPage:
    person = people.by_id(session, link.person_id)
    attempts = queries.attempts_of(session, link.id)
    bills = queries.bills_of_link(session, link.id)
    still = [bill for bill in bills if bill.state is State.OPEN]
    page = PayPage(
        state=PageState.PAYABLE,
        masked_name="" if person is None else people_service.masked_name(person),
        seconds_left=0 if _is_over(link, now) else int((link.expires_at - now).total_seconds()),
        language=link.language,
        token=link.token or "",
    )
    if queries.being_checked(session, [bill.id for bill in bills]):
        waited_for = [one.cancelled for one in attempts if one.state in CHECKING]
        turned_back = bool(waited_for) and all(waited_for)
        return _with(replace(page, state=PageState.CHECKING, cancelled=turned_back), still)
    verified = [one for one in attempts if one.state is AttemptState.VERIFIED]
    if not still and verified:
        return _paid(session, page, verified[-1])
    if not still:
        settled = [bill for bill in bills if bill.state is State.SETTLED]
        state = PageState.PAID if settled else PageState.GONE
        return _with(replace(page, state=state), settled)
    if _is_over(link, now):
        return _with(replace(page, state=PageState.EXPIRED), still)
    if attempts and attempts[-1].state is AttemptState.FAILED:
        page = replace(page, state=PageState.FAILED, cancelled=attempts[-1].cancelled)
    return _with(page, still)


def _is_over(link: PayLink, now: datetime) -> bool:
    return now >= link.expires_at or link.attempts >= MOST_ATTEMPTS


def _paid(session: Session, page: PayPage, attempt: PaymentAttempt) -> PayPage:
    lines = queries.lines_of(session, [attempt.id])[attempt.id]
    return replace(
        _with(page, [bill for line, bill in lines if line.settled]),
        state=PageState.PAID,
        amount=Rials(attempt.amount),
        cancelled=False,
        reference=attempt.reference,
        paid_at=attempt.paid_at,
        credit=_credited(session, attempt, given_back=False),
        given_back=_credited(session, attempt, given_back=True),
    )


def _credited(session: Session, attempt: PaymentAttempt, *, given_back: bool) -> Rials:
    found = queries.credited(session, [attempt.id], given_back=given_back)
    return Rials(found.get(attempt.id, 0))


def _with(page: PayPage, bills: Sequence[Bill]) -> PayPage:
    items = tuple(
        Item(bill.purpose, Month.parse(bill.period), Rials(bill.amount)) for bill in bills
    )
    return replace(page, items=items, amount=Rials(sum(item.amount for item in items)))
