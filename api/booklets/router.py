"""The doors of booklets: an offer, and the request that comes of it."""

from sqlalchemy.orm import Session

from api.access import queries as access
from api.access.doors import Grown, Now, Router, answers
from api.audit import service as audit
from api.booklets import service
from api.booklets.refusals import (
    NoRegisteredAddress,
    NotEntitled,
    OfferExpired,
    OfferNotFound,
    RequestOpen,
    UnknownBranch,
    UnknownMember,
)
from api.booklets.schemas import BookletIn, BookletOut, OfferIn, OfferOut, Terms
from api.booklets.service import Wish
from api.files.refusals import FileNotFound
from api.organisation.refusals import NoRule
from api.requests.rules import about

router = Router(prefix="/v1/booklets", tags=["booklets"])

_AGAINST = (
    NotEntitled, RequestOpen, UnknownMember, UnknownBranch, NoRegisteredAddress, NoRule, FileNotFound,
)  # fmt: skip


@router.get("/terms")
def terms(session: Session, caller: Grown) -> Terms:
    """What is known of this person before the questions."""
    return service.terms(session, person_id=caller.subject_id)


@router.post("/offers", responses=answers(*_AGAINST))
def offer(session: Session, caller: Grown, now: Now, asked: OfferIn) -> OfferOut:
    """What a booklet would cost and when it would come; good for an hour."""
    address = asked.address and f"{asked.address}\n{asked.postal_code}"
    wish = Wish(
        subject_id=asked.whom or caller.subject_id,
        kind=asked.kind,
        loss=asked.loss,
        way=asked.how,
        address=address,
        branch_id=asked.branch,
        paper_id=asked.paper,
    )
    return service.offer(session, person_id=caller.subject_id, wish=wish, now=now)


@router.post("", responses=answers(*_AGAINST, OfferNotFound, OfferExpired))
def request(session: Session, caller: Grown, now: Now, taken: BookletIn) -> BookletOut:
    """Take an offer; taking it again gives the same request.

    A person for whom another asked is told whose chat it was.
    """
    made = service.request(
        session,
        person_id=caller.subject_id,
        offer_id=taken.offer,
        asked_by=None if caller.grant_id is None else access.name_of(session, caller.link_id),
        now=now,
    )
    audit.note(
        session,
        actor=caller.actor,
        verb="booklets.request",
        subject=about(made.number),
        detail={"stage": made.stage, "for": str(caller.subject_id)},
        now=now,
    )
    return made
