"""The doors of preferences: language, and STOP and START."""

from sqlalchemy.orm import Session

from api.access import service as access
from api.access.doors import Linked, Now, Router
from api.preferences import service
from api.preferences.schemas import ConsentIn, LanguageIn, PreferencesOut

router = Router(prefix="/v1/preferences", tags=["preferences"])


@router.post("/language")
def language(session: Session, caller: Linked, now: Now, wish: LanguageIn) -> PreferencesOut:
    """Speak this language to this person from now on, in this chat and elsewhere."""
    service.set_language(session, person_id=caller.person_id, language=wish.language, now=now)
    access.set_language(session, link_id=caller.link_id, language=wish.language)
    return _in_force(session, caller)


@router.post("/consent")
def consent(session: Session, caller: Linked, now: Now, wish: ConsentIn) -> PreferencesOut:
    """Take back, or give again, the leave to write of our own accord."""
    service.set_consent(session, person_id=caller.person_id, on=wish.on, now=now)
    return _in_force(session, caller)


def _in_force(session: Session, caller: Linked) -> PreferencesOut:
    person = caller.person_id
    return PreferencesOut(
        language=service.language_of(session, [person])[person],
        consent=service.consents(session, [person])[person],
    )
