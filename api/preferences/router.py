"""The doors of preferences: language, and STOP and START."""

from sqlalchemy.orm import Session

from api.access import service as access
from api.access.doors import Linked, Now, Router
from api.preferences import service
from api.preferences.schemas import ConsentIn, LanguageIn

router = Router(prefix="/v1/preferences", tags=["preferences"])


@router.post("/language")
def language(session: Session, caller: Linked, now: Now, wish: LanguageIn) -> None:
    """Speak this language to this person from now on, in this chat and elsewhere."""
    service.set_language(session, person_id=caller.person_id, language=wish.language, now=now)
    access.set_language(session, link_id=caller.link_id, language=wish.language)


@router.post("/consent")
def consent(session: Session, caller: Linked, now: Now, wish: ConsentIn) -> None:
    """Take back, or give again, the leave to write of our own accord."""
    service.set_consent(session, person_id=caller.person_id, on=wish.on, now=now)
