"""The verbs of booklets: offered, asked for, and followed to the one who waits for it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.booklets import moving, queries, rules
from api.booklets.models import Booklet, BookletOffer
from api.booklets.moving import advance, fees_paid
from api.booklets.refusals import (
    NoRegisteredAddress,
    NotEntitled,
    OfferExpired,
    OfferNotFound,
    RequestOpen,
    UnknownBranch,
    UnknownMember,
)
from api.booklets.rules import REQUEST_KIND, Kind, Line, Loss, Stage, Tariff, Way
from api.booklets.schemas import BookletOut, LineOut, OfferOut, Terms
from api.files import service as files
from api.files.rules import Purpose as FilePurpose
from api.kit import calendar
from api.organisation import nearness
from api.organisation import queries as branches
from api.organisation import service as organisation
from api.people import queries as people
from api.records import queries as records
from api.requests import queries as requests_queries
from api.requests import service as requests
from api.requests.models import Request
from api.requests.refusals import RequestNotFound
from api.requests.service import OpenAlready

__all__ = ["Wish", "advance", "fees_paid", "offer", "request", "sweep", "terms"]

SERVICE = "booklets"
"""The name under which a branch, or the whole service, can be switched off."""

OFFER_LASTS = timedelta(hours=1)
OFFERS_KEPT = timedelta(days=1)
_TOLD = 50
"""Ending a request is some ten rows, read and written one after the other, where an offer is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for; `subject_id` is for whom."""

    subject_id: uuid.UUID
    kind: Kind
    loss: Loss | None
    way: Way
    address: str | None
    branch_id: uuid.UUID | None
    paper_id: uuid.UUID | None


def terms(session: Session, *, person_id: uuid.UUID) -> Terms:
    """Say what is known before the questions are asked."""
    address = _registered_address(session, person_id)
    return Terms(registered_address=rules.masked_address(address) if address else None)


def offer(session: Session, *, person_id: uuid.UUID, wish: Wish, now: datetime) -> OfferOut:
    """Say what a booklet would cost and by when it is expected; good for an hour.

    Raises NotEntitled, RequestOpen, UnknownMember, UnknownBranch, NoRegisteredAddress, files'
    FileNotFound and organisation's NoRule.
    """
    today = calendar.today(now)
    tariff = moving.tariff_on(session, today)
    _judge(session, person_id, wish, tariff, today)
    if wish.way is Way.REGISTERED and not _registered_address(session, person_id):
        raise NoRegisteredAddress
    if wish.paper_id is not None:
        files.waiting(
            session,
            person_id=person_id,
            file_id=wish.paper_id,
            purpose=FilePurpose.LOSS_PAPER,
            until=now + OFFER_LASTS,
            now=now,
        )
    lines = _cost(session, wish, tariff, today)
    made = BookletOffer(
        person_id=person_id,
        subject_id=wish.subject_id,
        kind=wish.kind,
        loss=wish.loss,
        way=wish.way,
        address=wish.address,
        branch_id=wish.branch_id,
        paper_id=wish.paper_id,
        cost=_sum(lines),
        due_on=moving.expected(session, tariff, wish.way, today),
        created_at=now,
        expires_at=now + OFFER_LASTS,
    )
    session.add(made)
    session.flush()
    return OfferOut(
        id=made.id,
        cost=made.cost,
        lines=[
            LineOut(code=line.code, amount=line.amount, facts=dict(line.facts)) for line in lines
        ],
        day=made.due_on,
    )


def request(
    session: Session,
    *,
    person_id: uuid.UUID,
    offer_id: uuid.UUID,
    now: datetime,
    asked_by: str | None = None,
) -> BookletOut:
    """Take an offer: the request begins, its entitlement is checked, its fee billed or it is issued.

    One whose fee is spared by the paper that was sent is billed or issued by hand, when somebody
    has looked at the paper.

    Taking the same offer again gives the same request. `asked_by` is the masked name of who asked
    for the person in a chat of their own: the person is told it. Raises OfferNotFound, OfferExpired (also
    where the cost has changed since), and what `offer` raises.
    """
    taken = queries.offer_to(session, person_id, offer_id)
    if taken is None:
        raise OfferNotFound
    if taken.request_id is not None:
        return _out(session, taken.request_id)
    if now >= taken.expires_at:
        raise OfferExpired
    today = calendar.today(now)
    tariff = moving.tariff_on(session, today)
    wish = Wish(
        subject_id=taken.subject_id,
        kind=taken.kind,
        loss=taken.loss,
        way=taken.way,
        address=taken.address,
        branch_id=taken.branch_id,
        paper_id=taken.paper_id,
    )
    _judge(session, person_id, wish, tariff, today)
    lines = _cost(session, wish, tariff, today)
    if _sum(lines) != taken.cost:
        raise OfferExpired
    address = wish.address
    if wish.way is Way.REGISTERED:
        address = _registered_address(session, person_id)
        if not address:
            raise NoRegisteredAddress
    begun = _begin(session, person_id, taken, now)
    booklet = Booklet(
        request_id=begun.id,
        subject_id=wish.subject_id,
        kind=wish.kind,
        loss=wish.loss,
        way=wish.way,
        # Where it goes is fixed here: a later change of the registry does not redirect it.
        address=address,
        branch_id=wish.branch_id,
        with_paper=wish.paper_id is not None,
        cost=taken.cost,
    )
    session.add(booklet)
    session.flush()
    taken.request_id, taken.address = begun.id, None
    waits = rules.is_looked_at_first([line.code for line in lines], paper=booklet.with_paper)
    _checked(session, begun, booklet, waits=waits, asked_by=asked_by, now=now)
    if wish.paper_id is not None:
        files.show(
            session,
            person_id=person_id,
            file_id=wish.paper_id,
            purpose=FilePurpose.LOSS_PAPER,
            request_id=begun.id,
            now=now,
        )
    if not waits and taken.cost:
        moving.bill(session, begun, booklet, lines, tariff, asked_by=asked_by, now=now)
    elif not waits:
        moving.come_to(session, begun, booklet, Stage.ISSUED, now=now, asked_by=asked_by)
    return _out(session, begun.id)


def _checked(
    session: Session,
    begun: Request,
    booklet: Booklet,
    *,
    waits: bool,
    asked_by: str | None,
    now: datetime,
) -> None:
    """Say that the entitlement was found good, which alone is no news to whoever asked."""
    stage = Stage.ENTITLEMENT_CHECKED
    if waits and asked_by:
        # It stays at this stage for a while, and who did not ask themself is told at once.
        moving.come_to(session, begun, booklet, stage, now=now, asked_by=asked_by)
    else:
        requests.move(session, begun, stage=stage, now=now)


def forget_offers(session: Session, *, person_id: uuid.UUID) -> int:
    """Forget what a person was offered, addresses and all; gives how many offers."""
    forgotten = session.scalars(
        delete(BookletOffer)
        .where(BookletOffer.person_id == person_id)
        .returning(BookletOffer.id)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())


def sweep(session: Session, *, now: datetime, limit: int = 5000) -> int:
    """Forget offers of yesterday, addresses and all, and end requests whose fee nobody paid in time.

    At most `limit` offers, and so many requests as take no longer; gives how many.
    """
    old = (
        select(BookletOffer.id)
        .where(BookletOffer.expires_at < now - OFFERS_KEPT)
        .order_by(BookletOffer.expires_at)
        .limit(limit)
    )
    forgotten = session.scalars(
        delete(BookletOffer)
        .where(BookletOffer.id.in_(old))
        .returning(BookletOffer.id)
        .execution_options(synchronize_session=False)
    ).all()
    ended = moving.end_unpaid(session, now=now, limit=max(1, limit // _TOLD))
    return len(forgotten) + ended


def _judge(session: Session, person_id: uuid.UUID, wish: Wish, tariff: Tariff, today: date) -> None:
    """Raise the refusal that stands against a wish, if one does."""
    if wish.subject_id != person_id:
        family = people.dependants_of(session, person_id, today)
        if wish.subject_id not in {one.dependant_id for one in family}:
            raise UnknownMember
    there = requests_queries.open_only(session, _only(wish.subject_id))
    if there is not None:
        raise _open_already(there, person_id)
    counting = rules.months_that_count(today, tariff.months_of_cover)
    # A dependant is covered by the one who is insured.
    recorded = records.months_since(session, person_id, counting[0])
    missing = rules.missing_month(recorded, counting)
    if missing is not None:
        last = records.last_month(session, person_id)
        raise NotEntitled(month=str(missing), last=last and str(last))
    if wish.branch_id is not None:
        branch = branches.by_id(session, wish.branch_id)
        if branch is None or not nearness.is_offered_at(
            session, branch, service=SERVICE, day=today
        ):
            raise UnknownBranch


def _cost(session: Session, wish: Wish, tariff: Tariff, today: date) -> Sequence[Line]:
    return rules.cost(
        wish.kind,
        wish.loss,
        wish.way,
        paper=wish.paper_id is not None,
        earlier=queries.duplicates_paid_for(session, wish.subject_id, free_after=tariff.free_after),
        tariff=tariff,
        daily_wage=organisation.rules_on(session, "contributions", today)["minimum_daily_wage"],
    )


def _sum(lines: Sequence[Line]) -> int:
    return sum(line.amount for line in lines)


def _registered_address(session: Session, person_id: uuid.UUID) -> str | None:
    person = people.by_id(session, person_id)
    return None if person is None else person.address


def _begin(session: Session, person_id: uuid.UUID, taken: BookletOffer, now: datetime) -> Request:
    try:
        return requests.begin(
            session,
            kind=REQUEST_KIND,
            person_id=person_id,
            subject_id=taken.subject_id,
            only=_only(taken.subject_id),
            stage=Stage.REQUESTED,
            due_on=taken.due_on,
            now=now,
        )
    except OpenAlready as there:
        raise _open_already(there.request, person_id) from None


def _only(subject_id: uuid.UUID) -> str:
    return f"{REQUEST_KIND}:{subject_id}"


def _open_already(there: Request, person_id: uuid.UUID) -> RequestOpen:
    # Another parent's request is not ours to show: that there is one is all we say.
    return RequestOpen(number=there.number if there.person_id == person_id else None)


def _out(session: Session, request_id: uuid.UUID) -> BookletOut:
    (found,) = requests_queries.by_ids(session, [request_id])
    booklet = queries.of_request(session, request_id)
    if booklet is None or found.due_on is None:
        raise RequestNotFound
    stage = Stage(found.stage)
    return BookletOut(
        number=found.number,
        stage=stage,
        due=found.due_on,
        cost=booklet.cost,
        bill=booklet.bill_id if stage is Stage.FEE_DUE else None,
    )
