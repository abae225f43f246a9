"""Who may speak or act for somebody, ended at a branch, where the person stands with their card."""

from datetime import datetime

from api.access import persons
from api.access import service as access
from api.access.rules import EndedBy
from api.audit import service as audit
from api.commands.troubles import CannotDo
from api.db import Store
from api.kit import identifiers
from api.kit.identifiers import BadIdentifier
from api.people import queries as people


def end(store: Store, national_code: str, *, everywhere: bool, now: datetime) -> str:
    """Let no chat of another act for a person; `everywhere` unlinks all chats of theirs too.

    Gives what was ended. Raises CannotDo.
    """
    try:
        code = identifiers.national_code(national_code)
    except BadIdentifier as bad:
        raise CannotDo(f"That is no national code ({bad.reason}): it has ten digits.") from None
    with store.writing("chats.end") as session:
        person_id = people.ids_by_national_code(session, [code]).get(code)
        if person_id is None:
            raise CannotDo("Nobody of this national code is registered.")
        links = 0
        if everywhere:
            acting = len(persons.trusted_by(session, person_id, now=now))
            links = access.end_everywhere(session, person_id=person_id, now=now)
        else:
            acting = persons.end_all(session, person_id=person_id, by=EndedBy.BRANCH, now=now)
        audit.note(
            session,
            actor="command:chats",
            verb="chats.end",
            subject=f"person:{person_id}",
            detail={"everywhere": everywhere, "acting": acting, "links": links},
            now=now,
        )
    return f"ended: {acting} chats of others that acted for the person, {links} of their own"
