"""The doors of access: who am I, unlink, and sign in to the pages."""

from sqlalchemy.orm import Session

from api.access import queries, service, signin
from api.access.doors import Anyone, Linked, Now, Router, Today, answers
from api.access.models import ChatLink
from api.access.refusals import LinkedElsewhere
from api.access.schemas import Me, SigninOut
from api.settings import Settings

router = Router(prefix="/v1/access", tags=["access"])


@router.get("/me")
def me(session: Session, caller: Anyone, today: Today) -> Me:
    """Who the core takes this chat for.

    The answer for a chat that is linked to nobody says so and is no refusal.
    """
    link = None if caller.link_id is None else session.get(ChatLink, caller.link_id)
    if link is None:
        return Me(linked=False, name=None, language=caller.language, grants=[])
    return Me(
        linked=True,
        name=link.masked_name,
        language=link.language,
        grants=queries.shown_grants(session, link, today=today),
        elsewhere=caller.chat is not None and link.messenger != caller.chat.messenger,
    )


@router.post("/unlink", responses=answers(LinkedElsewhere))
def unlink(session: Session, caller: Anyone, now: Now) -> None:
    """End this chat's link and its grants; for a chat that has none there is nothing to do."""
    link = None if caller.link_id is None else session.get(ChatLink, caller.link_id)
    if link is None or caller.chat is None:
        return
    if link.messenger != caller.chat.messenger:
        raise LinkedElsewhere
    service.end_link(session, link_id=link.id, now=now)


@router.post("/signin")
def sign_in(session: Session, caller: Linked, now: Now, settings: Settings) -> SigninOut:
    """Give an address that signs this chat's person in to the pages, once, within 15 minutes."""
    token = signin.offer(session, link_id=caller.link_id, person_id=caller.person_id, now=now)
    return SigninOut(
        # The page knows nobody yet: the address alone can tell it which language is spoken.
        url=f"{settings.public_url.rstrip('/')}/enter/{token}?lang={caller.language}",
        expires_at=now + signin.TOKEN_LASTS,
    )
