"""The doors of notices: one's own, whether a code is ours, and the waits that bots met."""

import uuid

from sqlalchemy.orm import Session

from api.access import queries as access
from api.access.doors import Anyone, Linked, Now, Router, answers
from api.errors import Invalid, NotFound
from api.notices import service
from api.notices.refusals import NotACode, TooManyChecks
from api.notices.schemas import CheckIn, Genuine, NoticeOut, NoticePage, WaitIn, WaitOut

router = Router(prefix="/v1/notices", tags=["notices"])


@router.get("")
def mine(session: Session, caller: Linked, after: uuid.UUID | None = None) -> NoticePage:
    """List one's notices, newest first; `after` is where the last page ended."""
    return service.mine(session, person_id=caller.person_id, language=caller.language, after=after)


@router.get("/opened/{code}", responses=answers(NotFound, NotACode))
def opened(session: Session, caller: Linked, now: Now, code: str) -> NoticeOut:
    """Open one's own notice by its check code; somebody else's is not found."""
    notice, workshop_id = service.opened(
        session, person_id=caller.person_id, code=code, language=caller.language, now=now
    )
    if workshop_id is not None:
        grant = access.grant_for(session, link_id=caller.link_id, workshop_id=workshop_id)
        notice.grant_id = None if grant is None else grant.id
    return notice


@router.post("/check", responses=answers(NotACode, TooManyChecks))
def check(session: Session, caller: Anyone, now: Now, said: CheckIn) -> Genuine:
    """Say whether a code is of a notice of ours: yes or no, its day and its subject.

    A chat may ask about twenty codes an hour.
    """
    if caller.chat is None:
        raise Invalid(field="X-Chat")
    service.spend_check(session, chat_index=access.chat_index(caller.chat), now=now)
    return service.check(session, said.code, language=caller.language, person_id=caller.person_id)


@router.post("/waits")
def waits(session: Session, caller: Anyone, now: Now, said: WaitIn) -> WaitOut:  # noqa: ARG001 - names who may knock.
    """Keep a bot's notices silent for as long as its messenger told the bots to be."""
    until = service.wait(
        session, sender=f"{said.messenger}:{said.audience}", seconds=said.seconds, now=now
    )
    return WaitOut(seconds=(until - now).total_seconds())
