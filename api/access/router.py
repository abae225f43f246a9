"""The doors of access: who am I, unlink, who may act for me, and sign in to the pages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.access import persons, queries, service, signin
from api.access.doors import Anyone, Linked, Now, Router, Today, answers
from api.access.refusals import LinkedElsewhere
from api.access.rules import SMS, EndedBy
from api.access.schemas import Me, SigninOut, Trusted, TrustedOut
from api.audit import service as audit
from api.errors import NotFound
from api.kit import calendar
from api.settings import Settings

router = Router(prefix="/v1/access", tags=["access"])


@router.get("/me")
def me(session: Session, caller: Anyone, today: Today) -> Me:
    """Who the core takes this chat for.

    The answer for a chat that is linked to nobody says so and is no refusal.
    """
    link = caller.link
    if link is None:
        return Me(linked=False, name=None, language=caller.language, grants=[])
    by_sms = caller.chat is not None and caller.chat.messenger == SMS
    given = queries.given_to_link(session, link.id)
    others = [] if by_sms else persons.shown(session, given)
    return Me(
        linked=True,
        name=link.masked_name,
        language=link.language,
        grants=[*queries.shown_grants(session, link, given, today=today), *others],
        elsewhere=caller.chat is not None and link.messenger != caller.chat.messenger,
        person=queries.mark_of(link.person_id),
    )


@router.post("/unlink", responses=answers(LinkedElsewhere))
def unlink(session: Session, caller: Anyone, now: Now) -> None:
    """End this chat's link and its grants; for a chat that has none there is nothing to do."""
    link = caller.link
    if link is None or caller.chat is None:
        return
    if link.messenger != caller.chat.messenger:
        raise LinkedElsewhere
    service.end_link(session, link_id=link.id, now=now)


@router.post("/unlink-everywhere")
def unlink_everywhere(session: Session, caller: Linked, now: Now) -> None:
    """End every link of this person, in whatever chat, and what chats of others may do for them."""
    service.end_everywhere(session, person_id=caller.person_id, now=now)
    _note(session, "access.unlink_everywhere", f"person:{caller.person_id}", caller.actor, now)


@router.get("/trusted")
def trusted(session: Session, caller: Linked, now: Now) -> Trusted:
    """List the chats of others that may act for this person, and count their own."""
    return Trusted(
        chats=queries.count_links(session, caller.person_id),
        items=[
            TrustedOut(
                id=grant.id,
                name=link.masked_name,
                messenger=link.messenger,
                since=calendar.today(grant.since),
            )
            for grant, link in persons.trusted_by(session, caller.person_id, now=now)
        ],
    )


@router.post("/persons/{grant}/end", responses=answers(NotFound))
def end_person(session: Session, caller: Linked, now: Now, grant: UUID) -> None:
    """End a right to act for another person: one of this chat's, or one this person gave."""
    persons.end(
        session, grant_id=grant, link_id=caller.link_id, person_id=caller.person_id, now=now
    )
    _note(session, "access.end_person", f"grant:{grant}", caller.actor, now)


@router.post("/persons/end")
def end_persons(session: Session, caller: Anyone, now: Now) -> None:
    """Let no chat of another act for whom this chat is: its person, or all whose number it is.

    Takes away alone, so it needs no proof; the answer is the same whoever has the number.
    """
    if caller.person_id is not None:
        persons.end_all(session, person_id=caller.person_id, by=EndedBy.PERSON, now=now)
    if caller.chat is not None and caller.chat.messenger == SMS:
        persons.end_for_number(session, caller.chat.chat_id, now=now)


@router.post("/signin")
def sign_in(session: Session, caller: Linked, now: Now, settings: Settings) -> SigninOut:
    """Give an address that signs this chat's person in to the pages, once, within 15 minutes."""
    token = signin.offer(session, link_id=caller.link_id, person_id=caller.person_id, now=now)
    return SigninOut(
        # The page knows nobody yet: the address alone can tell it which language is spoken.
        url=f"{settings.public_url.rstrip('/')}/enter/{token}?lang={caller.language}",
        expires_at=now + signin.TOKEN_LASTS,
    )


def _note(session: Session, verb: str, subject: str, actor: str, now: datetime) -> None:
    audit.note(session, actor=actor, verb=verb, subject=subject, detail={}, now=now)
