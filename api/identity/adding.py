"""Another person in a linked chat: proved as at a first meeting, by the same claim and its fact.

What differs is what a right code is followed by, and that it forgives nothing
(docs/decisions/0025-several-persons-behind-a-chat.md).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.access import persons
from api.access.models import ChatLink, Grant
from api.access.refusals import NotHere
from api.access.rules import SMS, ChatAddress
from api.audit import service as audit
from api.identity import guard, proving, reading, rules
from api.identity.models import Claim
from api.identity.refusals import CodeExpired
from api.identity.rules import Question
from api.kit import calendar
from api.kit.language import Language
from api.people import queries as people


def claim(
    session: Session,
    *,
    chat: ChatAddress,
    link_id: UUID,
    national_code: str,
    language: Language,
    claims_an_hour: int,
    now: datetime,
) -> Claim:
    """Open a claim: somebody in a linked chat says for whom else it shall act.

    It is proved as a first meeting is, and counts as one. Raises NotHere by SMS, TooManyPersons,
    and what a first meeting's claim raises; never says whether the person is known.
    """
    if chat.messenger == SMS or rules.question_for(chat.audience) is not Question.FIRST_MONTH:
        raise NotHere
    code = reading.national_code(national_code)
    proving.may_open(session, chat, code, claims_an_hour=claims_an_hour, now=now)
    persons.may_add(session, session.get_one(ChatLink, link_id), None, today=calendar.today(now))
    person_id = people.ids_by_national_code(session, [code]).get(code)
    return proving.begin(
        session, chat, person_id, whose=code, shared="", language=language, now=now, link_id=link_id
    )


def answer_code(
    session: Session,
    *,
    chat: ChatAddress,
    link_id: UUID,
    claim_id: UUID,
    code: str,
    actor: str,
    now: datetime,
) -> Grant:
    """Judge the code of a claim for another person; a right one lets the chat act for them.

    Raises what a first meeting's code raises (CodeExpired also where the registered number is
    another by now), AlreadyHere and TooManyPersons. What the chat got wrong before still counts:
    somebody who gives codes away opens nobody else's record.
    """
    made, person, counted = proving.take_code(
        session, chat=chat, claim_id=claim_id, link_id=link_id, code=code, now=now
    )
    for one in counted:
        guard.give_back(session, one)
    if person.phone_index != made.phone_index:
        raise CodeExpired
    proving.use_up(session, made)
    grant = persons.add(
        session,
        link_id=link_id,
        person_id=person.id,
        number_index=made.phone_index,
        now=now,
    )
    audit.note(
        session,
        actor=actor,
        verb="person_added",
        subject=f"grant:{grant.id}",
        detail={"person": str(person.id), "link": str(link_id), "messenger": chat.messenger},
        now=now,
    )
    return grant
